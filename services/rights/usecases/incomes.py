"""What was paid: payments as worker, employer or bank report them; those of the best source count, month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from services.rights import commands
from services.rights.domain.errors import DispatchIsVoid, NothingToSupersede, PlacementNotFound, ReportNotFound
from services.rights.domain.incomes import (
    Income,
    Paid,
    ReportState,
    Source,
    UncountedFor,
    Verdict,
    VoidReason,
    check,
    find_same,
    require_abroad,
    require_apart,
    require_counting,
    weigh,
)
from services.rights.domain.ledgers import Ledger, due
from services.rights.queries import incomes, ledgers
from services.rights.settings import policy
from services.rights.usecases.costs import assess_costs, cost_assessed
from services.rights.usecases.event_fields import codes, income_fact
from services.rights.usecases.scope import require_ledger
from services.rights.usecases.shortfalls import Month, clear_not_owed, judge_months
from services.rights.views import incomes as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import not_before
from shared.errors import Refused, require_version
from shared.events import Event
from shared.principals import Forbidden, Role
from shared.reference import require_legal_tender
from shared.values import CorrectionReason, Period, PlacementId, ReportId, new_id


# --- entering reports -------------------------------------------------------------------------------------------------
@dataclass(slots=True, kw_only=True)
class Batch:
    """What entering one batch of reports comes to, before it is written.

    `months`: the reports of each placement and period that count, or would if no better ones did, the new ones included.
    """

    months: dict[Month, list[Income]]
    new: dict[ReportId, Income] = field(default_factory=dict)
    retired: dict[ReportState, list[ReportId]] = field(default_factory=dict)  # reports in the database that count no more
    changes: list[Event] = field(default_factory=list)
    touched: dict[Month, Ledger] = field(default_factory=dict)


async def enter_reports(
    tx: Tx, reports: Sequence[tuple[PlacementId, Paid]], *, supersedes: ReportId | None = None
) -> list[Income | Refused | Forbidden]:
    """Enter reports in order; for each the income it is kept as, or why it is refused. Statements do not grow with reports.

    `supersedes`: of the same source, in whose place a single report comes.
    """
    held = await ledgers.lock(tx, [placement for placement, _ in reports])
    batch = Batch(months=await incomes.list_reported(tx, [(placement, paid.period) for placement, paid in reports]))
    outcomes: list[Income | Refused | Forbidden] = []
    for placement, paid in reports:
        try:
            outcomes.append(_enter(batch, _reportable(tx, held.get(placement), paid), paid, supersedes))
        except (Refused, Forbidden) as refusal:
            outcomes.append(refusal)
    for state, retired in batch.retired.items():
        await incomes.update_states(tx, retired, state)
    await incomes.insert_all(tx, list(batch.new.values()))
    publish_and_audit(tx, *batch.changes)
    await judge_months(tx, batch.touched)
    await assess_costs(tx, list({ledger.placement: ledger for ledger in batch.touched.values()}.values()))
    return outcomes


def _reportable(tx: Tx, ledger: Ledger | None, paid: Paid) -> Ledger:
    if ledger is None:
        raise PlacementNotFound(field="placement")
    require_ledger(tx.principal, ledger)
    _check(tx, paid)
    if ledger.abroad is None:
        raise DispatchIsVoid(field="placement") if ledger.voided else PlacementNotFound(field="placement")
    require_abroad(ledger.abroad, paid.period)
    return ledger


def _check(tx: Tx, paid: Paid) -> None:
    """Raises DoesNotAddUp, PeriodAbsurd, PaidInFuture, CurrencyWithdrawn."""
    check(paid, tx.clock.latest_today())
    require_legal_tender(paid.gross.currency, paid.period)


def _enter(batch: Batch, ledger: Ledger, paid: Paid, supersedes: ReportId | None) -> Income:
    """Raises AlreadyReported, NothingToSupersede."""
    month = ledger.placement, paid.period
    reports = batch.months.setdefault(month, [])
    old = None if supersedes is None else _superseded(reports, supersedes, paid)
    counting = [one for one in reports if one.state is ReportState.COUNTING]
    verdict = weigh(counting, paid)
    # What no better source outranks any more may be reported again.
    outranked = () if verdict is Verdict.WORSE else (ReportState.SUPERSEDED, ReportState.OUTRANKED)
    known = [one for one in reports if one.state not in outranked and one is not old]
    same = find_same(known, paid)
    if same is not None:
        return same
    if verdict is not Verdict.WORSE:
        require_apart(known, paid)
    state = ReportState.OUTRANKED if verdict is Verdict.WORSE else ReportState.COUNTING
    income = Income(report=ReportId(new_id()), placement=ledger.placement, paid=paid, state=state)
    if state is ReportState.COUNTING:
        gone = counting if verdict is Verdict.BETTER else [one for one in counting if one is old]
        batch.changes += _counted(ledger, income, gone, len(counting) - len(gone))
        _retire(batch, month, gone, ReportState.SUPERSEDED)
    if old is not None:
        _retire(batch, month, [old], ReportState.REPLACED)
    batch.months[month].append(income)
    batch.new[income.report] = income
    batch.touched[month] = ledger
    return income


def _superseded(reports: Sequence[Income], supersedes: ReportId, paid: Paid) -> Income:
    """Raises NothingToSupersede."""
    for one in reports:
        if one.report == supersedes and one.paid.source == paid.source and one.state is not ReportState.REPLACED:
            return one
    raise NothingToSupersede(field="supersedes")


def _retire(batch: Batch, month: Month, gone: Sequence[Income], state: ReportState) -> None:
    """These count no more. A report of this very batch is not in the database yet: it is inserted in that state."""
    for one in gone:
        retired = replace(one, state=state)
        batch.months[month] = [retired if other.report == one.report else other for other in batch.months[month]]
        if one.report in batch.new:
            batch.new[one.report] = retired
        else:
            batch.retired.setdefault(state, []).append(one.report)


def _counted(ledger: Ledger, income: Income, gone: Sequence[Income], others: int) -> list[Event]:
    """A report counts, in the place of those that are gone, beside `others` that count already."""
    if not gone:
        return [_reported(ledger, income, further=others > 0)]
    first, *rest = gone
    voids = [_voided(ledger, one, "superseded", income.paid.paid_on, others_count=True) for one in rest]
    return [_corrected(ledger, first, income, "superseded"), *voids]


def _reported(ledger: Ledger, income: Income, *, further: bool) -> Event:
    fact = income_fact(income.paid)
    return events.IncomeReported(report=income.report, fact=fact, further=further, **codes(ledger, income.paid.paid_on))


def _corrected(ledger: Ledger, before: Income, after: Income, reason: CorrectionReason | Literal["superseded"]) -> Event:
    return events.IncomeCorrected(
        report=after.report,
        previous=income_fact(before.paid),
        fact=income_fact(after.paid),
        reason=reason,
        **codes(ledger, after.paid.paid_on),
    )


def _voided(ledger: Ledger, income: Income, reason: VoidReason | UncountedFor, on: date, *, others_count: bool) -> Event:
    previous = income_fact(income.paid)
    return events.IncomeVoided(report=income.report, previous=previous, reason=reason, others_count=others_count, **codes(ledger, on))


def _all_voided(ledger: Ledger, payments: Sequence[Income], reason: UncountedFor, on: date) -> list[Event]:
    """One after the other: a month counts no more with its last payment."""
    left = Counter(income.paid.period for income in payments)
    changes: list[Event] = []
    for income in payments:
        left[income.paid.period] -= 1
        changes.append(_voided(ledger, income, reason, on, others_count=left[income.paid.period] > 0))
    return changes


def _all_reported(ledger: Ledger, payments: Sequence[Income]) -> list[Event]:
    """One after the other: a month counts with its first payment."""
    seen: set[Period] = set()
    changes: list[Event] = []
    for income in payments:
        changes.append(_reported(ledger, income, further=income.paid.period in seen))
        seen.add(income.paid.period)
    return changes


# --- single reports ---------------------------------------------------------------------------------------------------
async def report_income(tx: Tx, command: commands.ReportIncome) -> views.Income:
    """One payment. An enterprise reports as the employer.

    Raises PlacementNotFound, NotAbroad, AlreadyReported, NothingToSupersede, and those of check and of require_ledger.
    """
    source: Source = "employer" if tx.principal.role is Role.ENTERPRISE else command.source
    paid = _paid(command.amounts, command.period, source)
    [outcome] = await enter_reports(tx, [(command.placement, paid)], supersedes=command.supersedes)
    if isinstance(outcome, Exception):
        raise outcome
    ledger = await ledgers.get(tx, command.placement)
    if ledger is None:
        raise PlacementNotFound(field="placement")
    return views.Income.from_income(outcome, ledger.terms)


async def correct_income(tx: Tx, report: ReportId, command: commands.CorrectIncome) -> views.Income:
    """The report was wrong. Raises ReportNotFound, ReportNotCounting, AlreadyReported, VersionConflict, and those of check."""
    ledger, income, others = await _lock_counting(tx, report, command.version)
    paid = _paid(command.amounts, income.paid.period, income.paid.source)
    _check(tx, paid)
    require_apart(others, paid)
    corrected = replace(income, paid=paid, version=income.version + 1)
    await incomes.update_amounts(tx, report, paid)
    publish_and_audit(tx, _corrected(ledger, income, corrected, command.reason))
    await judge_months(tx, {(ledger.placement, paid.period): ledger})
    await assess_costs(tx, [ledger])
    return views.Income.from_income(corrected, ledger.terms)


async def void_income(tx: Tx, report: ReportId, command: commands.VoidIncome) -> views.Income:
    """There was no such payment; a month without any is looked for again.

    Raises ReportNotFound, ReportNotCounting, VersionConflict, Forbidden.
    """
    ledger, income, others = await _lock_counting(tx, report, command.version)
    period = income.paid.period
    await incomes.update_states(tx, [report], ReportState.VOIDED)
    publish_and_audit(tx, _voided(ledger, income, command.reason, tx.clock.today(), others_count=bool(others)))
    if others:
        await judge_months(tx, {(ledger.placement, period): ledger})
    else:
        await clear_not_owed(tx, ledger, lambda one: one == period)
        first = min(period, ledger.due_period or period)
        await ledgers.update_due(tx, {ledger.placement: due(first, ledger.terms, policy().rights_missing_after_days)})
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
        reference=amounts.reference,
    )


async def _lock_counting(tx: Tx, report: ReportId, version: int | None) -> tuple[Ledger, Income, list[Income]]:
    """The counting report, the other payments of its month that count, and the ledger whose lock holds them."""
    seen = await incomes.get(tx, report)
    if seen is None:
        raise ReportNotFound
    ledger = (await ledgers.lock(tx, [seen.placement]))[seen.placement]
    require_ledger(tx.principal, ledger)
    income = await incomes.get(tx, report) or seen
    require_counting(income)
    require_version(version, income.version)
    month = income.placement, income.paid.period
    reports = (await incomes.list_reported(tx, [month]))[month]
    return ledger, income, [one for one in reports if one.state is ReportState.COUNTING and one.report != report]


# --- reactions to the dispatch ----------------------------------------------------------------------------------------
async def recode(tx: Tx, before: Ledger, after: Ledger) -> None:
    """Income is counted by its departure's codes: voided under the old ones and reported again under the new, where they differ."""
    await not_before(tx, [after.placement])
    today = tx.clock.today()
    if codes(before, today) == codes(after, today):
        return
    counting = await incomes.list_counting(tx, after.placement)
    changes = [*_all_voided(before, counting, "dispatch_corrected", today), *_all_reported(after, counting)]
    if before.cost is not None:
        changes += [cost_assessed(tx, before, before.cost, None), cost_assessed(tx, after, None, before.cost)]
    publish_and_audit(tx, *changes)


async def orphan(tx: Tx, ledger: Ledger) -> None:
    """The dispatch is void: its income counts no more, and is kept until somebody explains the money."""
    counting = await incomes.list_counting(tx, ledger.placement)
    await incomes.update_orphaned(tx, [income.report for income in counting])
    await not_before(tx, [ledger.placement])
    publish_and_audit(tx, *_all_voided(ledger, counting, "dispatch_voided", tx.clock.today()))
