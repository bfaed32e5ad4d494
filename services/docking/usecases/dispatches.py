"""Departures and returns, their corrections, and who counts as a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from services.docking.commands import dispatches as commands
from services.docking.domain import errors
from services.docking.domain.dispatches import Dispatch, Evidence, changed, recount, require_apart, with_return
from services.docking.domain.emergencies import CountryEmergency, require_no_emergency
from services.docking.domain.enterprises import Enterprise, require_active_on
from services.docking.domain.placements import Placement, PlacementState, Step, require_correction, require_departure, state_after
from services.docking.domain.workers import Worker
from services.docking.queries import dispatches, emergencies, enterprises, orders, workers
from services.docking.usecases.arrivals import void_arrivals
from services.docking.usecases.contract_changes import void_changes
from services.docking.usecases.event_fields import corrections, dispatch_fact, return_corrected, return_fact
from services.docking.usecases.intention_matches import release_matches
from services.docking.usecases.managers import review_managers
from services.docking.usecases.placement_rows import lock_rows, parse_rows
from services.docking.usecases.placements import load, save, save_all
from services.docking.views import placements as views
from shared import events, reference
from shared.db import Tx
from shared.events import ReturnFact
from shared.listed_rows import RowsRecorded
from shared.principals import require_county
from shared.values import CorrectionReason, CountyCode, Designation, EnterpriseId, PlacementId, WorkerId


async def record_departure(tx: Tx, placement: PlacementId, command: commands.RecordDeparture) -> views.Placement:
    """Counts once, at exit, with evidence.

    Raises IllegalStep, VisaRefused, FutureDay, BeforeMatch, ClearanceNotValid, CountryInEmergency, EnterpriseNotActive, and those of load.
    """
    found = await load(tx, placement, command.version)
    departing = _departing(await _read_records(tx, [(command, found)]), command, found)
    [gone] = await _depart(tx, [departing])
    return views.placement(gone, departure=departing.departure)


async def record_departures(tx: Tx, command: commands.RecordDepartures) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedDeparture, command.rows))
    records = await _read_records(tx, list(rows.sound.values()))
    departing = rows.judge(partial(_departing, records))
    await _depart(tx, departing)
    return rows.answer(departing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """What departures are checked against."""

    today: date
    emergencies: Sequence[CountryEmergency]
    enterprises: Mapping[EnterpriseId, Enterprise]
    suspended: Collection[tuple[EnterpriseId, date]]  # that day, in a suspension that has ended
    leaving: Mapping[PlacementId, Worker]  # as of the day
    counted: Mapping[WorkerId, Sequence[Dispatch]]


async def _read_records(tx: Tx, reported: Sequence[tuple[commands.RecordDeparture, Placement]]) -> _Records:
    days = {found.id: command.departed_on for command, found in reported}
    known = await workers.lock_all(tx, sorted({found.worker for _, found in reported}))
    counted: dict[WorkerId, list[Dispatch]] = {worker: [] for worker in known}
    for departure in await dispatches.lock_counted(tx, list(known)):
        counted[departure.worker].append(departure)
    return _Records(
        today=tx.clock.today(),
        emergencies=await emergencies.list_(tx, sorted({found.destination for _, found in reported})),
        enterprises=await enterprises.get_all(tx, sorted({found.enterprise for _, found in reported})),
        suspended=await enterprises.list_was_suspended(tx, {(found.enterprise, days[found.id]) for _, found in reported}),
        leaving=await _list_leaving(tx, known, [found for _, found in reported], days),
        counted=counted,
    )


async def _list_leaving(
    tx: Tx, known: Mapping[WorkerId, Worker], reported: Sequence[Placement], days: Mapping[PlacementId, date]
) -> dict[PlacementId, Worker]:
    there = [found for found in reported if found.worker in known]
    as_of = await workers.list_as_of(tx, [(known[found.worker], days[found.id]) for found in there])
    return {found.id: worker for found, worker in zip(there, as_of, strict=True)}


@dataclass(frozen=True, slots=True)
class _Departing:
    """A departure as it is counted, the placement after it, and (before, now) of the worker's others that count differently now."""

    placement: Placement
    departure: Dispatch
    changes: Sequence[tuple[Dispatch, Dispatch]]


def _departing(records: _Records, command: commands.RecordDeparture, found: Placement) -> _Departing:
    """Raises what record_departure raises, but those of load."""
    state = state_after(found.state, Step.DEPART)
    if command.visa in ("business", "tourist", "study"):
        raise errors.VisaRefused(field="visa")
    require_no_emergency(records.emergencies, found.destination, command.departed_on)
    require_departure(found, command.departed_on, records.today)
    _require_active(records.enterprises, records.suspended, found, command.departed_on)
    worker = records.leaving.get(found.id)
    if worker is None:
        raise errors.WorkerNotFound
    departure = uncounted(found, worker, departed_on=command.departed_on, port=command.port, evidence=command.evidence)
    before = records.counted[found.worker]
    now = recount([*before, departure])
    gone = replace(found, state=state, due=None, since=command.departed_on)
    return _Departing(gone, now[found.id], changed(before, now))


async def _depart(tx: Tx, departing: Sequence[_Departing]) -> list[Placement]:
    """Write and publish. The caller holds the locks of the placements and their workers."""
    await orders.update_filled(tx, [one.placement.order for one in departing])
    await dispatches.update_all(tx, [later for one in departing for _, later in one.changes])
    await dispatches.insert_all(tx, [one.departure for one in departing])
    gone = await save_all(tx, [one.placement for one in departing], (event for one in departing for event in _dispatched(one)))
    await review_managers(tx, *(one.departure for one in departing))
    return gone


def _dispatched(one: _Departing) -> list[events.Event]:
    placement, departure = one.placement, one.departure
    dispatched = events.Dispatched(placement=placement.id, worker=placement.worker, fact=dispatch_fact(departure))
    return [*corrections(one.changes, "late_earlier_departure"), dispatched]


def _require_active(
    known: Mapping[EnterpriseId, Enterprise], suspended: Collection[tuple[EnterpriseId, date]], placement: Placement, departed_on: date
) -> None:
    """E1. Raises EnterpriseNotFound, EnterpriseNotActive."""
    enterprise = known.get(placement.enterprise)
    if enterprise is None:
        raise errors.EnterpriseNotFound
    require_active_on(enterprise, departed_on, was_suspended=(placement.enterprise, departed_on) in suspended)


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
    returning = _returning(found, command, await dispatches.lock(tx, placement), tx.clock.today())
    [home] = await bring_home(tx, [returning])
    return views.placement(home, departure=returning.departure)


async def record_returns(tx: Tx, command: commands.RecordReturns) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedReturn, command.rows))
    departures, today = await dispatches.lock_all(tx, rows.placements), tx.clock.today()
    returning = rows.judge(lambda row, found: _returning(found, row, departures.get(found.id), today))
    await bring_home(tx, returning)
    return rows.answer(returning)


@dataclass(frozen=True, slots=True)
class Returning:
    """The placement after its return, and the departure with it."""

    placement: Placement
    departure: Dispatch
    fact: ReturnFact


def _returning(found: Placement, command: commands.RecordReturn, departure: Dispatch | None, today: date) -> Returning:
    """Raises IllegalStep, PlacementNotFound, FutureDay, ReturnBeforeDeparture."""
    state = state_after(found.state, Step.RETURN)
    if departure is None:
        raise errors.PlacementNotFound
    if command.returned_on > today:
        raise errors.FutureDay(field="returned_on")
    if command.returned_on < departure.departed_on:
        raise errors.ReturnBeforeDeparture(field="returned_on", state=departure.departed_on)
    return returning(replace(found, state=state), departure, ReturnFact(returned_on=command.returned_on, reason=command.reason))


def returning(placement: Placement, departure: Dispatch, fact: ReturnFact) -> Returning:
    """Of a placement that is in its state after the return."""
    home = replace(placement, since=fact.returned_on)
    return Returning(home, replace(departure, returned_on=fact.returned_on, return_reason=fact.reason), fact)


async def bring_home(tx: Tx, several: Sequence[Returning]) -> list[Placement]:
    """Write and publish. The caller holds the locks of the placements and their departures."""
    await dispatches.update_all(tx, [one.departure for one in several])
    home = await save_all(tx, [one.placement for one in several], (_returned(one) for one in several))
    await review_managers(tx, *(one.departure for one in several))
    return home


def _returned(one: Returning) -> events.Event:
    placement = one.placement
    return events.Returned(placement=placement.id, worker=placement.worker, fact=one.fact, dispatch=dispatch_fact(one.departure))


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
        known = await enterprises.get_all(tx, [found.enterprise])
        suspended = await enterprises.list_was_suspended(tx, [(found.enterprise, new.departed_on)])
        _require_active(known, suspended, found, new.departed_on)
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
