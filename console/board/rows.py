"""The rows of a board. Counts are whole numbers, money is in fen, shares are pairs of integers; every row names the figure it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.principals import NATION
from shared.values import PROGRAMME_ZONE, QuotaStatus, Ratio, TargetState

NATIONAL = f"nation:{NATION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """The plan in force; `years`: those of its span that have begun."""

    code: str
    title: str
    version: int
    starts: date
    ends: date
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeVersion:
    """What a quota or target is judged by; `entered_on` None: as shipped."""

    code: str
    title: str
    version: int
    entered_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How far the figures go. `known_on` None: everything counted so far; `complete_through` None: nothing was read yet."""

    known_on: date | None
    complete_through: datetime | None
    lag_seconds: int
    parked: int


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a target will stand at the end of its span: between what, likely what, and by which method."""

    low: int
    likely: int
    high: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target of the nation. `run_rate`: needed per day from here on; `pending_fx`: by currency, minor units without a rate."""

    key: str
    code: str
    money: bool
    actual: int
    expected: int | None
    floor: int | None
    stretch: int | None
    state: TargetState | None
    days_left: int | None
    run_rate: int | None
    distribution: str
    projection: Projection | None
    pending_fx: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRow:
    """A quota of the nation in one year. `percent` is empty and `gap_heads` None where it is not judged."""

    key: str
    code: str
    title: str
    year: int
    share: Ratio
    percent: str
    threshold: Ratio
    status: QuotaStatus
    rise: str  # rose, fell, not_comparable
    gap_heads: int | None
    open_positions: int | None
    infeasible: bool
    binding: bool
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """A month of a year beside the same month of the year before; None: nothing was counted in that year so far.

    `cumulative`: from January on, as the published form has it.
    """

    key: str
    month: str
    dispatches: int
    dispatches_before: int | None
    cumulative: int
    cumulative_before: int | None
    contracted_projects: int
    labour_cooperation: int
    stock: int
    stock_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRow:
    """A province or a destination and its dispatches in a year, the largest first. `share`: of the whole figure."""

    key: str
    code: str
    value: int
    share: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatementRow:
    """A change of a figure that was final. Money in minor units of `currency`; `on`: the day it became known.

    `counted`: what the figure is of its measure: of durations how many were counted, of a level its change in the period.
    """

    number: int
    key: str
    measure: str
    counted: str | None
    scope: str
    period: str
    currency: str | None
    old: int
    new: int
    kind: str
    causes_total: int
    on: date


@dataclass(frozen=True, slots=True)
class Close:
    """A period in force as closed."""

    period: str
    closed_at: datetime

    @property
    def closed_on(self) -> date:
        """The programme's day, as figures are known on one."""
        return self.closed_at.astimezone(PROGRAMME_ZONE).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The whole programme's targets, and its quotas of every year begun."""

    targets: tuple[TargetRow, ...]
    quotas: tuple[QuotaRow, ...]
    freshness: Freshness

    def quotas_of(self, year: int) -> tuple[QuotaRow, ...]:
        return tuple(quota for quota in self.quotas if quota.year == year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything of one look: a programme, one of its years, as known on a day (None: now)."""

    programme: Programme
    year: int
    evaluation: Evaluation
    months: tuple[MonthRow, ...]
    provinces: tuple[RankedRow, ...]
    destinations: tuple[RankedRow, ...]
    restatements: tuple[RestatementRow, ...]
    closes: tuple[Close, ...]

    @property
    def freshness(self) -> Freshness:
        return self.evaluation.freshness


# --- the events behind a figure --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """What one event adds to a figure, and the figure after it; money in minor units of `currency`."""

    type: str
    subject: str
    at: str  # topic/partition@offset
    time: datetime
    day: date
    currency: str | None
    delta: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A figure, or one side of a share: the newest of its events, newest first, of `number` in all.

    `programme`: of a quota or target, as it was in force. `explained`: the events add up to what the API answers. Sums and answers by
    currency, "" where it is no money.
    """

    title: str
    programme: ProgrammeVersion | None
    explained: bool
    sums: dict[str, int]
    answers: dict[str, int]
    number: int
    events: tuple[EventRow, ...]
