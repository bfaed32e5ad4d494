"""What was paid: reports by worker, employer or bank, of which one counts per placement and month; and what falls short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.rights import commands, domain, queries, views
from services.rights.domain import Paid, ReportState, Verdict
from services.rights.queries import Finding, Income, Ledger
from services.rights.settings import rules
from services.rights.usecases import cases, costs, event_fields
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import Refused
from shared.events import Event
from shared.principals import Forbidden, Principal, Role, require_county, require_party
from shared.values import EnterpriseId, Money, Period, PlacementId, ReportId, new_id

SWEEP = 500  # ledgers per sweep


def require_scope(who: Principal, ledger: Ledger) -> None:
    """An enterprise for its own placements, everybody else for the workers of their counties. Raises Forbidden."""
    require_party(who, ledger.enterprise)
    if who.role is not Role.ENTERPRISE:
        require_county(who, ledger.origin.county)


# --- entering reports ------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Entry:
    """What entering one batch of reports comes to, before it is written."""

    counting: dict[tuple[PlacementId, Period], Income]
    said: dict[tuple[PlacementId, Paid], Income]  # reports that do not count
    incomes: list[Income] = field(default_factory=list)
    superseded: list[ReportId] = field(default_factory=list)
    changes: list[Event] = field(default_factory=list)
    judged: list[tuple[Ledger, Paid]] = field(default_factory=list)
    conflicts: list[tuple[Ledger, Paid]] = field(default_factory=list)


async def enter(tx: Tx, reports: Sequence[tuple[PlacementId, Paid]]) -> list[Income | Refused | Forbidden]:
    """Enter reports in order; for each the report that stands for it, or why it is refused. Statements do not grow with reports."""
    ledgers = await queries.lock_ledgers(tx, [placement for placement, _ in reports])
    standing = await queries.standing_incomes(tx, [(placement, paid.period) for placement, paid in reports])
    entry = Entry(standing.counting, {_said(one.placement, one.paid): one for one in standing.others})
    answers: list[Income | Refused | Forbidden] = []
    for placement, paid in reports:
        try:
            answers.append(_enter_one(entry, _reportable(tx, ledgers, placement, paid), paid))
        except (Refused, Forbidden) as refusal:
            answers.append(refusal)
    await queries.set_states(tx, entry.superseded, ReportState.SUPERSEDED)
    await queries.insert_incomes(tx, entry.incomes)
    publish_and_audit(tx, *entry.changes)
    await judge(tx, entry.judged)
    await costs.assess(tx, [ledger for ledger, _ in entry.judged])
    for ledger, paid in entry.conflicts:
        await cases.open_conflict(tx, ledger, paid.period)
    return answers


def _reportable(tx: Tx, ledgers: dict[PlacementId, Ledger], placement: PlacementId, paid: Paid) -> Ledger:
    ledger = ledgers.get(placement)
    if ledger is None:
        raise domain.PlacementNotFound(field="placement")
    require_scope(tx.principal, ledger)
    domain.check(paid, tx.clock.today())
    if ledger.abroad is None:
        raise domain.DispatchIsVoid(field="placement") if ledger.voided else domain.PlacementNotFound(field="placement")
    domain.require_abroad(ledger.abroad, paid.period)
    return ledger


def _said(placement: PlacementId, paid: Paid) -> tuple[PlacementId, Paid]:
    """What makes two reports the same word; the day of payment may differ."""
    return placement, replace(paid, paid_on=date.min)


def _enter_one(entry: Entry, ledger: Ledger, paid: Paid) -> Income:
    before = entry.counting.get((ledger.placement, paid.period))
    verdict = domain.weigh(before.paid if before else None, paid)
    if before is not None and verdict is Verdict.SAME:
        return before
    said = entry.said.get(_said(ledger.placement, paid))
    if said is not None and verdict is Verdict.WORSE:
        return said
    if before is not None and domain.conflicts(before.paid, paid):
        entry.conflicts.append((ledger, paid))
    state = ReportState.OUTRANKED if verdict is Verdict.WORSE else ReportState.COUNTING
    income = Income(ReportId(new_id()), ledger.placement, paid, state)
    entry.incomes.append(income)
    if verdict is Verdict.WORSE:
        entry.said[_said(ledger.placement, paid)] = income
        return income
    entry.counting[ledger.placement, paid.period] = income
    entry.judged.append((ledger, paid))
    about = {**event_fields.codes(ledger), "effective": paid.paid_on, "report": income.report, "fact": event_fields.fact(paid)}
    if before is None:
        entry.changes.append(events.IncomeReported.model_validate(about))
    else:
        _supersede(entry, before)
        entry.changes.append(events.IncomeCorrected.model_validate({**about, "previous": event_fields.fact(before.paid)}))
    return income


def _supersede(entry: Entry, before: Income) -> None:
    """A report of this very batch is not in the database yet: it is inserted as superseded."""
    for place, income in enumerate(entry.incomes):
        if income.report == before.report:
            entry.incomes[place] = replace(income, state=ReportState.SUPERSEDED)
            return
    entry.superseded.append(before.report)


# --- shortfalls ------------------------------------------------------------------------------------------------------
async def judge(tx: Tx, judged: Sequence[tuple[Ledger, Paid]], *, grouping: bool = True) -> None:
    """Compare what was paid with what is owed: open findings, clear mended ones, group what concerns several workers.

    What was paid in another currency than the contract's is not compared: it neither opens nor mends a shortfall.
    """
    if not judged:
        return
    today = tx.clock.today()
    known = await queries.open_findings(tx, [ledger.placement for ledger, _ in judged])
    standing = {(finding.placement, finding.period, finding.kind): finding for finding in known}
    found: list[Finding] = []
    mended: list[Finding] = []
    changes: list[Event] = []
    for ledger, paid in judged:
        new = _short(ledger, paid)
        before = standing.get((ledger.placement, paid.period, "short"))
        cleared = [before] if before and not new and domain.comparable(ledger.terms, paid) else []
        cleared += [one for one in (standing.get((ledger.placement, paid.period, "missing")),) if one]
        if new and not before:
            found.append(new)
            changes.append(_detected(ledger, new, today))
        for finding in cleared:
            mended.append(finding)
            changes.append(_cleared(ledger, finding, paid.net, today))
    await queries.clear_findings(tx, mended, today)
    await queries.insert_findings(tx, found, today)
    publish_and_audit(tx, *changes)
    for enterprise, period in sorted({(finding.enterprise, finding.period) for finding in found if grouping}):
        await cases.group(tx, EnterpriseId(enterprise), period)


def _short(ledger: Ledger, paid: Paid) -> Finding | None:
    if ledger.abroad is None:
        return None
    expected = domain.expected_net(ledger.terms, ledger.abroad, paid)
    if domain.shortfall(expected, paid.net, rules()) is None:
        return None
    return Finding(ledger.placement, paid.period, "short", ledger.enterprise, expected, paid.net)


def _detected(ledger: Ledger, finding: Finding, today: date) -> Event:
    return events.WageShortfallDetected.model_validate(
        {
            **event_fields.codes(ledger),
            "effective": today,
            "period": finding.period,
            "kind": finding.kind,
            "expected": finding.expected,
            "paid": finding.paid,
            "shortfall": finding.expected.minus(finding.paid),
            "rule_version": domain.RULE_VERSION,
        }
    )


def _cleared(ledger: Ledger, finding: Finding, net: Money, today: date) -> Event:
    recovered = net.minus(finding.paid) if net.currency == finding.paid.currency else Money(minor=0, currency=finding.paid.currency)
    return events.WageShortfallCleared.model_validate(
        {
            **event_fields.codes(ledger),
            "effective": today,
            "period": finding.period,
            "kind": finding.kind,
            "recovered": recovered,
        }
    )


async def clear(tx: Tx, ledger: Ledger, moot: Sequence[Finding]) -> None:
    """What was found has nothing to stand on any more; nothing was recovered."""
    today = tx.clock.today()
    await queries.clear_findings(tx, moot, today)
    publish_and_audit(tx, *(_cleared(ledger, finding, finding.paid, today) for finding in moot))


async def recode(tx: Tx, before: Ledger, after: Ledger) -> None:
    """Income is counted by its departure's codes: taken back under the old ones and told again under the new, where they differ."""
    if event_fields.codes(before) == event_fields.codes(after):
        return
    changes: list[Event] = []
    for income in await queries.incomes(tx, after.placement):
        if income.state is ReportState.COUNTING:
            paid = event_fields.fact(income.paid)
            old = {**event_fields.codes(before), "effective": tx.clock.today(), "report": income.report}
            changes.append(events.IncomeVoided.model_validate({**old, "previous": paid, "reason": "dispatch_corrected"}))
            new = {**event_fields.codes(after), "effective": income.paid.paid_on, "report": income.report}
            changes.append(events.IncomeReported.model_validate({**new, "fact": paid}))
    if before.cost is not None:
        changes += [costs.assessed(tx, before, before.cost, None), costs.assessed(tx, after, None, before.cost)]
    publish_and_audit(tx, *changes)


async def sweep(tx: Tx) -> int:
    """Find wages nobody reported in time: one bounded batch. Returns how many months were looked at."""
    today = tx.clock.today()
    due = [(ledger, ledger.due_period) for ledger in await queries.due_ledgers(tx, today, SWEEP) if ledger.due_period is not None]
    reported = (await queries.standing_incomes(tx, [(ledger.placement, period) for ledger, period in due])).counting
    known = await queries.open_findings(tx, [ledger.placement for ledger, _ in due])
    told = {(finding.placement, finding.period) for finding in known if finding.kind == "missing"}
    found: list[Finding] = []
    changes: list[Event] = []
    following: list[tuple[PlacementId, tuple[Period, date] | None]] = []
    for ledger, period in due:
        abroad = ledger.abroad
        following.append((ledger.placement, domain.next_due(period, abroad, ledger.terms, rules()) if abroad else None))
        if abroad is None or (ledger.placement, period) in reported or (ledger.placement, period) in told:
            continue
        expected = domain.expected_gross(ledger.terms, abroad, period)
        if expected.minor:
            nothing = Money(minor=0, currency=expected.currency)
            finding = Finding(ledger.placement, period, "missing", ledger.enterprise, expected, nothing)
            found.append(finding)
            changes.append(_detected(ledger, finding, today))
    if due:
        await queries.insert_findings(tx, found, today)
        await queries.save_due(tx, following)
        publish_and_audit(tx, *changes)
    return len(due)


# --- single reports --------------------------------------------------------------------------------------------------
async def report_income(tx: Tx, command: commands.ReportIncome) -> views.Income:
    """One report. An enterprise speaks as the employer. Raises PlacementNotFound, NotAbroad, AlreadyReported, DoesNotAddUp, Forbidden."""
    source: domain.Source = "employer" if tx.principal.role is Role.ENTERPRISE else command.source
    [answer] = await enter(tx, [(command.placement, command.amounts.paid(command.period, source))])
    if isinstance(answer, Exception):
        raise answer
    ledger = await queries.ledger(tx, command.placement)
    return views.Income.of(answer, ledger.terms.wage.currency if ledger else answer.paid.gross.currency)


async def correct_income(tx: Tx, report: ReportId, command: commands.CorrectIncome) -> views.Income:
    """The report was wrong. Raises ReportNotFound, ReportNotCounting, DoesNotAddUp, VersionConflict, Forbidden."""
    ledger, income = await _own(tx, report, command.version)
    paid = command.amounts.paid(income.paid.period, income.paid.source)
    domain.check(paid, tx.clock.today())
    corrected = replace(income, paid=paid, version=income.version + 1)
    await queries.amend_income(tx, report, paid)
    about = {**event_fields.codes(ledger), "effective": paid.paid_on, "report": report, "fact": event_fields.fact(paid)}
    publish_and_audit(tx, events.IncomeCorrected.model_validate({**about, "previous": event_fields.fact(income.paid)}))
    await judge(tx, [(ledger, paid)])
    await costs.assess(tx, [ledger])
    return views.Income.of(corrected, ledger.terms.wage.currency)


async def void_income(tx: Tx, report: ReportId, command: commands.VoidIncome) -> views.Income:
    """There was no such payment; the month is looked for again. Raises ReportNotFound, ReportNotCounting, Forbidden."""
    ledger, income = await _own(tx, report, command.version)
    await queries.set_states(tx, [report], ReportState.VOIDED)
    about = {**event_fields.codes(ledger), "effective": tx.clock.today(), "report": report}
    publish_and_audit(
        tx, events.IncomeVoided.model_validate({**about, "previous": event_fields.fact(income.paid), "reason": command.reason})
    )
    await clear(tx, ledger, [one for one in await queries.open_findings(tx, [ledger.placement]) if one.period == income.paid.period])
    period = min(income.paid.period, ledger.due_period or income.paid.period)
    await queries.save_due(tx, [(ledger.placement, (period, domain.missing_from(period, ledger.terms, rules())))])
    await costs.assess(tx, [ledger])
    return views.Income.of(replace(income, state=ReportState.VOIDED, version=income.version + 1), ledger.terms.wage.currency)


async def _own(tx: Tx, report: ReportId, version: int | None) -> tuple[Ledger, Income]:
    """The counting report and its ledger, both held."""
    seen = await queries.income(tx, report)
    if seen is None:
        raise domain.ReportNotFound
    ledger = (await queries.lock_ledgers(tx, [seen.placement]))[seen.placement]
    require_scope(tx.principal, ledger)
    income = await queries.income(tx, report) or seen
    if income.state is not ReportState.COUNTING:
        raise domain.ReportNotCounting(state=income.state.value)
    if version is not None and version != income.version:
        raise domain.StaleVersion(state={"version": income.version})
    return ledger, income


# --- looking ---------------------------------------------------------------------------------------------------------
async def show_ledger(tx: Tx, placement: PlacementId) -> views.Ledger:
    """Raises PlacementNotFound, Forbidden."""
    ledger = await queries.ledger(tx, placement)
    if ledger is None:
        raise domain.PlacementNotFound
    require_scope(tx.principal, ledger)
    return views.Ledger.of(ledger, await queries.incomes(tx, placement), await queries.open_findings(tx, [placement]))


async def orphans(tx: Tx, after: ReportId | None, limit: int) -> views.Incomes:
    """Income of voided dispatches, of workers of the caller's counties: kept until somebody explains the money."""
    rows = await queries.orphans(tx, after, tx.principal.county_prefixes(), limit + 1)
    ledgers = await queries.ledgers(tx, [row.placement for row in rows])
    items = tuple(views.Income.of(row, ledgers[row.placement].terms.wage.currency) for row in rows[:limit])
    return views.Incomes(items=items, next=items[-1].report if len(rows) > limit else None)


async def missing(tx: Tx, enterprise: EnterpriseId | None, after: int, limit: int) -> views.Findings:
    """Wages that nobody reported in time, of workers of the caller's counties."""
    rows = await queries.missing(tx, enterprise, after, tx.principal.county_prefixes(), limit + 1)
    return views.Findings(items=tuple(map(views.Finding.of, rows[:limit])), next=rows[limit - 1].id if len(rows) > limit else None)


async def ledger_history(tx: Tx, placement: PlacementId, after: int, limit: int) -> History:
    """Raises PlacementNotFound, Forbidden."""
    await show_ledger(tx, placement)
    return await changes_of(tx, placement, after, limit)
