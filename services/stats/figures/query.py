"""The one query path: every number the service gives, to whomever, is an answer to a Question.

Region scheme and the basis of "listed" are applied here, from reference data, never in the cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from services.stats import queries
from services.stats.counting.measures import (
    AGE_BANDS,
    CUTS,
    DERIVED,
    MEASURE,
    NOWHERE,
    QUOTIENTS,
    Cut,
    Derived,
    Dimension,
    Measure,
    Quotient,
    cuts_for,
)
from services.stats.counting.reference_fold import EARLIEST
from services.stats.domain.errors import MeasureNotFound, NoCut, PeriodInvalid
from services.stats.domain.questions import By, Question
from services.stats.figures import classifications
from services.stats.figures.classifications import Lists
from services.stats.figures.percentiles import BAND, Spread, spread
from services.stats.figures.time_series import Grain, Name, Named, Series, label, over_time
from services.stats.queries import Buckets, Sum, Sums, months, rates
from shared.db import Tx
from shared.reference import province_of, provinces, region
from shared.values import CountyCode, Currency, Designation, Period, Ratio, Sex, exponent, first_day, last_day

YUAN = Currency("CNY")
ZERO, ONE = Decimal(0), Decimal(1)
MOST_PARTS = 100  # of a span, between changes of the list
_GRAINS: tuple[Grain, ...] = ("year", "month", "day")
_LISTED = frozenset({Designation.NATIONAL.value, Designation.PROVINCIAL.value})


@dataclass(frozen=True, slots=True)
class Point:
    """One value. `of` names it by the dimensions asked for; `currency` is set for money, whose value is in minor units.

    `fen` is the part of the money that a rate converts, exact and unrounded; `pending` the minor units that none does yet. A
    quotient has a `ratio`, whose denominator may be 0, and its whole part as value; durations have a `spread`.
    """

    of: dict[str, str]
    value: int
    currency: str | None = None
    fen: Decimal = Decimal(0)
    pending: int = 0
    ratio: Ratio | None = None
    spread: Spread | None = None


async def answer(tx: Tx, question: Question) -> list[Point]:
    """The points of a figure, in the order of their names. Raises MeasureNotFound, NoCut, PeriodInvalid."""
    if question.end < question.start:
        raise PeriodInvalid(field="to")
    measure = _measure(question.measure)
    listed = await classifications.current(tx, question.known_on) if asks_lists(question) else classifications.shipped()
    if question.basis == "listed_on_day" and asks_lists(question):
        return await _by_list_of_the_day(tx, question, measure, listed)
    if isinstance(measure, Quotient):
        return await _quotient(tx, question, measure, listed)
    if measure.kind == "durations":
        return _spreads(await _counted(tx, question.model_copy(update={"by": _with_days(question)}), measure, listed), question)
    return await _counted(tx, question, measure, listed)


def asks_lists(question: Question) -> bool:
    """Whether the lists in force have a say in the answer."""
    return question.basis != "listed_at_departure" and "listed" in {*question.by, *question.filter.chosen()}


async def _by_list_of_the_day(tx: Tx, question: Question, measure: AnyMeasure, listed: Lists) -> list[Point]:
    """The span in parts between which the list changes, each by what was listed then."""
    if not isinstance(measure, Measure) or measure.kind != "flow":
        raise NoCut(f"{measure.name} is no sum over days: it follows no list of the day", field="basis")
    spans = listed.spans(question.start, question.end)
    if len(spans) > MOST_PARTS:
        raise NoCut(f"the list changes on {len(spans) - 1} days of this span: ask for a shorter one", field="from")
    found: dict[tuple[tuple[tuple[str, str], ...], str | None], Point] = {}
    for start, end, then in spans:
        part = question.model_copy(update={"start": start, "end": end, "basis": "ever_listed"})
        for point in await _counted(tx, part, measure, then):
            key = tuple(point.of.items()), point.currency
            found[key] = _sum_of(found[key], point) if key in found else point
    return list(found.values())


def _sum_of(left: Point, right: Point) -> Point:
    return replace(left, value=left.value + right.value, fen=left.fen + right.fen, pending=left.pending + right.pending)


async def _counted(tx: Tx, question: Question, measure: Measure | Derived, listed: Lists) -> list[Point]:
    """A measure that is stored, or derived from two that are."""
    derived = measure if isinstance(measure, Derived) else None
    stored = (derived.plus, derived.minus) if derived else (measure.name,)
    cut, grain = _cut(stored[0], question), _grain(question)
    if derived and derived.counts != "heads" and grain == "day":
        raise NoCut(f"{measure.name} are counted by month or year", field="by")
    if measure.money:
        return await _money(tx, question, measure, cut, grain, listed)
    if derived and derived.counts == "months":
        question = _until_due(question, question.known_on or tx.clock.today())
    ask = _sums(question, measure, cut, grain, [MEASURE[name].code for name in stored], listed)
    rows = await _sum(tx, ask, cut)
    taken = MEASURE[derived.minus].code if derived else 0
    named = _named(question, cut, rows, taken, listed)
    return _points(over_time(named, measure, grain, question), question, grain)


async def _quotient(tx: Tx, question: Question, measure: Quotient, listed: Lists) -> list[Point]:
    """Numerator and denominator asked for alike and put together by name."""
    if measure.den in DERIVED:
        question = _until_due(question, question.known_on or tx.clock.today())
    nums = await _by_name(tx, question, measure.num, listed)
    dens = dict.fromkeys(nums, 1) if measure.den is None else await _by_name(tx, question, measure.den, listed)
    (up, down), found = measure.factor, []
    for name in sorted(nums.keys() | dens.keys()):
        num, den = nums.get(name, 0) * up, dens.get(name, 0) * down
        found.append(Point(dict(name), num // den if den else 0, ratio=(num, den)))
    return found


async def _by_name(tx: Tx, question: Question, measure: str, listed: Lists) -> dict[tuple[tuple[str, str], ...], int]:
    points = await _counted(tx, question, MEASURE.get(measure) or DERIVED[measure], listed)
    return {tuple(point.of.items()): point.value for point in points}


def _until_due(question: Question, on: date) -> Question:
    """The months for which an income is expected by `on`: those that end before the month before it begins."""
    month_before = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return question.model_copy(update={"end": min(question.end, month_before - timedelta(days=1))})


def _with_days(question: Question) -> tuple[By, ...]:
    return question.by if "days" in question.by else (*question.by, "days")


def _spreads(points: Iterable[Point], question: Question) -> list[Point]:
    """Counts with what is read from them; by band, and then without, where that was asked for."""
    rest = [key for key in question.by if key != "days"]
    if "days" in question.by:
        return sorted(points, key=lambda point: ([point.of[key] for key in rest], BAND.get(point.of["days"], (-1, -1))))
    counts: dict[Name, Counter[str]] = {(): Counter()} if not rest else {}
    for point in points:
        counts.setdefault(tuple(point.of[key] for key in rest), Counter())[point.of["days"]] += point.value
    return [Point(dict(zip(rest, name, strict=True)), of.total(), spread=spread(of)) for name, of in sorted(counts.items())]


async def _sum(tx: Tx, ask: Sums, cut: Cut) -> list[Sum]:
    """From the monthly sums where they hold the answer."""
    monthly = cut.monthly and ask.known_on is None and _whole_months(ask.start, ask.end) and ask.bucket != "day"
    return await (months.sum_months(tx, ask) if monthly else queries.sum_cells(tx, ask))


async def _money(tx: Tx, question: Question, measure: Measure | Derived, cut: Cut, grain: Grain, listed: Lists) -> list[Point]:
    """Money is summed per currency and month and converted with that month's rate as known on the question's day."""
    asked = _sums(question, measure, cut, grain, [MEASURE[measure.name].code], listed)
    ask = replace(asked, bucket="day" if grain == "day" else "month")
    rows, per_unit = await _sum(tx, ask, cut), await rates.rates(tx, question.known_on)
    found: dict[tuple[Name, str, str], tuple[int, Decimal, int]] = {}  # value, yuan times the currency's minor units, pending
    for row, name in _names(question, cut, rows, listed):
        rate_of = _always_one if row.currency == YUAN else per_unit.get(row.currency, {}).get
        for period, values in _periods(row.values, grain):
            key = name, row.currency, period
            value, yuan, pending = found.get(key, (0, ZERO, 0))
            for day, minor in values:
                value += minor
                rate = rate_of(day.replace(day=1) if day and grain == "day" else day)
                if rate is None:
                    pending += minor
                else:
                    yuan += rate * minor
            found[key] = value, yuan, pending
    return [
        Point(_of(question, name, period, grain), value, currency, yuan * 100 / 10 ** exponent(Currency(currency)), pending)
        for (name, currency, period), (value, yuan, pending) in sorted(found.items())
    ]


def _always_one(_: date | None) -> Decimal:
    return ONE


def _periods(values: Buckets, grain: Grain) -> Iterable[tuple[str, Buckets]]:
    """By the name of the period; years and whole spans at once, since a row is of one year at most."""
    if grain in ("month", "day"):
        return [(label(bucket, grain), ((bucket, value),)) for bucket, value in values]
    return [(label(values[0][0], grain), values)]


def _of(question: Question, name: Name, period: str, grain: Grain) -> dict[str, str]:
    rest = iter(name)
    return {key: period if key == grain else next(rest) for key in question.by}


def in_yuan(points: Iterable[Point]) -> tuple[int, dict[str, int]]:
    """Heads, or fen rounded half up once, at the end; and beside it, by currency, what no rate converts yet."""
    total, pending = Decimal(0), dict[str, int]()
    for point in points:
        total += point.value if point.currency is None else point.fen
        if point.pending:
            pending[str(point.currency)] = pending.get(str(point.currency), 0) + point.pending
    return int(total.quantize(Decimal(1), ROUND_HALF_UP)), dict(sorted(pending.items()))


async def unclassified(tx: Tx, question: Question) -> dict[str, int] | None:
    """What counties that no list of divisions knows have in the figure, by code (money: minor units of whatever currency).

    They are part of every total. None: the figure, as it is filtered, is not counted by county.
    """
    measure = _measure(question.measure)
    while isinstance(measure, Quotient):
        measure = _measure(measure.num)
    part = question.model_copy(update={"measure": measure.name, "by": ("county",)})
    if not any(_dimensions(part) <= cut.dimensions for cut in cuts_with(measure)):
        return None
    strays = await queries.counties(tx) - (await classifications.current(tx, question.known_on)).known
    asked = question.filter.county
    wanted = tuple(CountyCode(code) for code in sorted(strays) if not asked or code in asked)
    found: Counter[str] = Counter()
    if wanted:
        within = question.filter.model_copy(update={"county": wanted})
        for point in await answer(tx, part.model_copy(update={"filter": within})):
            found[point.of["county"]] += point.value
    return {county: value for county, value in sorted(found.items()) if value}


def selection(question: Question, listed: Lists) -> tuple[Sums, int, frozenset[str] | None]:
    """For who explains a figure: the rows it is the sum of, the code of the measure that is taken away (0: none), and what the
    counties must ever have been listed as (None: whatever). Raises MeasureNotFound, NoCut.
    """
    measure = _measure(question.measure)
    if isinstance(measure, Quotient) or (isinstance(measure, Derived) and measure.counts != "heads"):
        raise NoCut(f"{measure.name} follows from others: ask for the events behind those", field="measure")
    stored = (measure.plus, measure.minus) if isinstance(measure, Derived) else (measure.name,)
    cut = _cut(stored[0], question)
    ask = _sums(question, measure, cut, "none", [MEASURE[name].code for name in stored], listed)
    late = question.filter.chosen().get("listed") if question.basis == "ever_listed" else None
    return ask, MEASURE[measure.minus].code if isinstance(measure, Derived) else 0, late


def definition(name: str) -> str:
    """What a measure counts. Raises MeasureNotFound."""
    measure = _measure(name)
    return f"{measure.name} ({measure.unit}, {measure.kind}): {measure.definition}{_policy(measure)}"


def _policy(measure: AnyMeasure) -> str:
    if isinstance(measure, Measure) and measure.rate is not None:
        return f" Converted with the rate of the month of the {measure.rate}."
    if measure.kind == "durations":
        return " Counted by bands between powers of the square root of 2 days; median and 90th percentile are known to the band."
    return ""


def unit(name: str) -> str:
    return _measure(name).unit


def digits(name: str) -> int:
    """Decimal places of a value as it is shown."""
    measure = _measure(name)
    return measure.digits if isinstance(measure, Quotient) else 0


def cuts_with(measure: AnyMeasure) -> tuple[Cut, ...]:
    """The cuts that answer for a measure, and for what it is computed from."""
    if isinstance(measure, Measure):
        return cuts_for(measure.name)
    parts = (measure.num, measure.den) if isinstance(measure, Quotient) else (measure.plus, measure.minus)
    found = [cuts_with(_measure(part)) for part in parts if part is not None]
    return tuple(cut for cut in CUTS if all(cut in cuts for cuts in found))


def is_money(name: str) -> bool:
    return _measure(name).money


AnyMeasure = Measure | Derived | Quotient
ALL: dict[str, AnyMeasure] = {**MEASURE, **DERIVED, **QUOTIENTS}


def _measure(name: str) -> AnyMeasure:
    if name not in ALL:
        raise MeasureNotFound(f"there is no measure {name!r}", field="measure", state=list(ALL))
    return ALL[name]


def _grain(question: Question) -> Grain:
    asked = [grain for grain in _GRAINS if grain in question.by]
    if len(asked) > 1:
        raise NoCut("one of year, month and day at a time", field="by")
    return asked[0] if asked else "none"


def _dimensions(question: Question) -> set[Dimension]:
    asked = {name for name in question.by if name not in _GRAINS} | question.filter.chosen().keys()
    found: set[Dimension] = {name for name in _KNOWN if name in asked}
    return found


_KNOWN: tuple[Dimension, ...] = (
    "county",
    "designation",
    "province",
    "region",
    "listed",
    "destination",
    "occupation",
    "enterprise",
    "channel",
    "sex",
    "age_band",
    "days",
)


def _cut(measure: str, question: Question) -> Cut:
    wanted = _dimensions(question)
    for cut in cuts_for(measure):
        if wanted <= cut.dimensions:
            return cut
    raise NoCut(f"{measure} is not counted by {', '.join(sorted(wanted))} together", field="by", state=[cut.name for cut in CUTS])


# --- what to sum ----------------------------------------------------------------------------------------------------------
def _sums(question: Question, measure: Measure | Derived, cut: Cut, grain: Grain, codes: Sequence[int], listed: Lists) -> Sums:
    """The rows to ask for: as few as the question allows; what SQL cannot filter is filtered by name afterwards."""
    chosen = question.filter.chosen()
    asked = set(question.by) | chosen.keys()
    ever = "listed" in asked and question.basis == "ever_listed"
    fine = cut.k1 in question.by or (ever and ("listed" in question.by or not chosen["listed"] <= _LISTED))
    counts = measure.counts if isinstance(measure, Derived) else None
    start = EARLIEST if measure.kind == "level" or counts in ("days", "months") else question.start
    return Sums(
        cut=cut.code,
        measures=tuple(codes),
        start=start,
        end=question.end,
        bucket="day" if counts == "days" else "month" if counts == "months" else grain,
        level="key" if fine else "province" if {"province", "region"} & set(question.by) else "none",
        by_k2=cut.k2 in question.by or bool({"sex", "age_band"} & set(question.by)) or ("listed" in question.by and not ever),
        known_on=question.known_on,
        k1=_k1(question, cut, listed if ever else None),
        provinces=_provinces(question),
        k2=_k2(question, cut, ever=ever),
    )


def _k1(question: Question, cut: Cut, ever: Lists | None) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    found = chosen.get(cut.k1)
    if ever and "listed" in chosen and chosen["listed"] <= _LISTED:
        codes = frozenset().union(*(ever.listed_codes(Designation(name)) for name in chosen["listed"]))
        found = codes if found is None else found & codes
    return None if found is None else tuple(sorted(found))


def _provinces(question: Question) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    found = chosen.get("province")
    if "region" in chosen:
        of_region = frozenset(code for code in provinces() if region(code, question.scheme) in chosen["region"])
        found = of_region if found is None else found & of_region
    return None if found is None else tuple(sorted(found))


def _k2(question: Question, cut: Cut, *, ever: bool) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    if cut.k2 == "person":
        if not {"sex", "age_band"} & chosen.keys():
            return None
        bands = [f"{low}-{high}" for low, high in AGE_BANDS] + [NOWHERE]
        return tuple(f"{sex} {band}" for sex, band in product(chosen.get("sex", [sex.value for sex in Sex]), chosen.get("age_band", bands)))
    found = chosen.get(cut.k2)
    if "listed" in chosen and not ever:
        found = chosen["listed"] if found is None else found & chosen["listed"]
    return None if found is None else tuple(sorted(found))


def _whole_months(start: date, end: date) -> bool:
    return start.day == 1 and (end + timedelta(days=1)).day == 1


# --- naming what came -----------------------------------------------------------------------------------------------------
def _named(question: Question, cut: Cut, rows: Iterable[Sum], taken: int, listed: Lists) -> Named:
    total: Named = Counter()
    for row, name in _names(question, cut, rows, listed):
        for bucket, value in row.values:
            total[name, row.currency, bucket, row.measure == taken] += value
    return total


def _names(question: Question, cut: Cut, rows: Iterable[Sum], listed: Lists) -> Iterator[tuple[Sum, Name]]:
    by = [name for name in question.by if name not in _GRAINS]
    chosen = question.filter.chosen()
    late = chosen.get("listed") if question.basis == "ever_listed" else None
    for row in rows:
        if late is None or late <= _LISTED or listed.ever_listed(row.k1).value in late:
            yield row, tuple(_dimension(dimension, cut, row, question, listed) for dimension in by)


def _dimension(name: str, cut: Cut, row: Sum, question: Question, listed: Lists) -> str:
    if name == cut.k1:
        return row.k1
    if name == cut.k2:
        return row.k2
    if name == "province":
        return province_at(row.k1)
    if name == "region":
        return region(province_at(row.k1), question.scheme)
    if name == "listed":
        return listed.ever_listed(row.k1).value if question.basis == "ever_listed" else row.k2
    sex, _, band = row.k2.partition(" ")
    return sex if name == "sex" else band


def province_at(code: str) -> str:
    """The province of a county, or of itself; nowhere stays nowhere."""
    return code if code == NOWHERE else province_of(code)


def _points(series: Series, question: Question, grain: Grain) -> list[Point]:
    """Named in the order of `by`; a figure asked for as one number is one point even when it is 0."""
    found = []
    for (name, currency, period), value in sorted(series.items()):
        rest = iter(name)
        found.append(Point({key: period if key == grain else next(rest) for key in question.by}, value, currency or None))
    if not found and not question.by and not _measure(question.measure).money:
        return [Point({}, 0)]
    return found


def year_before(day: date) -> date:
    """The same cut-off day of the year before; the last of February where there is none."""
    return date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def bounds(text: str, *, upper: bool) -> date:
    """The first (or last) day of YYYY, YYYY-MM or YYYY-MM-DD. Raises PeriodInvalid."""
    try:
        if len(text) == 4:
            return date(int(text), 12, 31) if upper else date(int(text), 1, 1)
        if len(text) == 7:
            return last_day(Period(text)) if upper else first_day(Period(text))
        return date.fromisoformat(text)
    except ValueError as error:
        raise PeriodInvalid(f"{text!r} is no period", field="to" if upper else "from") from error
