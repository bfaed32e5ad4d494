"""Which counties there are and what they were listed as: versioned lists, applied when a figure is asked for.

The shipped lists are version 0. What is loaded replaces the list's rows of the counties it names, so that a province's list can
be added without the rest; the version after it is whole again. The designation stamped at departure does not depend on these lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TypeVar

from services.stats.domain.classifications import Division, Listing
from services.stats.queries import classifications as stored
from services.stats.queries.classifications import KINDS, Kind
from shared import reference
from shared.db import Tx
from shared.values import CountyCode, Designation

BEGINNING = date(1990, 1, 1)  # the shipped lists do not say since when
MOST_ROWS = 20_000
MOST_CACHED = 8
_STRONGEST_FIRST = (Designation.NATIONAL, Designation.PROVINCIAL, Designation.NONE)
Row = TypeVar("Row", Listing, Division)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Both lists in force, by their versions. `ever`: the strongest designation of every code that a list names, other years' too."""

    versions: Mapping[Kind, int]
    listings: tuple[Listing, ...]
    divisions: tuple[Division, ...]
    known: frozenset[str]
    ever: Mapping[str, Designation]

    def ever_listed(self, code: str) -> Designation:
        """The default basis of the quotas: leaving the list does not end support."""
        return self.ever.get(code) or (Designation.NONE if code in self.known else Designation.UNCLASSIFIED)

    def listed_codes(self, as_what: Designation) -> frozenset[str]:
        """Every code of a county that was ever listed as this."""
        return frozenset(code for code, listed in self.ever.items() if listed is as_what)

    def counties_between(self, first: date, last: date) -> frozenset[str]:
        """The counties that there are on some day of the span; another code of the same county is no county."""
        return frozenset(
            row.county for row in self.divisions if row.same_as is None and row.since <= last and (row.until is None or first <= row.until)
        )

    def on(self, day: date) -> Classification:
        """As if only what was listed on that day ever had been."""
        listings = tuple(row for row in self.listings if row.since <= day and (row.until is None or day <= row.until))
        return replace(self, ever=_ever(listings, self.divisions))

    def changes(self) -> list[date]:
        """The days on which a designation begins, or has ended the day before."""
        ends = {date.fromordinal(row.until.toordinal() + 1) for row in self.listings if row.until is not None}
        return sorted({row.since for row in self.listings} | ends)

    def spans(self, start: date, end: date) -> list[tuple[date, date, Classification]]:
        """The days from start to end in spans within which no designation changes: first day, last day, the lists as on these days."""
        begins = [start, *(day for day in self.changes() if start < day <= end)]
        ends = [*(date.fromordinal(day.toordinal() - 1) for day in begins[1:]), end]
        return [(first, last, self.on(first)) for first, last in zip(begins, ends, strict=True)]


def classify(versions: Mapping[Kind, int], listings: Iterable[Listing], divisions: Iterable[Division]) -> Classification:
    listed, known = tuple(listings), tuple(divisions)
    return Classification(
        versions=versions, listings=listed, divisions=known, known=frozenset(row.county for row in known), ever=_ever(listed, known)
    )


def _ever(listings: Iterable[Listing], divisions: Iterable[Division]) -> dict[str, Designation]:
    same = {row.county: row.same_as for row in divisions if row.same_as is not None}
    strongest: dict[str, Designation] = {}
    for row in listings:
        county = same.get(row.county, row.county)
        strongest[county] = min(row.designation, strongest.get(county, Designation.NONE), key=_STRONGEST_FIRST.index)
    return strongest | {code: strongest[county] for code, county in same.items() if county in strongest}


@cache
def shipped() -> Classification:
    """Version 0: the lists of the product."""
    counties = reference.counties().values()
    listings = [
        Listing(county=one.code, designation=one.listed, since=BEGINNING, until=date(one.exit_year, 12, 31) if one.exit_year else None)
        for one in counties
        if one.listed is not None
    ]
    divisions = [Division(county=one.code, name=one.name_zh, since=BEGINNING) for one in counties]
    divisions += [
        Division(county=CountyCode(code), name=reference.counties()[county].name_zh, since=BEGINNING, same_as=CountyCode(county))
        for code, county in reference.aliases().items()
        if code not in reference.counties()
    ]
    return classify(dict.fromkeys(KINDS, 0), listings, divisions)


# By version and digest: databases may differ under the same version, and a version never changes.
_cache: dict[tuple[stored.Edition, ...], Classification] = {}


async def in_force(tx: Tx, known_on: date | None = None) -> Classification:
    """The lists in force, as entered by a day: one small statement unless they are not cached."""
    editions = await stored.list_in_force(tx, known_on)
    if editions not in _cache:
        rows = {edition.kind: await stored.get_rows(tx, edition) for edition in editions}
        listings = map(Listing.model_validate, rows["designations"]) if "designations" in rows else shipped().listings
        divisions = map(Division.model_validate, rows["divisions"]) if "divisions" in rows else shipped().divisions
        versions = {**shipped().versions, **{edition.kind: edition.version for edition in editions}}
        if len(_cache) >= MOST_CACHED:
            del _cache[next(iter(_cache))]
        _cache[editions] = classify(versions, listings, divisions)
    return _cache[editions]


# --- loading ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, counted from 0; None: with the list as it would be."""

    row: int | None
    field: str
    problem: str


def merged(old: Sequence[Row], new: Sequence[Row], *, whole: bool) -> list[Row]:
    """The next version: the new rows, and the old list's rows of other counties."""
    named = {row.county for row in new}
    rows: list[Row] = [row for row in old if not whole and row.county not in named]
    rows += new
    return sorted(rows, key=lambda row: (row.county, row.since))


def faults_of_listings(new: Sequence[Listing], lists: Classification) -> list[Fault]:
    unknown = [(number, row.county) for number, row in enumerate(new) if row.county not in lists.known]
    return [*(Fault(number, "county", f"{county} is in no list of divisions") for number, county in unknown), *_faults_in_time(new)]


def faults_of_divisions(new: Sequence[Division], merged: Sequence[Division], lists: Classification) -> list[Fault]:
    return [*_faults_of_codes(new, merged), *_faults_in_time(new), *_lost(merged, lists)]


def _faults_of_codes(new: Sequence[Division], merged: Sequence[Division]) -> Iterator[Fault]:
    counties = {row.county for row in merged if row.same_as is None}
    for number, row in enumerate(new):
        if reference.province_of(row.county) not in reference.provinces():
            yield Fault(number, "county", f"{row.county} lies in no province")
        if row.same_as is not None and row.same_as not in counties:
            yield Fault(number, "same_as", f"{row.same_as} is no county of the list")


def _lost(merged: Sequence[Division], lists: Classification) -> Iterator[Fault]:
    known = {row.county for row in merged}
    for county in sorted({row.county for row in lists.listings} - known):
        yield Fault(None, "rows", f"{county} is designated and would be unknown")


def _faults_in_time(new: Sequence[Row]) -> Iterator[Fault]:
    by_county: defaultdict[str, list[tuple[date, date, int]]] = defaultdict(list)
    for number, row in enumerate(new):
        if row.until is not None and row.until < row.since:
            yield Fault(number, "to", "ends before it begins")
        by_county[row.county].append((row.since, row.until or date.max, number))
    for spans in by_county.values():
        for (_, until, before), (since, _, number) in pairwise(sorted(spans)):
            if since <= until:
                yield Fault(number, "from", f"overlaps row {before}")
