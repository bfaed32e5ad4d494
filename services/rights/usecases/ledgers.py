"""Reactions to docking: a wage is due from departure to return, and for no voided dispatch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.rights import domain, queries
from services.rights.domain import Abroad, ReportState, Terms
from services.rights.queries import Income, Ledger
from services.rights.settings import rules
from services.rights.usecases import costs, event_fields, incomes
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject
from shared.events import DispatchFact, Event, EventEnvelope, Evidence, ReturnFact
from shared.values import PROGRAMME_ZONE, Period, PlacementId, first_day, next_period, period_of


async def open_ledger(tx: Tx, event: EventEnvelope[events.ContractRegistered]) -> None:
    """The contract says what is owed."""
    of = event.data
    terms = Terms(of.wage, of.wage_period, of.days_per_month, of.pay_day, of.deductions_max)
    await queries.save_ledger(
        tx,
        Ledger(
            of.placement,
            of.worker,
            of.enterprise,
            of.origin,
            of.destination,
            of.occupation,
            of.channel,
            terms,
            departed_on=None,
            returned_on=None,
            voided=False,
            due_period=None,
            fee=of.service_fee,
        ),
    )


async def start_wages(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """From the departure a wage is due. Whoever was abroad before this system came owes it reports from the next month only."""
    ledger = _with_stay(await _locked(tx, event.data.placement), event.data.fact, None)
    abroad = Abroad(event.data.fact.departed_on, None)
    due = domain.first_due(abroad, ledger.terms, rules())
    if event.data.fact.evidence is Evidence.ADOPTED:
        taken_over = next_period(period_of(event.time.astimezone(PROGRAMME_ZONE).date()))
        due = taken_over, domain.missing_from(taken_over, ledger.terms, rules())
    await queries.save_dispatch(tx, ledger, due)


async def end_wages(tx: Tx, event: EventEnvelope[events.Returned]) -> None:
    """The last month is paid by its days, and nothing is due after it."""
    ledger = await _locked(tx, event.data.placement)
    await _recheck_stay(tx, replace(ledger, returned_on=event.data.fact.returned_on))


async def correct_dispatch(tx: Tx, event: EventEnvelope[events.DispatchCorrected]) -> None:
    """The days abroad and the codes are others than recorded; wages reported so far stand, under the new codes and by the new days."""
    before = await _locked(tx, event.data.placement)
    ledger = _with_stay(before, event.data.fact, event.data.returned)
    await incomes.recode(tx, before, ledger)
    if ledger.abroad is not None and event.data.fact.evidence is not Evidence.ADOPTED:
        # Looked for from the start again: months that are reported, or known to be missing, are passed over.
        ledger = replace(ledger, due_period=period_of(event.data.fact.departed_on))
    await _recheck_stay(tx, ledger)


async def void_dispatch(tx: Tx, event: EventEnvelope[events.DispatchVoided]) -> None:
    """Nobody left: nothing is due, and income already reported counts no more and waits among the orphans for an explanation."""
    ledger = replace(await _locked(tx, event.data.placement), voided=True)
    await _save(tx, ledger)
    counting = await _counting(tx, ledger)
    await queries.set_states(tx, [one.report for one in counting], ReportState.ORPHANED)
    publish_and_audit(tx, *(_uncounted(tx, ledger, one, "dispatch_voided") for one in counting))
    await costs.assess(tx, [ledger])
    await incomes.clear(tx, ledger, await queries.open_findings(tx, [ledger.placement]))


async def _recheck_stay(tx: Tx, ledger: Ledger) -> None:
    """Other days abroad: what was found for days at home is moot, and what was paid is measured again."""
    await _save(tx, ledger)
    abroad = ledger.abroad
    if abroad is None:
        return
    findings = await queries.open_findings(tx, [ledger.placement])
    await incomes.clear(tx, ledger, [one for one in findings if not abroad.days_in(one.period)])
    counting = [one.paid for one in await _counting(tx, ledger)]
    # Not grouped: a reaction that waited for an enterprise could wait in a circle with a payroll. The next report groups.
    await incomes.judge(tx, [(ledger, paid) for paid in counting if abroad.days_in(paid.period)], grouping=False)
    await costs.assess(tx, [ledger])


async def _counting(tx: Tx, ledger: Ledger) -> list[Income]:
    return [one for one in await queries.incomes(tx, ledger.placement) if one.state is ReportState.COUNTING]


def _uncounted(tx: Tx, ledger: Ledger, income: Income, reason: str) -> Event:
    about = {**event_fields.codes(ledger), "effective": tx.clock.today(), "report": income.report, "reason": reason}
    return events.IncomeVoided.model_validate({**about, "previous": event_fields.fact(income.paid)})


async def _locked(tx: Tx, placement: PlacementId) -> Ledger:
    found = await queries.lock_ledgers(tx, [placement])
    if placement not in found:
        raise Reject("no_contract", f"no contract was registered for placement {placement}")
    return found[placement]


def _with_stay(ledger: Ledger, fact: DispatchFact, returned: ReturnFact | None) -> Ledger:
    return replace(
        ledger,
        departed_on=fact.departed_on,
        returned_on=returned.returned_on if returned else None,
        origin=fact.origin,
        destination=fact.destination,
        occupation=fact.occupation,
        channel=fact.channel,
    )


async def _save(tx: Tx, ledger: Ledger) -> None:
    await queries.save_dispatch(tx, ledger, _due(ledger))


def _due(ledger: Ledger) -> tuple[Period, date] | None:
    """What is looked for next, as far as it still lies within the days abroad."""
    abroad, period = ledger.abroad, ledger.due_period
    if abroad is None or period is None or (abroad.returned_on is not None and first_day(period) > abroad.returned_on):
        return None
    return period, domain.missing_from(period, ledger.terms, rules())
