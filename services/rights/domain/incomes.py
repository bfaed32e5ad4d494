"""Reports of what was paid, and which of them count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from services.rights.domain.errors import AlreadyReported, DoesNotAddUp, NotAbroad, PaidInFuture, PeriodAbsurd, ReportNotCounting
from services.rights.domain.ledgers import Abroad
from shared.values import Money, Period, PlacementId, ReportId, period_of

FIRST_PERIOD = Period("1990-01")

Source = Literal["worker", "employer", "bank"]
VoidReason = Literal["not_paid", "duplicate", "wrong_placement", "false_report"]
UncountedFor = Literal["superseded", "dispatch_corrected", "dispatch_voided"]  # without anybody voiding it
RANK: dict[Source, int] = {"worker": 1, "employer": 2, "bank": 3}  # the better source counts


class ReportState(StrEnum):
    COUNTING = "counting"
    SUPERSEDED = "superseded"  # a better source counts instead
    REPLACED = "replaced"  # the same source reports this payment otherwise
    OUTRANKED = "outranked"  # came after a better source
    VOIDED = "voided"
    ORPHANED = "orphaned"  # its dispatch was voided; kept until somebody explains the money
    REATTACHED = "reattached"  # was orphaned; reported again for another placement of the worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One payment for one period, and who reports it. `reference`: the payer's number of it, where there is one."""

    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Source
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One report of a payment. Of the reports of one placement and period those of one source count."""

    report: ReportId
    placement: PlacementId
    paid: Paid
    state: ReportState
    version: int = 1


def check(paid: Paid, today: date) -> None:
    """`today`: where it is latest, since wages are paid abroad (F8). Raises DoesNotAddUp, PeriodAbsurd, PaidInFuture, naming the field."""
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


# --- which reports count ----------------------------------------------------------------------------------------------
class Verdict(StrEnum):
    FIRST = "first"  # nothing counts yet
    FURTHER = "further"  # another payment, of the source that counts
    BETTER = "better"  # supersedes what counted
    WORSE = "worse"  # kept, does not count


def weigh(counting: Sequence[Income], new: Paid) -> Verdict:
    """Bank > employer > worker: the payments that the best source reports for a period count."""
    if not counting:
        return Verdict.FIRST
    rank = RANK[counting[0].paid.source]
    if RANK[new.source] == rank:
        return Verdict.FURTHER
    return Verdict.BETTER if RANK[new.source] > rank else Verdict.WORSE


def find_same(reported: Sequence[Income], new: Paid) -> Income | None:
    """The report of this payment by its source, if it was made before: one fact, however often it is reported."""
    return next((one for one in reported if one.paid == new), None)


def require_apart(reported: Iterable[Income], new: Paid) -> None:
    """Two payments differ in the day, or in the reference where both have one. Raises AlreadyReported."""
    for one in reported:
        if one.paid.source == new.source and one.state is not ReportState.REPLACED and not are_apart(one.paid, new):
            state = {"report": str(one.report), "net": one.paid.net.minor, "source": new.source, "paid_on": one.paid.paid_on.isoformat()}
            raise AlreadyReported(field="period", state=state)


def are_apart(one: Paid, other: Paid) -> bool:
    """Whether these are two payments: by their references where both have one, else by the day."""
    if one.reference is not None and other.reference is not None:
        return one.reference != other.reference
    return one.paid_on != other.paid_on


def net_by_currency(payments: Iterable[Paid]) -> dict[str, int]:
    """What reached the worker, in minor units."""
    total: Counter[str] = Counter()
    for paid in payments:
        total[paid.net.currency] += paid.net.minor
    return dict(total)


def conflicts(counting: Sequence[Paid], others: Sequence[Paid]) -> bool:
    """Two sources disagree about what reached the worker in a period. `others`: of the sources that do not count, oldest first."""
    total = net_by_currency(counting)
    return any(net_by_currency(_newest(others, source)) != total for source in {paid.source for paid in others})


def _newest(others: Sequence[Paid], source: Source) -> list[Paid]:
    """What does not count needs no correction: the newest word of its source on a payment stands."""
    held: list[Paid] = []
    for paid in others:
        if paid.source == source:
            held = [*(one for one in held if are_apart(one, paid)), paid]
    return held
