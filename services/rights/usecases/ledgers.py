"""Ledgers follow docking: a wage is due from departure to return, and for no voided dispatch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.rights.domain.errors import PlacementNotFound
from services.rights.domain.ledgers import Abroad, Ledger, NewTerms, Terms, due, first_due, remaining_due
from services.rights.queries import incomes, ledgers, merges, shortfalls
from services.rights.settings import policy
from services.rights.usecases.costs import assess_costs
from services.rights.usecases.fees import charge_contract_fee
from services.rights.usecases.incomes import orphan, recode
from services.rights.usecases.roll_calls import follow_stay
from services.rights.usecases.scope import require_ledger
from services.rights.usecases.shortfalls import clear_not_owed, judge_months
from services.rights.views import ledgers as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of
from shared.delivery.consumer import Reject
from shared.events import DispatchFact, EventEnvelope, Evidence, ReturnFact
from shared.values import PROGRAMME_ZONE, PlacementId, next_period, period_of


async def open_ledger(tx: Tx, event: EventEnvelope[events.ContractRegistered]) -> None:
    """The contract states what is owed."""
    contract = event.data
    terms = Terms(
        wage=contract.wage,
        wage_period=contract.wage_period,
        days_per_month=contract.days_per_month,
        pay_day=contract.pay_day,
        deductions_max=contract.deductions_max,
    )
    ledger = Ledger(
        placement=contract.placement,
        worker=await merges.lock_current(tx, contract.worker),
        enterprise=contract.enterprise,
        county=contract.origin.county,
        designation=contract.origin.designation,
        designation_version=contract.origin.designation_version,
        destination=contract.destination,
        occupation=contract.occupation,
        channel=contract.channel,
        terms=terms,
        fee=await charge_contract_fee(tx, contract),
    )
    await ledgers.insert(tx, ledger)


async def start_wages(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """From the departure a wage is due. Whoever was abroad before this system came owes it reports from the next month only."""
    before = await _lock(tx, event.data.placement)
    ledger = _with_stay(before, event.data.fact, None)
    wait = policy().rights_missing_after_days
    due_next = first_due(Abroad(event.data.fact.departed_on, None), ledger.terms, wait)
    if event.data.fact.evidence is Evidence.ADOPTED:
        taken_over = period_of(event.time.astimezone(PROGRAMME_ZONE).date())
        due_next = due(next_period(taken_over), ledger.terms, wait)
    await ledgers.update_dispatch(tx, ledger, due_next)
    await follow_stay(tx, before, ledger)


async def end_wages(tx: Tx, event: EventEnvelope[events.Returned]) -> None:
    """The last month is paid by its days, and nothing is due after it."""
    before = await _lock(tx, event.data.placement)
    await _recheck_stay(tx, before, replace(before, returned_on=event.data.fact.returned_on))


async def correct_return(tx: Tx, event: EventEnvelope[events.ReturnCorrected]) -> None:
    """Wages are due to the corrected day: nothing is missing after it, and what was not looked for yet is."""
    before = await _lock(tx, event.data.placement)
    ledger = _with_stay(before, event.data.dispatch, event.data.fact)
    if event.data.dispatch.evidence is not Evidence.ADOPTED:
        ledger = replace(ledger, due_period=period_of(event.data.dispatch.departed_on))
    elif ledger.due_period is None:  # looked for up to the return, from the month after the takeover
        ledger = replace(ledger, due_period=period_of(event.data.previous.returned_on))
    await _recheck_stay(tx, before, ledger)


async def correct_dispatch(tx: Tx, event: EventEnvelope[events.DispatchCorrected]) -> None:
    """The days abroad and the codes are others than recorded; wages reported so far stand, under the new codes and by the new days."""
    before = await _lock(tx, event.data.placement)
    ledger = _with_stay(before, event.data.fact, event.data.returned)
    await recode(tx, before, ledger)
    if ledger.abroad is not None and event.data.fact.evidence is not Evidence.ADOPTED:
        # Looked for from the start again: months that are reported, or known to be missing, are passed over.
        ledger = replace(ledger, due_period=period_of(event.data.fact.departed_on))
    await _recheck_stay(tx, before, ledger)


async def void_dispatch(tx: Tx, event: EventEnvelope[events.DispatchVoided]) -> None:
    """Nobody left: nothing is due, and income already reported counts no more and waits among the orphans for an explanation."""
    before = await _lock(tx, event.data.placement)
    ledger = replace(before, voided=True)
    await _update(tx, before, ledger)
    await orphan(tx, ledger)
    await assess_costs(tx, [ledger])
    await clear_not_owed(tx, ledger, lambda _: True)


async def transfer_employer(tx: Tx, event: EventEnvelope[events.EmployerTransferred]) -> None:
    """Another employer owes the wage from that day on, on terms that may be others."""
    data, before = event.data, await _lock(tx, event.data.placement)
    terms = Terms(
        wage=data.fact.wage,
        wage_period=data.fact.wage_period,
        days_per_month=data.fact.days_per_month,
        pay_day=data.fact.pay_day,
        deductions_max=data.fact.deductions_max,
    )
    new = NewTerms(change=str(data.change), since=data.fact.since, terms=terms)
    await _set_transfers(tx, before, (*(one for one in before.transfers if one.change != new.change), new), since=new.since)


async def void_transfer(tx: Tx, event: EventEnvelope[events.TransferVoided]) -> None:
    """The terms before hold again."""
    before = await _lock(tx, event.data.placement)
    in_force = tuple(one for one in before.transfers if one.change != str(event.data.change))
    await _set_transfers(tx, before, in_force, since=event.data.previous.since)


async def _set_transfers(tx: Tx, before: Ledger, transfers: tuple[NewTerms, ...], *, since: date) -> None:
    """Months from that day on are compared anew; those found missing are looked for again, since another wage is missing."""
    ledger, affected = replace(before, transfers=transfers), period_of(since)
    await ledgers.update_transfers(tx, ledger.placement, transfers)
    found = await shortfalls.list_open(tx, [ledger.placement])
    missing = [one.period for one in found if one.kind == "missing" and one.period >= affected]
    await clear_not_owed(tx, ledger, lambda period: period >= affected)
    if missing:
        ledger = replace(ledger, due_period=min(filter(None, (*missing, ledger.due_period))))
    await _recheck_stay(tx, before, ledger)


async def _recheck_stay(tx: Tx, before: Ledger, ledger: Ledger) -> None:
    """Other days abroad: a shortfall of days at home is not owed, and what was paid is compared again."""
    await _update(tx, before, ledger)
    abroad = ledger.abroad
    if abroad is None:
        return
    await clear_not_owed(tx, ledger, lambda period: not abroad.days_in(period))
    periods = {income.paid.period for income in await incomes.list_counting(tx, ledger.placement)}
    # Not grouped: a reaction that waited for an enterprise could wait in a circle with a payroll. The next report groups.
    await judge_months(tx, {(ledger.placement, period): ledger for period in sorted(periods)}, grouping=False)
    await assess_costs(tx, [ledger])


async def _lock(tx: Tx, placement: PlacementId) -> Ledger:
    found = await ledgers.lock(tx, [placement])
    if placement not in found:
        raise Reject("no_contract", f"no contract was registered for placement {placement}")
    return found[placement]


def _with_stay(ledger: Ledger, fact: DispatchFact, returned: ReturnFact | None) -> Ledger:
    return replace(
        ledger,
        departed_on=fact.departed_on,
        returned_on=returned.returned_on if returned else None,
        county=fact.origin.county,
        designation=fact.origin.designation,
        designation_version=fact.origin.designation_version,
        destination=fact.destination,
        occupation=fact.occupation,
        channel=fact.channel,
    )


async def _update(tx: Tx, before: Ledger, ledger: Ledger) -> None:
    """The days abroad, and who is to be accounted for in an emergency."""
    await ledgers.update_dispatch(tx, ledger, remaining_due(ledger, policy().rights_missing_after_days))
    await follow_stay(tx, before, ledger)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_ledger(tx: Tx, placement: PlacementId) -> views.Ledger:
    """Raises PlacementNotFound, Forbidden."""
    ledger = await ledgers.get(tx, placement)
    if ledger is None:
        raise PlacementNotFound
    require_ledger(tx.principal, ledger)
    reports, findings = await incomes.list_(tx, placement), await shortfalls.list_open(tx, [placement])
    return views.Ledger.from_ledger(ledger, reports, findings)


async def ledger_history(tx: Tx, placement: PlacementId, after: int, limit: int) -> History:
    """Raises PlacementNotFound, Forbidden."""
    await show_ledger(tx, placement)
    return await changes_of(tx, placement, after, limit)
