"""Reference data shipped with the product: divisions, poverty counties, regions, occupations, destinations, working days.

Vintage and sources: shared/reference/SOURCES.md. The list of provincial poverty counties is incomplete (two provinces) and
is never presented as complete.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path

import chinese_calendar
import pycountry

from shared import currencies
from shared.errors import Invalid
from shared.events import Origin
from shared.values import PROGRAMME_ZONE, CountyCode, Currency, Designation, Destination, Occupation, Period, Region, Scheme, first_day

FOLDER = Path(__file__).parent / "reference"
DESIGNATION_VERSION = "poverty-counties-2012..2020/1"

# Prefecture-level cities without counties: a household register there carries the prefecture's code (SOURCES.md).
COUNTYLESS_CITIES = frozenset({"441900", "442000", "460300", "460400", "620200"})


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """One county-level division of December 2017, and its place on the poverty lists (None: never listed)."""

    code: CountyCode
    name_zh: str
    province: str
    listed: Designation | None
    exit_year: int | None  # the designation ends with this year


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    code: str
    name_zh: str
    name_en: str
    belt: Region
    nbs4: Region
    poverty_counties: int


def _read_table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def divisions() -> list[dict[str, str]]:
    """Provinces, prefectures and counties of December 2017: code, name_zh, province_code, level."""
    return _read_table("divisions.csv")


@cache
def counties() -> dict[str, County]:
    """Every code that a household register may carry, by code."""
    lists = {row["code"]: row for row in _read_table("poverty_counties.csv")}
    found = {}
    for row in divisions():
        if row["level"] != "county" and row["code"] not in COUNTYLESS_CITIES:
            continue
        entry = lists.get(row["code"])
        found[row["code"]] = County(
            code=CountyCode(row["code"]),
            name_zh=row["name_zh"],
            province=row["province_code"],
            listed=Designation(entry["designation"]) if entry else None,
            exit_year=int(entry["exit_year"]) if entry and entry["exit_year"] else None,
        )
    return found


@cache
def provinces() -> dict[str, Province]:
    return {
        row["province_code"]: Province(
            code=row["province_code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            belt=_region(row["region"]),
            nbs4=_region(row["region_nbs4"]),
            poverty_counties=int(row["national_poverty_counties"]),
        )
        for row in _read_table("regions.csv")
    }


def _region(name: str) -> Region:
    known: dict[str, Region] = {"east": "east", "central": "central", "west": "west", "northeast": "northeast", "none": "none"}
    return known[name]


@cache
def aliases() -> dict[str, str]:
    """Code of a listed county in another year -> its code of December 2017."""
    return {row["alias_code"]: row["code"] for row in _read_table("poverty_county_aliases.csv")}


@cache
def earlier_names() -> tuple[tuple[str, str], ...]:
    """(name of a listed county in another year, its code of December 2017)."""
    return tuple((row["alias_name_zh"], row["code"]) for row in _read_table("poverty_county_aliases.csv"))


@cache
def usual_words(kind: str) -> dict[str, str]:
    """The words that lists use for codes of that kind, and their codes."""
    return {row["word"]: row["code"] for row in _read_table("usual_words.csv") if row["kind"] == kind}


@cache
def english_names(kind: str) -> dict[str, str]:
    """What a province (by its code), a people, a place or a reading of a character in names of places is in English."""
    return {row["name"]: row["english"] for row in _read_table("english_names.csv") if row["kind"] == kind}


def county(code: str) -> County | None:
    """The county of December 2017 under this code, or under another year's code of a listed county; None: unclassified."""
    return counties().get(code) or counties().get(aliases().get(code, ""))


def current_code(code: CountyCode) -> CountyCode:
    """The code of December 2017 of the county that has another year's code; any other code itself."""
    known = county(code)
    return known.code if known else code


def province_of(code: str) -> str:
    """The province's six-digit code; of an unknown county too, since the first two digits are stable."""
    return f"{code[:2]}0000"


def region(province: str, scheme: Scheme = "three_belt") -> Region:
    """The region group of a province under a scheme; "none" for what no scheme classifies."""
    entry = provinces().get(province)
    if entry is None:
        return "none"
    if scheme == "nbs4":
        return entry.nbs4
    if scheme == "poverty22":
        return "poverty22" if entry.poverty_counties else "other"
    return entry.belt


def designation(code: str, on: date) -> Designation:
    """What the county was listed as on that day. A county leaves the list with the end of its exit year."""
    entry = county(code)
    if entry is None:
        return Designation.UNCLASSIFIED
    if entry.listed is None or (entry.exit_year is not None and on.year > entry.exit_year):
        return Designation.NONE
    return entry.listed


def ever_listed(code: str) -> Designation:
    """The default basis of the quotas: leaving the list does not end support."""
    entry = county(code)
    if entry is None:
        return Designation.UNCLASSIFIED
    return entry.listed or Designation.NONE


@cache
def listed_codes(as_what: Designation) -> frozenset[str]:
    """The codes, those of other years included, of every county that was ever listed as this."""
    named = {code for code, entry in counties().items() if entry.listed is as_what}
    return frozenset(named | {alias for alias, code in aliases().items() if code in named and alias not in counties()})


@lru_cache(maxsize=10_000)  # many workers of one county at once
def origin(code: str, on: date) -> Origin:
    """The origin an event carries: county and what it was listed as on the day."""
    return Origin(county=CountyCode(code), designation=designation(code, on), designation_version=DESIGNATION_VERSION)


@cache
def occupations() -> dict[str, str]:
    """ISCO-08 code (one to four digits) -> English title."""
    return {row["code"]: row["title_en"] for row in _read_table("isco08.csv")}


def known_occupation(code: str) -> bool:
    return Occupation(code) in occupations()


@cache
def known_destination(code: str) -> bool:
    """ISO 3166-1 alpha-3, mainland China excepted: nobody is dispatched home."""
    return code != "CHN" and pycountry.countries.get(alpha_3=Destination(code)) is not None


class OccupationNotFound(Invalid):
    """Not a code of ISCO-08."""

    slug = "OCCUPATION_NOT_FOUND"


class DestinationNotFound(Invalid):
    """Not a country or region that workers are dispatched to (ISO 3166-1 alpha-3)."""

    slug = "DESTINATION_NOT_FOUND"


def require_occupation(code: str, field: str = "occupation") -> None:
    """Raises OccupationNotFound, which names the field."""
    if not known_occupation(code):
        raise OccupationNotFound(field=field)


def require_destination(code: str, field: str = "destination") -> None:
    """Raises DestinationNotFound, which names the field."""
    if not known_destination(code):
        raise DestinationNotFound(field=field)


class CurrencyWithdrawn(Invalid):
    """The currency was not legal tender any more in that month."""

    slug = "CURRENCY_WITHDRAWN"


def require_legal_tender(currency: Currency, month: Period, field: str = "currency") -> None:
    """Raises CurrencyWithdrawn, which names the field and the last day of the currency."""
    if not currencies.was_legal_tender(currency, first_day(month)):
        last = currencies.withdrawn()[currency].legal_tender_to
        raise CurrencyWithdrawn(f"{currency} was legal tender until {last}", field=field, state=last.isoformat())


def working_days_after(day: date, days: int) -> date:
    """The n-th working day after `day` by the official calendar, which moves weekends around holidays.

    Outside the years the calendar covers, Monday to Friday count.
    """
    while days > 0:
        day += timedelta(days=1)
        days -= _is_working_day(day)
    return day


def working_time_after(moment: datetime, span: timedelta) -> datetime:
    """The moment at which so much working time has passed: all 24 hours of a working day count, none of a day off."""
    at = moment.astimezone(PROGRAMME_ZONE)
    while True:
        midnight = _midnight_after(at)
        if _is_working_day(at.date()):
            if at + span <= midnight:
                return at + span
            span -= midnight - at
        at = midnight


def working_time_between(start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two moments; nothing where the end is not after the start."""
    at, end, passed = start.astimezone(PROGRAMME_ZONE), end.astimezone(PROGRAMME_ZONE), timedelta()
    while at < end:
        until = min(_midnight_after(at), end)
        if _is_working_day(at.date()):
            passed += until - at
        at = until
    return passed


def _midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), time(), PROGRAMME_ZONE)


def _is_working_day(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
