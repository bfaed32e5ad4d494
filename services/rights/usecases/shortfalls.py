"""What falls short of the contract: found when a wage is paid or is not, cleared when it is made good or not owed after all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import get_args

from services.rights.domain.incomes import Income, ReportState, conflicts
from services.rights.domain.ledgers import Due, Ledger, in_month, next_due
from services.rights.domain.shortfalls import (
    RULE_VERSION,
    Finding,
    Kind,
    Limits,
    Wages,
    add_up,
    find,
    find_missing,
    judged_from,
    recovered,
)
from services.rights.queries import income_conflicts, incomes, ledgers, shortfalls, wage_checks
from services.rights.settings import policy
from services.rights.usecases import scope
from services.rights.usecases.case_openings import open_conflict
from services.rights.usecases.collective_cases import group
from services.rights.usecases.event_fields import codes
from services.rights.views import shortfalls as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event
from shared.paging import Page
from shared.values import EnterpriseId, Money, Period, PlacementId

BATCH = 500  # ledgers per sweep
KINDS: tuple[Kind, ...] = get_args(Kind)
Month = tuple[PlacementId, Period]


@dataclass(slots=True)
class Outcome:
    """What comparing some months comes to, before it is written."""

    found: list[Finding] = field(default_factory=list)
    made_good: list[Finding] = field(default_factory=list)
    not_owed: list[Finding] = field(default_factory=list)
    changes: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Compared:
    """A month with payments; `wages` None: they cannot be compared with the contract."""

    ledger: Ledger
    wages: Wages | None


async def judge_months(tx: Tx, months: Mapping[Month, Ledger], *, grouping: bool = True) -> None:
    """Compare what was paid for months with what is owed, and what one source reports with another, once the pay day is over.

    Until then more may be paid: the sweep compares them on the day after. The caller holds the ledgers.
    """
    today = tx.clock.today()
    months = {month: in_month(ledger, month[1]) for month, ledger in months.items()}
    later = {month: judged_from(month[1], ledger.terms) for month, ledger in months.items()}
    await wage_checks.insert_all(tx, {month: day for month, day in later.items() if day > today})
    ripe = {month: ledger for month, ledger in months.items() if later[month] <= today}
    if not ripe:
        return
    reports = await incomes.list_reported(tx, list(ripe))
    found = await _update_findings(tx, ripe, reports)
    await _update_conflicts(tx, ripe, reports)
    if grouping:
        await _group(tx, found)


async def _group(tx: Tx, found: Sequence[Finding]) -> None:
    """Pay that is owed still, of several workers of one enterprise: a wage that came late did come."""
    for enterprise, period in sorted({(one.enterprise, one.period) for one in found if one.kind != "late"}):
        await group(tx, enterprise, period)


async def judge_due(tx: Tx) -> int:
    """Compare months whose pay day is over: one bounded batch. Returns how many."""
    due = await wage_checks.lock_due(tx, tx.clock.today(), BATCH)
    held = await ledgers.list_(tx, [placement for placement, _ in due]) if due else {}
    await wage_checks.delete_all(tx, due)
    await judge_months(tx, {month: held[month[0]] for month in due})
    return len(due)


async def _update_findings(tx: Tx, months: Mapping[Month, Ledger], reports: Mapping[Month, Sequence[Income]]) -> list[Finding]:
    """Open what is found, clear what is mended. Returns what was found.

    What was paid in another currency than the contract's is not compared: it neither opens nor mends a finding, but is not missing.
    """
    today, limits = tx.clock.today(), Limits(policy().rights_tolerance_percent, policy().rights_late_after_days)
    known = {(one.placement, one.period, one.kind): one for one in await shortfalls.list_known(tx, list(months))}
    outcome = Outcome()
    for (placement, period), ledger in months.items():
        payments = [one.paid for one in reports.get((placement, period), ()) if one.state is ReportState.COUNTING]
        if payments and ledger.abroad is not None and ledger.abroad.days_in(period):
            before = {kind: known[placement, period, kind] for kind in KINDS if (placement, period, kind) in known}
            wages = add_up(ledger.terms, payments, limits.late_after_days)
            _judge(outcome, Compared(ledger, wages), before, limits, today)
    await shortfalls.insert_all(tx, outcome.found, today)
    await shortfalls.update_cleared(tx, outcome.made_good, today, made_good=True)
    await shortfalls.update_cleared(tx, outcome.not_owed, today, made_good=False)
    publish_and_audit(tx, *outcome.changes)
    return outcome.found


def _judge(outcome: Outcome, month: Compared, before: Mapping[Kind, Finding], limits: Limits, today: date) -> None:
    """`before`: what is open, and a late payment that was found and made good."""
    if month.wages is None:
        _clear(outcome.made_good, outcome, month, [one for one in before.values() if one.kind == "missing"], today)
        return
    now = find(month.ledger, month.wages, limits)
    for kind, new in now.items():
        if kind not in before:
            outcome.found.append(new)
            outcome.changes.append(_detected(month.ledger, new, today))
    held = [one for one in ({**now, **before}).values() if not one.made_good]
    gone = [one for one in held if one.kind not in now]
    # A late wage stays late: it is made good once the month is paid in full, and never found again.
    late = [one for one in held if one.kind == "late" and one.kind in now and "short" not in now]
    _clear(outcome.not_owed, outcome, month, [one for one in gone if one.kind == "late"], today)
    _clear(outcome.made_good, outcome, month, [*(one for one in gone if one.kind != "late"), *late], today)


def _clear(into: list[Finding], outcome: Outcome, month: Compared, mended: Sequence[Finding], today: date) -> None:
    into += mended
    terms = month.ledger.terms
    outcome.changes += [_cleared(month.ledger, one, recovered(one, terms, month.wages), today) for one in mended]


async def _update_conflicts(tx: Tx, months: Mapping[Month, Ledger], reports: Mapping[Month, Sequence[Income]]) -> None:
    """Two sources disagree about a month: a case is opened once, until they agree."""
    known = await income_conflicts.list_(tx, list(months))
    now = {month for month in months if _in_conflict(reports.get(month, ()))}
    await income_conflicts.delete_all(tx, sorted(known - now))
    await income_conflicts.insert_all(tx, sorted(now - known))
    for month in sorted(now - known):
        await open_conflict(tx, months[month], month[1])


def _in_conflict(reports: Sequence[Income]) -> bool:
    counting = [one.paid for one in reports if one.state is ReportState.COUNTING]
    others = [one.paid for one in reports if one.state in (ReportState.SUPERSEDED, ReportState.OUTRANKED)]
    return bool(counting) and conflicts(counting, [one for one in others if one.source != counting[0].source])


async def clear_not_owed(tx: Tx, ledger: Ledger, not_owed: Callable[[Period], bool]) -> None:
    """Clear the open findings of the periods for which nothing is owed or claimed any more; nothing was recovered."""
    today = tx.clock.today()
    findings = [one for one in await shortfalls.list_open(tx, [ledger.placement]) if not_owed(one.period)]
    await shortfalls.update_cleared(tx, findings, today, made_good=False)
    publish_and_audit(tx, *(_cleared(ledger, finding, recovered(finding, ledger.terms, None), today) for finding in findings))


async def find_unreported(tx: Tx) -> int:
    """Find wages nobody reported in time: one bounded batch. Returns how many months were looked at."""
    today = tx.clock.today()
    due = [(ledger, ledger.due_period) for ledger in await ledgers.lock_due(tx, today, BATCH) if ledger.due_period is not None]
    if not due:
        return 0
    reported = await incomes.list_counted(tx, [(ledger.placement, period) for ledger, period in due])
    known = await shortfalls.list_open(tx, [ledger.placement for ledger, _ in due])
    done = reported | {(finding.placement, finding.period) for finding in known if finding.kind == "missing"}
    missing = [
        (ledger, finding)
        for ledger, period in due
        if (ledger.placement, period) not in done and (finding := find_missing(in_month(ledger, period), period)) is not None
    ]
    await shortfalls.insert_all(tx, [finding for _, finding in missing], today)
    await ledgers.update_due(tx, {ledger.placement: _next(ledger, period) for ledger, period in due})
    publish_and_audit(tx, *(_detected(ledger, finding, today) for ledger, finding in missing))
    await _group(tx, [finding for _, finding in missing])
    return len(due)


def _next(ledger: Ledger, period: Period) -> Due | None:
    return next_due(period, ledger.abroad, ledger.terms, policy().rights_missing_after_days) if ledger.abroad else None


def _detected(ledger: Ledger, finding: Finding, today: date) -> Event:
    return events.WageShortfallDetected(
        period=finding.period,
        kind=finding.kind,
        expected=finding.expected,
        paid=finding.paid,
        shortfall=finding.expected.minus(finding.paid),
        rule_version=RULE_VERSION,
        **codes(ledger, today),
    )


def _cleared(ledger: Ledger, finding: Finding, amount: Money, today: date) -> Event:
    return events.WageShortfallCleared(period=finding.period, kind=finding.kind, recovered=amount, **codes(ledger, today))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_open(tx: Tx, page: Page, kind: Kind, *, enterprise: EnterpriseId | None, period: Period | None) -> views.Findings:
    """Open findings of a kind, of workers of the caller's counties; an enterprise sees its own. Raises Forbidden."""
    counties, enterprise = scope.prefixes_of(tx.principal), scope.of_own_enterprise(tx.principal, enterprise)
    items, following = await shortfalls.list_open_of_kind(tx, page, kind, enterprise=enterprise, period=period, counties=counties)
    return views.Findings(items=tuple(map(views.Finding.from_finding, items)), next=following)
