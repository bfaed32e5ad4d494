"""A release: the closed figures of a month or year in the form in which the ministry publishes labour cooperation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.stats.figures.measure_catalogue import definition
from services.stats.figures.shaping import Point
from services.stats.queries.period_closes import Close
from services.stats.queries.restatements import Restatement
from services.stats.views.metadata import View
from shared.values import Channel, Period, next_period, period_of

By = Literal["channel", "province", "destination", "occupation"]
TABLES: tuple[By, ...] = ("channel", "province", "destination", "occupation")
RESTATED = ("dispatches", "returns")  # stock is the one less the other
MOST_RESTATEMENTS = 200
TOTAL = ""


class ChangeOnYear(View):
    """As published, and of the same span a year before, as known then too."""

    value: int
    before: int

    @property
    def change(self) -> int:
        return self.value - self.before


class ReleaseRow(View):
    """`of`: a code, or empty for the total. `month` None: the release of a year. `restated`: what was added since the close."""

    of: str
    month: ChangeOnYear | None
    cumulative: ChangeOnYear  # from January
    stock: ChangeOnYear  # at the end of the period
    restated: int  # of `cumulative`
    restated_stock: int


class ReleaseTable(View):
    """The total first, then by size. By channel labour cooperation has the seafarers in it, as published, who follow on their own."""

    by: By
    rows: list[ReleaseRow]


class ReleaseMonth(View):
    month: str
    cumulative: ChangeOnYear
    stock: ChangeOnYear


class ReleaseRestatement(View):
    """Of the nation's figure, dated by the day it became known."""

    measure: str
    kind: str
    old: int
    new: int
    effective: date
    causes_total: int


class Release(View):
    """`version`, `digest`: of the close. Restatements are the newest 200; `small`: it has cells that the public view leaves out."""

    period: str
    version: int
    closed_at: datetime
    as_known_at: date
    digest: str
    definition: str
    tables: list[ReleaseTable]
    months: list[ReleaseMonth]
    restatements: list[ReleaseRestatement]
    small: bool

    @property
    def is_year(self) -> bool:
        return len(self.period) == 4


ByCodeAndMonth = Mapping[str, Mapping[str, int]]  # code -> month -> number


@dataclass(frozen=True, slots=True)
class Counts:
    """Points by month and one dimension: as published, and as counted now."""

    published: Sequence[Point]
    now: Sequence[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a release is made of: per dimension the dispatches and the stock."""

    close: Close
    dispatches: Mapping[By, Counts]
    stock: Mapping[By, Counts]
    restatements: Sequence[Restatement] = field(default_factory=tuple)


def release(released: Released, smallest: int) -> Release:
    """`smallest`: the smallest number that the public view shows."""
    close = released.close
    tables = [ReleaseTable(by=by, rows=_rows(released, by)) for by in TABLES]
    return Release(
        period=close.period,
        version=close.version,
        closed_at=close.closed_at,
        as_known_at=close.as_known_at,
        digest=close.digest,
        definition=f"{definition('dispatches')} {definition('stock')}",
        tables=tables,
        months=_months(released),
        restatements=[_restatement(one) for one in released.restatements],
        small=any(0 < number < smallest for table in tables for row in table.rows for number in _numbers(row)),
    )


def _numbers(row: ReleaseRow) -> Iterable[int]:
    changes = (row.month, row.cumulative, row.stock)
    return (number for one in changes if one for number in (one.value, one.before))


def _rows(released: Released, by: By) -> list[ReleaseRow]:
    dispatches, stock = released.dispatches[by], released.stock[by]
    flows, flows_now = _by_code(dispatches.published, by), _by_code(dispatches.now, by)
    levels, levels_now = _by_code(stock.published, by), _by_code(stock.now, by)
    rows = []
    for code in flows.keys() | flows_now.keys() | levels.keys() | levels_now.keys():
        row = _row(released.close, code, flows.get(code, {}), levels.get(code, {}))
        now = _row(released.close, code, flows_now.get(code, {}), levels_now.get(code, {}))
        restated = {
            "restated": now.cumulative.value - row.cumulative.value,
            "restated_stock": now.stock.value - row.stock.value,
        }
        if any(_numbers(row)) or any(restated.values()):
            rows.append(row.model_copy(update=restated))
    order = {TOTAL: 0, Channel.CONTRACTED_PROJECT: 1, Channel.LABOUR_COOPERATION: 2, Channel.SEAFARER: 3} if by == "channel" else {TOTAL: 0}
    return sorted(rows, key=lambda row: (order.get(row.of, len(order)), -row.cumulative.value, -row.stock.value, row.of))


def _by_code(points: Iterable[Point], by: By) -> ByCodeAndMonth:
    found: dict[str, Counter[str]] = {TOTAL: Counter()}
    for point in points:
        code, month = point.of[by], point.of["month"]
        found[TOTAL][month] += point.value
        found.setdefault(code, Counter())[month] += point.value
        if by == "channel" and code == Channel.SEAFARER:
            found.setdefault(Channel.LABOUR_COOPERATION, Counter())[month] += point.value
    return found


def _row(close: Close, code: str, flows: Mapping[str, int], levels: Mapping[str, int]) -> ReleaseRow:
    last = period_of(close.ends)
    return ReleaseRow(
        of=code,
        month=None if len(close.period) == 4 else ChangeOnYear(value=flows.get(last, 0), before=flows.get(_year_before(last), 0)),
        cumulative=_cumulated(flows, last),
        stock=ChangeOnYear(value=levels.get(last, 0), before=levels.get(_year_before(last), 0)),
        restated=0,
        restated_stock=0,
    )


def _cumulated(flows: Mapping[str, int], last: Period) -> ChangeOnYear:
    return ChangeOnYear(value=_since_january(flows, last), before=_since_january(flows, _year_before(last)))


def _since_january(flows: Mapping[str, int], last: Period) -> int:
    return sum(value for month, value in flows.items() if last[:4] == month[:4] and month <= last)


def _year_before(month: Period) -> Period:
    return Period(f"{int(month[:4]) - 1:04d}{month[4:]}")


def _months(released: Released) -> list[ReleaseMonth]:
    flows = _by_code(released.dispatches["channel"].published, "channel")[TOTAL]
    levels = _by_code(released.stock["channel"].published, "channel")[TOTAL]
    found, month, last = [], Period(f"{released.close.starts.year:04d}-01"), period_of(released.close.ends)
    while month <= last:
        stock = ChangeOnYear(value=levels.get(month, 0), before=levels.get(_year_before(month), 0))
        found.append(ReleaseMonth(month=month, cumulative=_cumulated(flows, month), stock=stock))
        month = next_period(month)
    return found


def _restatement(one: Restatement) -> ReleaseRestatement:
    event = one.event
    return ReleaseRestatement(
        measure=event.measure, kind=event.kind, old=event.old, new=event.new, effective=event.effective_on, causes_total=event.causes_total
    )
