"""Third step of an answer: rows become points, named by the dimensions asked for. Pure.

Money is converted with the rate of its month, counts by band of days are read as percentiles, quotients stay exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from services.stats.counting.cuts import NOWHERE
from services.stats.counting.derived import Listed, Quotient
from services.stats.domain.questions import Question
from services.stats.figures.listed_counties import with_listed
from services.stats.figures.percentiles import BAND, Percentiles, read_percentiles
from services.stats.figures.planning import GRAINS, LISTED_CLASSES, FigurePlan, PlannedSum
from services.stats.figures.time_series import Grain, Name, NamedSums, Series, label, over_time
from services.stats.queries.cells import Buckets, CellSum
from services.stats.queries.rates import RatesByMonth
from shared.reference import province_of, region
from shared.values import Currency, Ratio, exponent

YUAN = Currency("CNY")
ZERO, ONE = Decimal(0), Decimal(1)
PointName = tuple[tuple[str, str], ...]  # (dimension, value) ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value. `of` names it by the dimensions asked for; `currency` is set for money, whose value is in minor units.

    `fen` is the part of the money that a rate converts, exact and unrounded; `pending` the minor units that none does yet. A
    quotient has a `ratio`, whose denominator may be 0, and its whole part as value; durations have `percentiles`.
    """

    of: dict[str, str]
    value: int
    currency: str | None = None
    fen: Decimal = ZERO
    pending: int = 0
    ratio: Ratio | None = None
    percentiles: Percentiles | None = None


def points(plan: FigurePlan, sums: Sequence[Sequence[CellSum]], per_unit: RatesByMonth) -> list[Point]:
    """The points of the answer out of the rows of every planned sum."""
    parts = [_part(planned, rows, per_unit) for planned, rows in zip(plan.sums, sums, strict=True)]
    if plan.form == "spans":
        return _added(parts)
    if isinstance(plan.measure, Quotient):
        return _quotients(plan.measure, parts)
    return _percentiles(parts[0], plan.question) if plan.form == "percentiles" else parts[0]


def _part(planned: PlannedSum, rows: Iterable[CellSum], per_unit: RatesByMonth) -> list[Point]:
    if planned.measure.money:
        return _money(planned, rows, per_unit)
    return _counts(planned, with_listed(planned, rows) if isinstance(planned.measure, Listed) else rows)


# --- forms of answers ---------------------------------------------------------------------------------------------------
def _added(parts: Iterable[Iterable[Point]]) -> list[Point]:
    found: dict[tuple[PointName, str | None], Point] = {}
    for part in parts:
        for point in part:
            key = tuple(point.of.items()), point.currency
            found[key] = _sum_of(found[key], point) if key in found else point
    return list(found.values())


def _sum_of(left: Point, right: Point) -> Point:
    return replace(left, value=left.value + right.value, fen=left.fen + right.fen, pending=left.pending + right.pending)


def _quotients(measure: Quotient, parts: Sequence[Iterable[Point]]) -> list[Point]:
    """Numerator and denominator put together by name."""
    nums, *rest = [{tuple(point.of.items()): point.value for point in part} for part in parts]
    dens = rest[0] if rest else dict.fromkeys(nums, 1)
    (up, down), found = measure.factor, []
    for name in sorted(nums.keys() | dens.keys()):
        num, den = nums.get(name, 0) * up, dens.get(name, 0) * down
        found.append(Point(of=dict(name), value=num // den if den else 0, ratio=(num, den)))
    return found


def _percentiles(points: Iterable[Point], question: Question) -> list[Point]:
    """Counts with what is read from them; by band, and then without, where that was asked for."""
    rest = [key for key in question.by if key != "days"]
    if "days" in question.by:
        return sorted(points, key=lambda point: ([point.of[key] for key in rest], BAND.get(point.of["days"], (-1, -1))))
    counts: dict[Name, Counter[str]] = {(): Counter()} if not rest else {}
    for point in points:
        counts.setdefault(tuple(point.of[key] for key in rest), Counter())[point.of["days"]] += point.value
    return [
        Point(of=dict(zip(rest, name, strict=True)), value=bands.total(), percentiles=read_percentiles(bands))
        for name, bands in sorted(counts.items())
    ]


# --- counts -------------------------------------------------------------------------------------------------------------
def _counts(planned: PlannedSum, rows: Iterable[CellSum]) -> list[Point]:
    """In the order of their names; a figure asked for as one number is one point even when it is 0."""
    total: NamedSums = Counter()
    for row, name in _names(planned, rows):
        for bucket, value in row.values:
            total[name, row.currency, bucket, row.measure == planned.subtracted] += value
    series = over_time(total, planned.measure, planned.grain, planned.question)
    return _points(series, planned)


def _points(series: Series, planned: PlannedSum) -> list[Point]:
    found = []
    for (name, currency, period), value in sorted(series.items()):
        found.append(Point(of=_of(planned, name, period), value=value, currency=currency or None))
    return found or ([] if planned.question.by else [Point(of={}, value=0)])


# --- money --------------------------------------------------------------------------------------------------------------
def _money(planned: PlannedSum, rows: Iterable[CellSum], per_unit: RatesByMonth) -> list[Point]:
    """Money is summed per currency and month and converted with that month's rate as known on the question's day."""
    found: dict[tuple[Name, str, str], tuple[int, Decimal, int]] = {}  # value, yuan times the currency's minor units, pending
    daily = planned.grain == "day"
    for row, name in _names(planned, rows):
        rate_of = _always_one if row.currency == YUAN else per_unit.get(row.currency, {}).get
        for period, values in _periods(row.values, planned.grain):
            key = name, row.currency, period
            value, yuan, pending = found.get(key, (0, ZERO, 0))
            for day, minor in values:
                value += minor
                rate = rate_of(day.replace(day=1) if daily and day else day)
                if rate is None:
                    pending += minor
                else:
                    yuan += rate * minor
            found[key] = value, yuan, pending
    return [
        Point(
            of=_of(planned, name, period),
            value=value,
            currency=currency,
            fen=yuan * 100 / 10 ** exponent(Currency(currency)),
            pending=pending,
        )
        for (name, currency, period), (value, yuan, pending) in sorted(found.items())
    ]


def _always_one(_: date | None) -> Decimal:
    return ONE


def _periods(values: Buckets, grain: Grain) -> Iterable[tuple[str, Buckets]]:
    """By the name of the period; years and whole spans at once, since a row is of one year at most."""
    if grain in ("month", "day"):
        return [(label(bucket, grain), ((bucket, value),)) for bucket, value in values]
    return [(label(values[0][0], grain), values)]


def in_yuan(points: Iterable[Point]) -> tuple[int, dict[str, int]]:
    """Heads, or fen rounded half up once, at the end; and beside it, by currency, what no rate converts yet."""
    total, pending = Decimal(0), dict[str, int]()
    for point in points:
        total += point.value if point.currency is None else point.fen
        if point.pending:
            pending[str(point.currency)] = pending.get(str(point.currency), 0) + point.pending
    return int(total.quantize(Decimal(1), ROUND_HALF_UP)), dict(sorted(pending.items()))


# --- names --------------------------------------------------------------------------------------------------------------
def _of(planned: PlannedSum, name: Name, period: str) -> dict[str, str]:
    """The dimensions in the order of `by`, the period among them."""
    rest = iter(name)
    return {key: period if key == planned.grain else next(rest) for key in planned.question.by}


def _names(planned: PlannedSum, rows: Iterable[CellSum]) -> Iterator[tuple[CellSum, Name]]:
    """Every row that belongs to the figure, with its values of the dimensions asked for."""
    question, lists = planned.question, planned.lists
    by = [name for name in question.by if name not in GRAINS]
    chosen = question.filter.chosen().get("listed") if question.basis == "ever_listed" else None
    for row in rows:
        if chosen is None or chosen <= LISTED_CLASSES or lists.ever_listed(row.k1).value in chosen:
            yield row, tuple(_dimension(dimension, row, planned) for dimension in by)


def _dimension(name: str, row: CellSum, planned: PlannedSum) -> str:
    if name == planned.cut.k1:
        return row.k1
    if name == planned.cut.k2:
        return row.k2
    if name == "province":
        return province_at(row.k1)
    if name == "region":
        return region(province_at(row.k1), planned.question.scheme)
    if name == "listed":
        return planned.lists.ever_listed(row.k1).value if planned.question.basis == "ever_listed" else row.k2
    sex, _, band = row.k2.partition(" ")
    return sex if name == "sex" else band


def province_at(code: str) -> str:
    """The province of a county, or of itself; nowhere stays nowhere."""
    return code if code == NOWHERE else province_of(code)
