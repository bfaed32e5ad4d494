"""What falls short of the contract: found when a wage is reported or is not, cleared when it is made good or not owed after all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from services.rights.domain.incomes import Paid
from services.rights.domain.ledgers import Due, Ledger, next_due
from services.rights.domain.shortfalls import RULE_VERSION, Finding, comparable, find_missing, find_short
from services.rights.queries import incomes, ledgers, shortfalls
from services.rights.settings import policy
from services.rights.usecases.cases import group
from services.rights.usecases.event_fields import codes
from services.rights.views import shortfalls as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event
from shared.paging import page
from shared.values import EnterpriseId, Money, Period

BATCH = 500  # ledgers per sweep


async def update_shortfalls(tx: Tx, reports: Sequence[tuple[Ledger, Paid]], *, grouping: bool = True) -> None:
    """Compare what was paid with what is owed: open findings, clear mended ones, group what concerns several workers.

    What was paid in another currency than the contract's is not compared: it neither opens nor mends a shortfall.
    """
    if not reports:
        return
    today = tx.clock.today()
    known = await shortfalls.list_open(tx, [ledger.placement for ledger, _ in reports])
    by_kind = {(finding.placement, finding.period, finding.kind): finding for finding in known}
    found: list[Finding] = []
    mended: list[Finding] = []
    changes: list[Event] = []
    for ledger, paid in reports:
        new = find_short(ledger, paid, policy().rights_tolerance_percent)
        before = by_kind.get((ledger.placement, paid.period, "short"))
        cleared = [before] if before and not new and comparable(ledger.terms, paid) else []
        cleared += [one for one in (by_kind.get((ledger.placement, paid.period, "missing")),) if one]
        if new and not before:
            found.append(new)
            changes.append(_detected(ledger, new, today))
        for finding in cleared:
            mended.append(finding)
            changes.append(_cleared(ledger, finding, paid.net, today))
    await shortfalls.update_cleared(tx, mended, today)
    await shortfalls.insert_all(tx, found, today)
    publish_and_audit(tx, *changes)
    for enterprise, period in sorted({(finding.enterprise, finding.period) for finding in found if grouping}):
        await group(tx, enterprise, period)


async def clear_not_owed(tx: Tx, ledger: Ledger, not_owed: Callable[[Period], bool]) -> None:
    """Clear the open findings of the periods for which nothing is owed or claimed any more; nothing was recovered."""
    today = tx.clock.today()
    findings = [one for one in await shortfalls.list_open(tx, [ledger.placement]) if not_owed(one.period)]
    await shortfalls.update_cleared(tx, findings, today)
    publish_and_audit(tx, *(_cleared(ledger, finding, finding.paid, today) for finding in findings))


async def find_unreported(tx: Tx) -> int:
    """Find wages nobody reported in time: one bounded batch. Returns how many months were looked at."""
    today = tx.clock.today()
    due = [(ledger, ledger.due_period) for ledger in await ledgers.lock_due(tx, today, BATCH) if ledger.due_period is not None]
    if not due:
        return 0
    reported = (await incomes.list_reported(tx, [(ledger.placement, period) for ledger, period in due])).counting
    known = await shortfalls.list_open(tx, [ledger.placement for ledger, _ in due])
    done = set(reported) | {(finding.placement, finding.period) for finding in known if finding.kind == "missing"}
    missing = [
        (ledger, finding)
        for ledger, period in due
        if (ledger.placement, period) not in done and (finding := find_missing(ledger, period)) is not None
    ]
    await shortfalls.insert_all(tx, [finding for _, finding in missing], today)
    await ledgers.update_due(tx, {ledger.placement: _next(ledger, period) for ledger, period in due})
    publish_and_audit(tx, *(_detected(ledger, finding, today) for ledger, finding in missing))
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


def _cleared(ledger: Ledger, finding: Finding, net: Money, today: date) -> Event:
    recovered = net.minus(finding.paid) if net.currency == finding.paid.currency else Money(minor=0, currency=finding.paid.currency)
    return events.WageShortfallCleared(period=finding.period, kind=finding.kind, recovered=recovered, **codes(ledger, today))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_missing(tx: Tx, enterprise: EnterpriseId | None, after: int, limit: int) -> views.Findings:
    """Wages that nobody reported in time, of workers of the caller's counties."""
    found = await shortfalls.list_missing(tx, enterprise, after, tx.principal.county_prefixes(), limit + 1)
    items, following = page(found, limit, lambda finding: finding.id)
    return views.Findings(items=tuple(map(views.Finding.from_finding, items)), next=following)
