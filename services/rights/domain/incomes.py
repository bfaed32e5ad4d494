"""Reports of what was paid, and which of them counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.rights.domain.errors import AlreadyReported, DoesNotAddUp, NotAbroad, PaidInFuture, PeriodAbsurd, ReportNotCounting
from services.rights.domain.ledgers import Abroad
from shared.values import Money, Period, PlacementId, ReportId, period_of

FIRST_PERIOD = Period("1990-01")

Source = Literal["worker", "employer", "bank"]
RANK: dict[Source, int] = {"worker": 1, "employer": 2, "bank": 3}  # the better source counts


class ReportState(StrEnum):
    COUNTING = "counting"
    SUPERSEDED = "superseded"  # a better source, or a correction, counts instead
    OUTRANKED = "outranked"  # came after a better source
    VOIDED = "voided"
    ORPHANED = "orphaned"  # its dispatch was voided; kept for whoever has to explain the money


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid for one period, and who reports it."""

    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One report. Of the reports of one placement and period at most one counts."""

    report: ReportId
    placement: PlacementId
    paid: Paid
    state: ReportState
    version: int = 1


def check(paid: Paid, today: date) -> None:
    """Raises DoesNotAddUp, PeriodAbsurd, PaidInFuture, naming the field."""
    amounts = {"gross": paid.gross, "deductions": paid.deductions, "net": paid.net}
    if paid.remitted is not None:
        amounts["remitted"] = paid.remitted
    for field, amount in amounts.items():
        if amount.currency != paid.gross.currency or amount.minor < 0:
            raise DoesNotAddUp(field=field)
    if paid.net.minor != paid.gross.minor - paid.deductions.minor:
        raise DoesNotAddUp("net is not gross less deductions", field="net")
    if not FIRST_PERIOD <= paid.period <= period_of(today):
        raise PeriodAbsurd(field="period")
    if paid.paid_on > today:
        raise PaidInFuture(field="paid_on")


def require_abroad(abroad: Abroad, period: Period) -> None:
    """Raises NotAbroad."""
    if abroad.days_in(period) == 0:
        raise NotAbroad(field="period")


def require_counting(income: Income) -> None:
    """Raises ReportNotCounting."""
    if income.state is not ReportState.COUNTING:
        raise ReportNotCounting(state=income.state.value)


# --- which report counts ----------------------------------------------------------------------------------------------
class Verdict(StrEnum):
    FIRST = "first"
    SAME = "same"  # reported before: nothing changes
    BETTER = "better"  # supersedes what counted
    WORSE = "worse"  # kept, does not count


def weigh(counting: Paid | None, new: Paid) -> Verdict:
    """Bank > employer > worker. The same source with another amount must correct its report. Raises AlreadyReported."""
    if counting is None:
        return Verdict.FIRST
    if replace(counting, paid_on=new.paid_on) == new:
        return Verdict.SAME
    if RANK[new.source] == RANK[counting.source]:
        raise AlreadyReported(field="period", state={"net": counting.net.minor, "source": counting.source})
    return Verdict.BETTER if RANK[new.source] > RANK[counting.source] else Verdict.WORSE


def conflicts(counting: Paid, new: Paid) -> bool:
    """Two sources disagree about what reached the worker."""
    return counting.net != new.net
