"""What the figures mean: shares compared in integers, states of quotas and targets, plans that do not contradict themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from shared.errors import Conflict, Invalid, Limited, NotFound, Refused
from shared.values import QuotaStatus, Ratio, TargetState


# --- errors -----------------------------------------------------------------------------------------------------------
class AbsurdDay(Invalid):
    """The day lies before 1990 or more than a day after the event was recorded: it is counted nowhere."""

    slug = "ABSURD_DAY"


class MeasureNotFound(NotFound):
    """There is no such measure."""

    slug = "MEASURE_NOT_FOUND"


class NoCut(Invalid):
    """No cut of this measure has all the dimensions asked for."""

    slug = "NO_CUT"


class KeyNotFound(NotFound):
    """No published figure, and no cell, is named by this key."""

    slug = "KEY_NOT_FOUND"


class PeriodInvalid(Invalid):
    """A period is YYYY, YYYY-MM or YYYY-MM-DD, its end not before its start."""

    slug = "PERIOD_INVALID"


class CursorInvalid(Invalid):
    """Not a key that a page gave as its next."""

    slug = "CURSOR_INVALID"


class ProgrammeNotFound(NotFound):
    """There is no such programme."""

    slug = "PROGRAMME_NOT_FOUND"


class RebuildRunning(Conflict):
    """A rebuild is under way, or was cut short: let `laowu rebuild` end, then redrive."""

    slug = "REBUILD_RUNNING"


class PeriodRunning(Conflict):
    """Only a period that has ended can be closed."""

    slug = "PERIOD_RUNNING"


class PeriodAlreadyClosed(Conflict):
    """The period is closed; reopen it first."""

    slug = "PERIOD_CLOSED"


class PeriodNotClosed(Conflict):
    """The period is not closed."""

    slug = "PERIOD_NOT_CLOSED"


class SecondApproverNeeded(Limited):
    """Who closed a period may not approve its reopening."""

    slug = "SECOND_APPROVER_NEEDED"


class RateExists(Conflict):
    """There is a rate for this currency and month; revise it with a reason."""

    slug = "RATE_EXISTS"


class RateNotFound(NotFound):
    """There is no rate for this currency and month to revise."""

    slug = "RATE_NOT_FOUND"


class ListInvalid(Invalid):
    """A list names what does not exist, twice, or in no order of time; the rows and fields are in the answer."""

    slug = "LIST_INVALID"


class StaleList(Conflict):
    """Another version of the list was entered meanwhile."""

    slug = "STALE_LIST"


class ContradictoryPlan(Invalid):
    """The plan's own numbers cannot all be true; the arithmetic is in the answer."""

    slug = "CONTRADICTORY_PLAN"


class StalePlan(Conflict):
    """Another version of the programme was entered meanwhile."""

    slug = "STALE_PLAN"


class TooManyPoints(Invalid):
    """The figure has more points than a file may: ask by fewer dimensions, for a shorter span, or page by page."""

    slug = "TOO_MANY_POINTS"


class NotPublic(NotFound):
    """The public sees counts of closed years only."""

    slug = "NOT_PUBLIC"


class StreamFull(Refused):
    """As many streams are open as this process serves; ask again later."""

    slug = "STREAM_FULL"
    status = 429


# --- shares -------------------------------------------------------------------------------------------------------------
def at_least(share: Ratio, threshold: Ratio) -> bool:
    """Num / den >= threshold, in integers. False without a denominator."""
    (num, den), (up, down) = share, threshold
    return den > 0 and num * down >= up * den


def rises(share: Ratio, before: Ratio, *, strict: bool) -> bool:
    """share(t) > share(t-1), compared in integers: two shares that print alike may still fall."""
    left, right = share[0] * before[1], before[0] * share[1]
    return left > right if strict else left >= right


def gap_heads(share: Ratio, threshold: Ratio) -> int:
    """How many more of the numerator's kind reach the threshold; each adds to both sides: ceil((q N - P) / (1 - q))."""
    (num, den), (up, down) = share, threshold
    missing = up * den - down * num
    return 0 if missing <= 0 else -(-missing // (down - up))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A quota at one scope in one year. `rise` is None where there is nothing to compare with, `gap_heads` where nothing is judged."""

    share: Ratio
    before: Ratio | None
    status: QuotaStatus
    rise: bool | None
    gap_heads: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a share is held to. `rising` is False in the first year, which has no base."""

    threshold: Ratio
    rising: bool
    strict: bool


def judge(share: Ratio, before: Ratio | None, rule: Rule, *, finished: bool, complete: bool) -> Judgement:
    """The state of a quota. A finished year is met or breached; a running one that is short, or has not risen, is at risk.

    `before` is the year before on the same cut-off day, None where it is no base. A year of which too little is reported
    (`complete` is False) is judged at nothing, and one that had to rise and has no base cannot be called met.
    """
    if share[1] <= 0:
        return Judgement(share, before, QuotaStatus.INSUFFICIENT_DATA, None, None)
    if not complete:
        return Judgement(share, None, QuotaStatus.NOT_COMPARABLE, None, None)
    rise = rises(share, before, strict=rule.strict) if rule.rising and before is not None and before[1] > 0 else None
    if not at_least(share, rule.threshold) or rise is False:
        status = QuotaStatus.BREACHED if finished else QuotaStatus.AT_RISK
    else:
        status = QuotaStatus.NOT_COMPARABLE if rule.rising and rise is None else QuotaStatus.MET
    return Judgement(share, before, status, rise, gap_heads(share, rule.threshold))


def infeasible(gap: int | None, in_hand: int | None) -> bool:
    """Whether the orders in hand cannot close the gap, even if all their positions went to the numerator's kind.

    `in_hand` None: nothing can be closed any more (a finished year), or orders are not known.
    """
    return gap is not None and in_hand is not None and gap > in_hand


def comparable(start: date, cut_off: date, complete_on: date | None, least: Ratio) -> bool:
    """Whether what is counted of a period up to its cut-off day may be compared: `least` of its days are complete."""
    days = (cut_off - start).days + 1
    covered = 0 if complete_on is None else (min(cut_off, complete_on) - start).days + 1
    return at_least((max(covered, 0), days), least)


def percent(share: Ratio, digits: int = 2) -> str:
    """For people, rounded half up; never compared. Empty without a denominator."""
    num, den = share
    if den <= 0:
        return ""
    scaled = (2 * num * 100 * 10**digits + den) // (2 * den)
    whole, rest = divmod(scaled, 10**digits)
    return f"{whole}.{rest:0{digits}d} %"


# --- targets --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Projection:
    """Where a sum will stand at the end of its span, as far as can be said, and how that was worked out."""

    low: int
    likely: int
    high: int
    method: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a target stands: actual against what its distribution expects to be reached by a day."""

    actual: int
    expected: int
    floor: int
    stretch: int | None
    state: TargetState
    days_left: int
    run_rate: int | None  # per day still needed for the floor, rounded up; None when there is no day left

    TOLERANCE: ClassVar[Ratio] = (2, 100)  # within 2 % of the expected counts as on track


def progress(actual: int, expected: int, floor: int, stretch: int | None, left: int) -> Progress:
    """`left`: days of the target's span still to come."""
    missing = max(floor - actual, 0)
    return Progress(actual, expected, floor, stretch, _state(actual, expected, floor, left), left, -(-missing // left) if left else None)


def days_left(start: date, end: date, on: date) -> int:
    """Days of a span after a day."""
    return min(max((end - on).days, 0), (end - start).days + 1)


def steadily(floor: int, start: date, end: date, on: date) -> int:
    """The part of the floor that a steady pace reaches by the end of a day."""
    days = (end - start).days + 1
    return floor * (days - days_left(start, end, on)) // days


def _state(actual: int, expected: int, floor: int, left: int) -> TargetState:
    up, down = Progress.TOLERANCE
    if actual >= floor:
        return TargetState.ACHIEVED
    if left == 0:
        return TargetState.MISSED
    if actual * down < expected * (down - up):
        return TargetState.BEHIND
    return TargetState.AHEAD if actual * down > expected * (down + up) else TargetState.ON_TRACK
