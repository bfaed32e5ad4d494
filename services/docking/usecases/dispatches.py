"""Departures and returns, their corrections, and who counts as a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Literal

from services.docking import commands, departures, domain, views
from services.docking.departures import Dispatch
from services.docking.domain import Placement, Step
from services.docking.matching import Worker
from services.docking.queries import dispatches, orders, workers
from services.docking.usecases.orders import require_codes
from services.docking.usecases.placements import load, save
from shared import events, reference
from shared.db import Tx
from shared.events import DispatchCorrected, DispatchFact, Evidence, Origin, ReturnFact
from shared.principals import require_county
from shared.values import CountyCode, Designation, PlacementId

Cause = Literal["correction", "void_of_first", "late_earlier_departure"]


def fact_of(one: Dispatch) -> DispatchFact:
    """The departure as events carry it."""
    return DispatchFact(
        departed_on=one.departed_on,
        port=one.port,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        enterprise=one.enterprise,
        origin=Origin(county=one.county, designation=Designation(one.designation), designation_version=one.designation_version),
        household_status=one.household_status,
        sex=one.sex,
        birth_year=one.birth_year,
        first_ever=one.first_ever,
        first_this_year=one.first_this_year,
        evidence=Evidence(one.evidence),
        registered_on=one.registered_on,
        matched_on=one.matched_on,
    )


def return_of(one: Dispatch) -> ReturnFact | None:
    if one.returned_on is None:
        return None
    return ReturnFact.model_validate({"returned_on": one.returned_on, "reason": one.return_reason})


def designated(one: Dispatch, county: CountyCode, departed_on: date) -> Dispatch:
    """The designation is the one the county had on the day of departure."""
    origin = reference.origin(county, departed_on)
    return replace(
        one, county=county, departed_on=departed_on, designation=origin.designation.value, designation_version=origin.designation_version
    )


def recount(counted: Iterable[Dispatch]) -> dict[PlacementId, Dispatch]:
    """One worker's departures that are not voided, with the flags they must have now."""
    every = list(counted)
    firsts = departures.firsts((one.placement, one.departed_on) for one in every)
    return {
        one.placement: replace(one, first_ever=firsts[one.placement].ever, first_this_year=firsts[one.placement].this_year) for one in every
    }


def moved(before: Iterable[Dispatch], now: dict[PlacementId, Dispatch], cause: Cause) -> tuple[list[Dispatch], list[events.Event]]:
    """Departures already recorded that count otherwise now, and the corrections that say so."""
    changed = [(one, now[one.placement]) for one in before if now[one.placement] != one]
    said: list[events.Event] = [
        DispatchCorrected(
            placement=old.placement, worker=old.worker, previous=fact_of(old), fact=fact_of(new), returned=return_of(new), cause=cause
        )
        for old, new in changed
    ]
    return [new for _, new in changed], said


async def record_departure(tx: Tx, placement: PlacementId, command: commands.RecordDeparture) -> views.Placement:
    """Counts once, at exit, with evidence.

    Raises IllegalStep, VisaRefused, FutureDay, BeforeMatch, ClearanceNotValid, and those of load.
    """
    found = await load(tx, placement, command.version)
    state = domain.after(found.state, Step.DEPART)
    if command.visa in ("business", "tourist", "study"):
        raise domain.VisaRefused(field="visa")
    domain.require_departure(found, command.departed_on, tx.clock.today())
    await orders.fill(tx, found.order)
    worker = await workers.lock(tx, found.worker)
    if worker is None:
        raise domain.WorkerNotFound
    before = await dispatches.lock_counted(tx, [found.worker])
    departure = departed(found, worker.county, command.departed_on, command.port, command.evidence, traits=worker)
    now = recount([*before, departure])
    departure = now[placement]
    others, corrections = moved(before, now, "late_earlier_departure")
    await dispatches.save_all(tx, others)
    await dispatches.add_all(tx, [departure])
    dispatched = events.Dispatched(placement=placement, worker=found.worker, fact=fact_of(departure))
    gone = await save(tx, replace(found, state=state, due=None, since=command.departed_on), *corrections, dispatched)
    return views.placement(gone, departure=departure)


def departed(placement: Placement, county: CountyCode, on: date, port: str, evidence: str, *, traits: Worker) -> Dispatch:
    """A departure not yet counted: its flags come from recount()."""
    bare = Dispatch(
        placement=placement.id,
        worker=placement.worker,
        enterprise=placement.enterprise,
        departed_on=on,
        port=port,
        destination=placement.destination,
        occupation=placement.occupation,
        channel=placement.channel,
        county=county,
        designation="",
        designation_version="",
        household_status=traits.household_status,
        sex=traits.sex,
        birth_year=traits.birth_year,
        first_ever=False,
        first_this_year=False,
        evidence=evidence,
        registered_on=placement.registered_on,
        matched_on=None if placement.adopted else placement.matched_on,
    )
    return designated(bare, county, on)


async def record_return(tx: Tx, placement: PlacementId, command: commands.RecordReturn) -> views.Placement:
    """The stay ends and the worker is free again. Raises IllegalStep, FutureDay, ReturnBeforeDeparture, and those of load."""
    found = await load(tx, placement, command.version)
    state = domain.after(found.state, Step.RETURN)
    departure = await _departure(tx, placement)
    if command.returned_on > tx.clock.today():
        raise domain.FutureDay(field="returned_on")
    if command.returned_on < departure.departed_on:
        raise domain.ReturnBeforeDeparture(field="returned_on", state=departure.departed_on)
    departure = replace(departure, returned_on=command.returned_on, return_reason=command.reason)
    await dispatches.save_all(tx, [departure])
    returned = events.Returned(
        placement=placement,
        worker=found.worker,
        fact=ReturnFact(returned_on=command.returned_on, reason=command.reason),
        dispatch=fact_of(departure),
    )
    home = await save(tx, replace(found, state=state, since=command.returned_on), returned)
    return views.placement(home, departure=departure)


async def _departure(tx: Tx, placement: PlacementId) -> Dispatch:
    found = await dispatches.lock(tx, placement)
    if found is None:
        raise domain.PlacementNotFound
    return found


async def correct_dispatch(tx: Tx, placement: PlacementId, command: commands.CorrectDispatch) -> views.Placement:
    """What is given replaces what was; other departures of the worker follow where another one is now the first.

    Raises IllegalStep, NothingToCorrect, DestinationNotFound, OccupationNotFound, FutureDay, BeforeMatch, ReturnBeforeDeparture, Forbidden
    (also for the county corrected to), and those of load.
    """
    found = await load(tx, placement, command.version)
    state = domain.after(found.state, Step.CORRECT)
    if command.county is not None:
        require_county(tx.principal, command.county)
    await workers.lock(tx, found.worker)
    before = await dispatches.lock_counted(tx, [found.worker])
    old = next(one for one in before if one.placement == placement)
    new = _corrected(old, command)
    if new == old:
        raise domain.NothingToCorrect
    require_codes(new.destination, new.occupation)
    domain.require_correction(found, new.departed_on, new.returned_on, tx.clock.today())
    now = recount(new if one.placement == placement else one for one in before)
    changed, corrections = moved(before, now, "correction")
    await dispatches.save_all(tx, changed)
    return views.placement(await save(tx, replace(found, state=state), *corrections), departure=now[placement])


def _corrected(old: Dispatch, command: commands.CorrectDispatch) -> Dispatch:
    given = replace(
        old,
        port=command.port or old.port,
        destination=command.destination or old.destination,
        occupation=command.occupation or old.occupation,
    )
    return designated(given, command.county or old.county, command.departed_on or old.departed_on)


async def void_dispatch(tx: Tx, placement: PlacementId, command: commands.VoidDispatch) -> views.Placement:
    """There was no such departure: it stays on record and counts nowhere; its position is free. Raises IllegalStep, and those of load."""
    found = await load(tx, placement, command.version)
    state = domain.after(found.state, Step.VOID)
    reopens = await orders.unfill(tx, found.order)
    await workers.lock(tx, found.worker)
    before = await dispatches.lock_counted(tx, [found.worker])
    old = next(one for one in before if one.placement == placement)
    remaining = [one for one in before if one.placement != placement]
    others, corrections = moved(remaining, recount(remaining), "void_of_first")
    voided = replace(old, voided=command.reason)
    await dispatches.save_all(tx, [voided, *others])
    said = events.DispatchVoided(
        placement=placement,
        worker=found.worker,
        previous=fact_of(old),
        returned=return_of(old),
        reason=command.reason,
        reopens=reopens,
    )
    ended = await save(tx, replace(found, state=state, since=tx.clock.today(), ended=command.reason), said, *corrections)
    return views.placement(ended, departure=voided)
