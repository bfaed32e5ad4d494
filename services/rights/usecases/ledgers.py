"""Ledgers follow docking: a wage is due from departure to return, and for no voided dispatch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.rights.domain.errors import PlacementNotFound
from services.rights.domain.ledgers import Abroad, Due, Ledger, NewTerms, Terms, due, first_due, remaining_due
from services.rights.queries import incomes, ledgers, merges, shortfalls
from services.rights.settings import policy
from services.rights.usecases.costs import assess_costs, cost_assessed, measured
from services.rights.usecases.fees import charge_contract_fees
from services.rights.usecases.incomes import orphan, recode
from services.rights.usecases.roll_calls import follow_stay, follow_stays
from services.rights.usecases.scope import require_ledger
from services.rights.usecases.shortfalls import clear_not_owed, judge_months
from services.rights.views import ledgers as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.delivery.consumer import Reject, because_of
from shared.events import DispatchFact, EventEnvelope, Evidence, ReturnFact
from shared.values import PROGRAMME_ZONE, Money, Period, PlacementId, WorkerId, next_period, period_of


async def open_ledgers(tx: Tx, registered: Sequence[EventEnvelope[events.ContractRegistered]]) -> None:
    """Each contract states what is owed."""
    contracts = [one.data for one in registered]
    workers = await merges.lock_all_current(tx, [contract.worker for contract in contracts])
    fees = await charge_contract_fees(tx, contracts)
    await ledgers.insert_all(tx, [_ledger(one, workers[one.worker], fees[one.placement]) for one in contracts])


def _ledger(contract: events.ContractRegistered, worker: WorkerId, fee: Money | None) -> Ledger:
    terms = Terms(
        wage=contract.wage,
        wage_period=contract.wage_period,
        days_per_month=contract.days_per_month,
        pay_day=contract.pay_day,
        deductions_max=contract.deductions_max,
    )
    return Ledger(
        placement=contract.placement,
        worker=worker,
        enterprise=contract.enterprise,
        county=contract.origin.county,
        designation=contract.origin.designation,
        designation_version=contract.origin.designation_version,
        destination=contract.destination,
        occupation=contract.occupation,
        channel=contract.channel,
        terms=terms,
        fee=fee,
    )


async def start_wages(tx: Tx, departures: Sequence[EventEnvelope[events.Dispatched]]) -> None:
    """From the departure a wage is due."""
    before = await _lock_all(tx, [one.data.placement for one in departures])
    started = [(one, before[one.data.placement], _with_stay(before[one.data.placement], one.data.fact, None)) for one in departures]
    await ledgers.update_dispatches(tx, [(ledger, _first_due(one, ledger)) for one, _, ledger in started])
    await follow_stays(tx, started)


def _first_due(departure: EventEnvelope[events.Dispatched], ledger: Ledger) -> Due:
    """Whoever was abroad before this system came owes it reports from the next month only."""
    wait, fact = policy().rights_missing_after_days, departure.data.fact
    if fact.evidence is Evidence.ADOPTED:
        return due(next_period(period_of(departure.time.astimezone(PROGRAMME_ZONE).date())), ledger.terms, wait)
    return first_due(Abroad(fact.departed_on, None), ledger.terms, wait)


async def end_wages(tx: Tx, returns: Sequence[EventEnvelope[events.Returned]]) -> None:
    """The last month is paid by its days, and nothing is due after it. What was owed for earlier months stays the same."""
    before = await _lock_all(tx, [one.data.placement for one in returns])
    after = {one.data.placement: replace(before[one.data.placement], returned_on=one.data.fact.returned_on) for one in returns}
    wait = policy().rights_missing_after_days
    await ledgers.update_dispatches(tx, [(ledger, remaining_due(ledger, wait)) for ledger in after.values()])
    await follow_stays(tx, [(one, before[one.data.placement], after[one.data.placement]) for one in returns])
    counted = [ledger for ledger in after.values() if ledger.abroad is not None]
    found = {one.placement for one in await shortfalls.list_open(tx, [ledger.placement for ledger in counted])}
    paid = await incomes.list_periods(tx, {ledger.placement: _first_changed(before[ledger.placement], ledger) for ledger in counted})
    costs = {was.placement: now.cost for was, now in await measured(tx, counted)}
    for one in returns:
        placement = one.data.placement
        because_of(tx, one)
        if placement in found or placement in paid:
            await _recheck_months(tx, after[placement], paid.get(placement, ()))
        if placement in costs:
            publish_and_audit(tx, cost_assessed(tx, after[placement], after[placement].cost, costs[placement]))


def _first_changed(before: Ledger, after: Ledger) -> Period:
    """The first month that is owed by other days."""
    return min(period_of(day) for day in (before.returned_on, after.returned_on) if day is not None)


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
    if ledger.abroad is None:
        return
    await _recheck_months(tx, ledger, sorted({income.paid.period for income in await incomes.list_counting(tx, ledger.placement)}))
    await assess_costs(tx, [ledger])


async def _recheck_months(tx: Tx, ledger: Ledger, periods: Sequence[Period]) -> None:
    """What is found in months without a day abroad is not owed; what was paid for these periods is compared again."""
    abroad = ledger.abroad
    await clear_not_owed(tx, ledger, lambda period: not (abroad and abroad.days_in(period)))
    # Not grouped: a reaction that waited for an enterprise could wait in a circle with a payroll. The next report groups.
    await judge_months(tx, {(ledger.placement, period): ledger for period in periods}, grouping=False)


async def _lock(tx: Tx, placement: PlacementId) -> Ledger:
    return (await _lock_all(tx, [placement]))[placement]


async def _lock_all(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    """Rejects a placement without a contract."""
    found = await ledgers.lock(tx, placements)
    for placement in placements:
        if placement not in found:
            raise Reject("no_contract", f"no contract was registered for placement {placement}")
    return found


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
    await ledgers.update_dispatches(tx, [(ledger, remaining_due(ledger, policy().rights_missing_after_days))])
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
