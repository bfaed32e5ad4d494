"""Departures and returns, their corrections, and who counts as a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.docking import commands
from services.docking.domain import errors
from services.docking.domain.dispatches import Dispatch, Evidence, changed, recount, require_apart, with_return
from services.docking.domain.enterprises import require_active_on
from services.docking.domain.placements import Placement, PlacementState, Step, require_correction, require_departure, state_after
from services.docking.domain.workers import Worker
from services.docking.queries import dispatches, enterprises, orders, workers
from services.docking.usecases.arrivals import void_arrivals
from services.docking.usecases.contract_changes import void_changes
from services.docking.usecases.emergencies import require_safe
from services.docking.usecases.event_fields import corrections, dispatch_fact, return_corrected, return_fact
from services.docking.usecases.intention_matches import release_matches
from services.docking.usecases.managers import review_managers
from services.docking.usecases.placements import load, save
from services.docking.views import placements as views
from shared import events, reference
from shared.db import Tx
from shared.events import ReturnFact
from shared.principals import require_county
from shared.values import CorrectionReason, CountyCode, Designation, PlacementId


async def record_departure(tx: Tx, placement: PlacementId, command: commands.RecordDeparture) -> views.Placement:
    """Counts once, at exit, with evidence.

    Raises IllegalStep, VisaRefused, FutureDay, BeforeMatch, ClearanceNotValid, CountryInEmergency, EnterpriseNotActive, and those of load.
    """
    found = await load(tx, placement, command.version)
    state = state_after(found.state, Step.DEPART)
    if command.visa in ("business", "tourist", "study"):
        raise errors.VisaRefused(field="visa")
    await require_safe(tx, found.destination, command.departed_on)
    require_departure(found, command.departed_on, tx.clock.today())
    await _require_active(tx, found, command.departed_on)
    worker = await workers.lock(tx, found.worker)
    if worker is None:
        raise errors.WorkerNotFound
    await orders.update_filled(tx, found.order)
    [worker] = await workers.list_as_of(tx, [(worker, command.departed_on)])
    before = await dispatches.lock_counted(tx, [found.worker])
    departure = uncounted(found, worker, departed_on=command.departed_on, port=command.port, evidence=command.evidence)
    now = recount([*before, departure])
    departure = now[placement]
    changes = changed(before, now)
    await dispatches.update_all(tx, [later for _, later in changes])
    await dispatches.insert_all(tx, [departure])
    dispatched = events.Dispatched(placement=placement, worker=found.worker, fact=dispatch_fact(departure))
    gone = replace(found, state=state, due=None, since=command.departed_on)
    gone = await save(tx, gone, *corrections(changes, "late_earlier_departure"), dispatched)
    await review_managers(tx, departure)
    return views.placement(gone, departure=departure)


async def _require_active(tx: Tx, placement: Placement, departed_on: date) -> None:
    """E1. Raises EnterpriseNotFound, EnterpriseNotActive."""
    enterprise = await enterprises.get(tx, placement.enterprise)
    if enterprise is None:
        raise errors.EnterpriseNotFound
    was_suspended = await enterprises.get_was_suspended(tx, placement.enterprise, departed_on)
    require_active_on(enterprise, departed_on, was_suspended=was_suspended)


def uncounted(placement: Placement, worker: Worker, *, departed_on: date, port: str, evidence: Evidence) -> Dispatch:
    """A departure not yet counted: its flags come from recount(). `worker`: as of that day."""
    departure = Dispatch(
        placement=placement.id,
        worker=placement.worker,
        enterprise=placement.enterprise,
        departed_on=departed_on,
        port=port,
        destination=placement.destination,
        occupation=placement.occupation,
        channel=placement.channel,
        county=worker.county,
        designation=Designation.UNCLASSIFIED,
        designation_version="",
        household_status=worker.household_status,
        sex=worker.sex,
        birth_year=worker.birth_year,
        first_ever=False,
        first_this_year=False,
        evidence=evidence,
        registered_on=placement.registered_on,
        matched_on=None if placement.adopted else placement.matched_on,
    )
    return designated(departure, worker.county, departed_on)


def designated(one: Dispatch, county: CountyCode, departed_on: date) -> Dispatch:
    """The designation is the one the county had on the day of departure."""
    origin = reference.origin(county, departed_on)
    return replace(
        one, county=county, departed_on=departed_on, designation=origin.designation, designation_version=origin.designation_version
    )


async def record_return(tx: Tx, placement: PlacementId, command: commands.RecordReturn) -> views.Placement:
    """The stay ends and the worker is free again. Raises IllegalStep, FutureDay, ReturnBeforeDeparture, and those of load."""
    found = await load(tx, placement, command.version)
    state = state_after(found.state, Step.RETURN)
    departure = await dispatches.lock(tx, placement)
    if departure is None:
        raise errors.PlacementNotFound
    if command.returned_on > tx.clock.today():
        raise errors.FutureDay(field="returned_on")
    if command.returned_on < departure.departed_on:
        raise errors.ReturnBeforeDeparture(field="returned_on", state=departure.departed_on)
    fact = ReturnFact(returned_on=command.returned_on, reason=command.reason)
    home, departure = await bring_home(tx, replace(found, state=state), departure, fact)
    return views.placement(home, departure=departure)


async def bring_home(tx: Tx, returned: Placement, departure: Dispatch, fact: ReturnFact) -> tuple[Placement, Dispatch]:
    """Write and publish the return of a placement that is in its state after it."""
    departure = replace(departure, returned_on=fact.returned_on, return_reason=fact.reason)
    await dispatches.update_all(tx, [departure])
    event = events.Returned(placement=returned.id, worker=returned.worker, fact=fact, dispatch=dispatch_fact(departure))
    home = await save(tx, replace(returned, since=fact.returned_on), event)
    await review_managers(tx, departure)
    return home, departure


async def correct_dispatch(tx: Tx, placement: PlacementId, command: commands.CorrectDispatch) -> views.Placement:
    """What is given replaces what was; other departures of the worker follow where another one is now the first.

    Raises IllegalStep, NothingToCorrect, DestinationNotFound, OccupationNotFound, FutureDay, BeforeMatch, NotReturned,
    ReturnBeforeDeparture, StayOverlaps, EnterpriseNotActive, Forbidden (also for the county corrected to), and those of load.
    """
    found = await load(tx, placement, command.version)
    state = state_after(found.state, Step.CORRECT)
    if command.county is not None:
        require_county(tx.principal, command.county)
    before = await _lock_counted(tx, found)
    old = next(one for one in before if one.placement == placement)
    new = _corrected(old, command)
    if new == old:
        raise errors.NothingToCorrect
    reference.require_destination(new.destination)
    reference.require_occupation(new.occupation)
    require_correction(found, new.departed_on, new.returned_on, tx.clock.today())
    if new.departed_on != old.departed_on and not found.adopted:
        await _require_active(tx, found, new.departed_on)
    require_apart(old, new, (one for one in before if one.placement != placement))
    now = recount(new if one.placement == placement else one for one in before)
    await dispatches.update_all(tx, [later for _, later in changed(before, now)])
    since = new.returned_on if found.state is PlacementState.RETURNED and new.returned_on is not None else found.since
    corrected = await save(tx, replace(found, state=state, since=since), *_restated(before, old, now, command.reason))
    await review_managers(tx, old, now[placement])
    return views.placement(corrected, departure=now[placement])


def _restated(before: list[Dispatch], old: Dispatch, now: dict[PlacementId, Dispatch], reason: CorrectionReason) -> list[events.Event]:
    """What is counted moves with its previous and its fact: departures and the return, one after the other.

    The return goes first where it fits the departure as counted so far: no event says that somebody came back before leaving.
    """
    new = now[old.placement]
    if with_return(old, new) == old:
        return list(corrections(changed(before, now), "correction", reason))
    first = new.returned_on is not None and new.returned_on >= old.departed_on
    between = with_return(old, new) if first else with_return(new, old)
    if first:
        counted = [between if one.placement == old.placement else one for one in before]
        return [return_corrected(old, new, old, reason), *corrections(changed(counted, now), "correction", reason)]
    later = changed(before, {**now, old.placement: between})
    return [*corrections(later, "correction", reason), return_corrected(old, new, new, reason)]


async def _lock_counted(tx: Tx, placement: Placement) -> list[Dispatch]:
    """The worker's departures that are not voided, under the worker's lock."""
    await workers.lock(tx, placement.worker)
    return await dispatches.lock_counted(tx, [placement.worker])


def _corrected(old: Dispatch, command: commands.CorrectDispatch) -> Dispatch:
    """Raises NotReturned."""
    if old.returned_on is None and (command.returned_on or command.return_reason):
        raise errors.NotReturned(field="returned_on" if command.returned_on else "return_reason")
    given = replace(
        old,
        port=command.port or old.port,
        destination=command.destination or old.destination,
        occupation=command.occupation or old.occupation,
        returned_on=command.returned_on or old.returned_on,
        return_reason=command.return_reason or old.return_reason,
    )
    return designated(given, command.county or old.county, command.departed_on or old.departed_on)


async def void_dispatch(tx: Tx, placement: PlacementId, command: commands.VoidDispatch) -> views.Placement:
    """There was no such departure: it stays on record and counts nowhere; its position is free. Raises IllegalStep, and those of load."""
    found = await load(tx, placement, command.version)
    state = state_after(found.state, Step.VOID)
    before = await _lock_counted(tx, found)
    reopens = await orders.update_unfilled(tx, found.order)
    old = next(one for one in before if one.placement == placement)
    remaining = [one for one in before if one.placement != placement]
    changes = changed(remaining, recount(remaining))
    voided = replace(old, voided=command.reason)
    await dispatches.update_all(tx, [voided, *(later for _, later in changes)])
    event = events.DispatchVoided(
        placement=placement,
        worker=found.worker,
        previous=dispatch_fact(old),
        returned=return_fact(old),
        reason=command.reason,
        reopens=reopens,
    )
    ended = replace(found, state=state, since=tx.clock.today(), ended=command.reason)
    beside = [*await void_arrivals(tx, found), *await void_changes(tx, found)]
    ended = await save(tx, ended, *beside, event, *corrections(changes, "void_of_first"))
    await release_matches(tx, [found])
    await review_managers(tx, voided)
    return views.placement(ended, departure=voided)
