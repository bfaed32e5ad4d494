"""What was paid: reports by worker, employer or bank, of which one counts per placement and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.rights import commands
from services.rights.domain.errors import DispatchIsVoid, PlacementNotFound, ReportNotFound
from services.rights.domain.incomes import (
    Income,
    Paid,
    ReportState,
    Source,
    Verdict,
    check,
    conflicts,
    require_abroad,
    require_counting,
    weigh,
)
from services.rights.domain.ledgers import Ledger, due
from services.rights.queries import incomes, ledgers
from services.rights.settings import policy
from services.rights.usecases.cases import open_conflict
from services.rights.usecases.costs import assess_costs, cost_assessed
from services.rights.usecases.event_fields import codes, income_fact
from services.rights.usecases.scope import require_ledger
from services.rights.usecases.shortfalls import clear_not_owed, update_shortfalls
from services.rights.views import incomes as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.errors import Refused, require_version
from shared.events import Event
from shared.paging import page
from shared.principals import Forbidden, Role
from shared.values import Period, PlacementId, ReportId, new_id


# --- entering reports -------------------------------------------------------------------------------------------------
@dataclass(slots=True, kw_only=True)
class Batch:
    """What entering one batch of reports comes to, before it is written."""

    counting: dict[tuple[PlacementId, Period], Income]
    others: dict[tuple[PlacementId, Paid], Income]  # reports that do not count
    incomes: list[Income] = field(default_factory=list)
    superseded: list[ReportId] = field(default_factory=list)
    changes: list[Event] = field(default_factory=list)
    compared: list[tuple[Ledger, Paid]] = field(default_factory=list)
    conflicts: list[tuple[Ledger, Paid]] = field(default_factory=list)


async def enter_reports(tx: Tx, reports: Sequence[tuple[PlacementId, Paid]]) -> list[Income | Refused | Forbidden]:
    """Enter reports in order; for each the income it is kept as, or why it is refused. Statements do not grow with reports."""
    held = await ledgers.lock(tx, [placement for placement, _ in reports])
    known = await incomes.list_reported(tx, [(placement, paid.period) for placement, paid in reports])
    batch = Batch(counting=known.counting, others={_same(one.placement, one.paid): one for one in known.others})
    outcomes: list[Income | Refused | Forbidden] = []
    for placement, paid in reports:
        try:
            outcomes.append(_enter(batch, _reportable(tx, held.get(placement), paid), paid))
        except (Refused, Forbidden) as refusal:
            outcomes.append(refusal)
    await incomes.update_states(tx, batch.superseded, ReportState.SUPERSEDED)
    await incomes.insert_all(tx, batch.incomes)
    publish_and_audit(tx, *batch.changes)
    await update_shortfalls(tx, batch.compared)
    await assess_costs(tx, [ledger for ledger, _ in batch.compared])
    for ledger, paid in batch.conflicts:
        await open_conflict(tx, ledger, paid.period)
    return outcomes


def _reportable(tx: Tx, ledger: Ledger | None, paid: Paid) -> Ledger:
    if ledger is None:
        raise PlacementNotFound(field="placement")
    require_ledger(tx.principal, ledger)
    check(paid, tx.clock.today())
    if ledger.abroad is None:
        raise DispatchIsVoid(field="placement") if ledger.voided else PlacementNotFound(field="placement")
    require_abroad(ledger.abroad, paid.period)
    return ledger


def _same(placement: PlacementId, paid: Paid) -> tuple[PlacementId, Paid]:
    """What two reports have in common that are the same; the day of payment may differ."""
    return placement, replace(paid, paid_on=date.min)


def _enter(batch: Batch, ledger: Ledger, paid: Paid) -> Income:
    before = batch.counting.get((ledger.placement, paid.period))
    verdict = weigh(before.paid if before else None, paid)
    if before is not None and verdict is Verdict.SAME:
        return before
    other = batch.others.get(_same(ledger.placement, paid))
    if other is not None and verdict is Verdict.WORSE:
        return other
    if before is not None and conflicts(before.paid, paid):
        batch.conflicts.append((ledger, paid))
    state = ReportState.OUTRANKED if verdict is Verdict.WORSE else ReportState.COUNTING
    income = Income(report=ReportId(new_id()), placement=ledger.placement, paid=paid, state=state)
    batch.incomes.append(income)
    if verdict is Verdict.WORSE:
        batch.others[_same(ledger.placement, paid)] = income
        return income
    batch.counting[ledger.placement, paid.period] = income
    batch.compared.append((ledger, paid))
    if before is None:
        batch.changes.append(_reported(ledger, income))
    else:
        _supersede(batch, before)
        batch.changes.append(_corrected(ledger, before, income))
    return income


def _supersede(batch: Batch, before: Income) -> None:
    """A report of this very batch is not in the database yet: it is inserted as superseded."""
    for index, income in enumerate(batch.incomes):
        if income.report == before.report:
            batch.incomes[index] = replace(income, state=ReportState.SUPERSEDED)
            return
    batch.superseded.append(before.report)


def _reported(ledger: Ledger, income: Income) -> Event:
    return events.IncomeReported(report=income.report, fact=income_fact(income.paid), **codes(ledger, income.paid.paid_on))


def _corrected(ledger: Ledger, before: Income, after: Income) -> Event:
    return events.IncomeCorrected(
        report=after.report,
        previous=income_fact(before.paid),
        fact=income_fact(after.paid),
        **codes(ledger, after.paid.paid_on),
    )


def _voided(ledger: Ledger, income: Income, reason: str, today: date) -> Event:
    return events.IncomeVoided(report=income.report, previous=income_fact(income.paid), reason=reason, **codes(ledger, today))


# --- single reports ---------------------------------------------------------------------------------------------------
async def report_income(tx: Tx, command: commands.ReportIncome) -> views.Income:
    """One report. An enterprise reports as the employer. Raises PlacementNotFound, NotAbroad, AlreadyReported, DoesNotAddUp, Forbidden."""
    source: Source = "employer" if tx.principal.role is Role.ENTERPRISE else command.source
    [outcome] = await enter_reports(tx, [(command.placement, _paid(command.amounts, command.period, source))])
    if isinstance(outcome, Exception):
        raise outcome
    ledger = await ledgers.get(tx, command.placement)
    if ledger is None:
        raise PlacementNotFound(field="placement")
    return views.Income.from_income(outcome, ledger.terms)


async def correct_income(tx: Tx, report: ReportId, command: commands.CorrectIncome) -> views.Income:
    """The report was wrong. Raises ReportNotFound, ReportNotCounting, DoesNotAddUp, VersionConflict, Forbidden."""
    ledger, income = await _lock_counting(tx, report, command.version)
    paid = _paid(command.amounts, income.paid.period, income.paid.source)
    check(paid, tx.clock.today())
    corrected = replace(income, paid=paid, version=income.version + 1)
    await incomes.update_amounts(tx, report, paid)
    publish_and_audit(tx, _corrected(ledger, income, corrected))
    await update_shortfalls(tx, [(ledger, paid)])
    await assess_costs(tx, [ledger])
    return views.Income.from_income(corrected, ledger.terms)


async def void_income(tx: Tx, report: ReportId, command: commands.VoidIncome) -> views.Income:
    """There was no such payment; the month is looked for again. Raises ReportNotFound, ReportNotCounting, VersionConflict, Forbidden."""
    ledger, income = await _lock_counting(tx, report, command.version)
    await incomes.update_states(tx, [report], ReportState.VOIDED)
    publish_and_audit(tx, _voided(ledger, income, command.reason, tx.clock.today()))
    await clear_not_owed(tx, ledger, lambda period: period == income.paid.period)
    period = min(income.paid.period, ledger.due_period or income.paid.period)
    await ledgers.update_due(tx, {ledger.placement: due(period, ledger.terms, policy().rights_missing_after_days)})
    await assess_costs(tx, [ledger])
    return views.Income.from_income(replace(income, state=ReportState.VOIDED, version=income.version + 1), ledger.terms)


def _paid(amounts: commands.Amounts, period: Period, source: Source) -> Paid:
    return Paid(
        period=period,
        gross=amounts.gross,
        deductions=amounts.deductions,
        net=amounts.net,
        remitted=amounts.remitted,
        paid_on=amounts.paid_on,
        source=source,
    )


async def _lock_counting(tx: Tx, report: ReportId, version: int | None) -> tuple[Ledger, Income]:
    """The counting report and its ledger, whose lock holds both."""
    seen = await incomes.get(tx, report)
    if seen is None:
        raise ReportNotFound
    ledger = (await ledgers.lock(tx, [seen.placement]))[seen.placement]
    require_ledger(tx.principal, ledger)
    income = await incomes.get(tx, report) or seen
    require_counting(income)
    require_version(version, income.version)
    return ledger, income


# --- reactions to the dispatch ----------------------------------------------------------------------------------------
async def recode(tx: Tx, before: Ledger, after: Ledger) -> None:
    """Income is counted by its departure's codes: voided under the old ones and reported again under the new, where they differ."""
    today = tx.clock.today()
    if codes(before, today) == codes(after, today):
        return
    changes: list[Event] = []
    for income in await incomes.list_counting(tx, after.placement):
        changes += [_voided(before, income, "dispatch_corrected", today), _reported(after, income)]
    if before.cost is not None:
        changes += [cost_assessed(tx, before, before.cost, None), cost_assessed(tx, after, None, before.cost)]
    publish_and_audit(tx, *changes)


async def orphan(tx: Tx, ledger: Ledger) -> None:
    """The dispatch is void: its income counts no more, and is kept until somebody explains the money."""
    counting = await incomes.list_counting(tx, ledger.placement)
    await incomes.update_states(tx, [income.report for income in counting], ReportState.ORPHANED)
    publish_and_audit(tx, *(_voided(ledger, income, "dispatch_voided", tx.clock.today()) for income in counting))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_orphaned(tx: Tx, after: ReportId | None, limit: int) -> views.Incomes:
    """Income of voided dispatches, of workers of the caller's counties."""
    found = await incomes.list_orphaned(tx, after, tx.principal.county_prefixes(), limit + 1)
    items, following = page(found, limit, lambda income: income.report)
    held = await ledgers.list_(tx, [income.placement for income in items])
    shown = tuple(views.Income.from_income(income, held[income.placement].terms) for income in items)
    return views.Incomes(items=shown, next=following)
