"""Arrivals confirmed by the worker, term by term; a difference becomes a case of rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from services.docking.commands import arrivals as commands
from services.docking.domain import arrivals as domain
from services.docking.domain import errors
from services.docking.domain.arrivals import Arrival, Term, differing, require_arrived, require_asked
from services.docking.domain.dispatches import Dispatch
from services.docking.domain.origins import CountedOrigin
from services.docking.domain.placements import Placement, Step, state_after
from services.docking.queries import arrivals, dispatches
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import arrival_fact
from services.docking.usecases.placement_rows import lock_rows, parse_rows
from services.docking.usecases.placements import get, load, save, save_all
from services.docking.views import arrivals as views
from shared import events
from shared.db import Tx
from shared.listed_rows import RowsRecorded
from shared.paging import Page
from shared.principals import Role
from shared.values import Designation, PlacementId


async def confirm_arrival(tx: Tx, placement: PlacementId, command: commands.ConfirmArrival) -> views.Arrivals:
    """Raises IllegalStep, ArrivalDayNotAsked, FutureDay, HomeBefore, ArrivalTooEarly, ConfirmedAlready, and those of load."""
    found = await load(tx, placement, command.version)
    before = await arrivals.list_(tx, placement)
    arrival = _confirmed(found, command, await dispatches.get(tx, placement), before, tx.clock.today())
    await arrivals.insert_all(tx, [arrival])
    confirmed = sorted([*before, arrival], key=lambda one: one.day)
    return views.arrivals(await save(tx, found, _confirmation(found, arrival)), confirmed, policy().arrival_days)


async def confirm_arrivals(tx: Tx, command: commands.ConfirmArrivals) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedArrival, command.rows))
    departures, today = await dispatches.get_all(tx, rows.placements), tx.clock.today()
    before: dict[PlacementId, list[Arrival]] = {one: [] for one in rows.placements}
    for one in await arrivals.list_all(tx, rows.placements):
        before[one.placement].append(one)
    new = rows.judge(lambda row, found: (found, _confirmed(found, row, departures.get(found.id), before[found.id], today)))
    await arrivals.insert_all(tx, [arrival for _, arrival in new])
    await save_all(tx, [found for found, _ in new], (_confirmation(found, arrival) for found, arrival in new))
    return rows.answer(new)


def _confirmed(
    found: Placement, command: commands.ConfirmArrival, departure: Dispatch | None, before: Sequence[Arrival], today: date
) -> Arrival:
    """Raises IllegalStep, ArrivalDayNotAsked, PlacementNotFound, FutureDay, HomeBefore, ArrivalTooEarly, ConfirmedAlready."""
    state_after(found.state, Step.CONFIRM_ARRIVAL)
    require_asked(command.day, policy().arrival_days)
    if departure is None:
        raise errors.PlacementNotFound
    confirmed_on = command.confirmed_on or today
    require_arrived(departure, command.day, confirmed_on, today)
    if any(one.day == command.day for one in before):
        raise errors.ConfirmedAlready(field="day")
    return Arrival(
        placement=found.id,
        day=command.day,
        confirmed_on=confirmed_on,
        differences=differing(_answers(command.terms)),
        enterprise=departure.enterprise,
        origin=CountedOrigin(departure.county, Designation(departure.designation), departure.designation_version),
        destination=departure.destination,
        occupation=departure.occupation,
        channel=departure.channel,
    )


def _confirmation(found: Placement, arrival: Arrival) -> events.Event:
    return events.ArrivalConfirmed(placement=found.id, worker=found.worker, fact=arrival_fact(arrival))


async def correct_arrival(tx: Tx, placement: PlacementId, day: int, command: commands.CorrectArrival) -> views.Arrivals:
    """What is given replaces what was. Raises ArrivalNotFound, NothingToCorrect, and what confirm_arrival raises."""
    found = await load(tx, placement, command.version)
    state_after(found.state, Step.CONFIRM_ARRIVAL)
    before = await _recorded(tx, found, day)
    given: dict[str, Any] = {}
    if command.confirmed_on is not None:
        given["confirmed_on"] = command.confirmed_on
    if command.terms is not None:
        given["differences"] = differing(_answers(command.terms))
    now = replace(before, **given)
    if now == before:
        raise errors.NothingToCorrect
    require_arrived(await _departure(tx, found), day, now.confirmed_on, tx.clock.today())
    await arrivals.update(tx, now)
    event = events.ArrivalCorrected(
        placement=placement, worker=found.worker, previous=arrival_fact(before), fact=arrival_fact(now), reason=command.reason
    )
    return await _view(tx, await save(tx, found, event))


async def void_arrival(tx: Tx, placement: PlacementId, day: int, command: commands.VoidArrival) -> views.Arrivals:
    """The worker did not confirm that, and is asked again. Raises IllegalStep, ArrivalNotFound, and those of load."""
    found = await load(tx, placement, command.version)
    state_after(found.state, Step.CONFIRM_ARRIVAL)
    before = await _recorded(tx, found, day)
    await arrivals.delete(tx, placement, day)
    return await _view(tx, await save(tx, found, _voided(found, before, command.reason)))


async def void_arrivals(tx: Tx, placement: Placement) -> list[events.Event]:
    """Nobody arrived who has not departed. The caller holds the placement's lock, and publishes."""
    confirmed = await arrivals.list_(tx, placement.id)
    if confirmed:
        await arrivals.delete(tx, placement.id)
    return [_voided(placement, one, "dispatch_voided") for one in confirmed]


def _voided(placement: Placement, before: Arrival, reason: str) -> events.Event:
    fields = {"placement": placement.id, "worker": placement.worker, "previous": arrival_fact(before), "reason": reason}
    return events.ArrivalVoided.model_validate(fields)


async def _departure(tx: Tx, placement: Placement) -> Dispatch:
    departure = await dispatches.get(tx, placement.id)
    if departure is None:
        raise errors.PlacementNotFound
    return departure


async def _recorded(tx: Tx, placement: Placement, day: int) -> Arrival:
    """Raises ArrivalNotFound."""
    arrival = await arrivals.get(tx, placement.id, day)
    if arrival is None:
        raise errors.ArrivalNotFound
    return arrival


def _answers(terms: commands.ArrivalTerms) -> dict[Term, bool]:
    """Whether each term is as agreed."""
    return {
        "employer": terms.employer == "as_agreed",
        "wage": terms.wage == "as_agreed",
        "work": terms.work == "as_agreed",
        "place": terms.place == "as_agreed",
        "hours": terms.hours == "as_agreed",
        "passport": terms.passport_kept,
    }


async def _view(tx: Tx, placement: Placement) -> views.Arrivals:
    return views.arrivals(placement, await arrivals.list_(tx, placement.id), policy().arrival_days)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_arrivals(tx: Tx, placement: PlacementId) -> views.Arrivals:
    """Raises PlacementNotFound, Forbidden."""
    return await _view(tx, await get(tx, placement))


async def list_overdue(tx: Tx, page: Page, wanted: domain.UnconfirmedFilter) -> views.Overdue:
    """Workers abroad who should have confirmed by now, and have not. Raises ArrivalDayNotAsked, Forbidden."""
    require_asked(wanted.day, policy().arrival_days)
    if tx.principal.role is Role.ENTERPRISE:
        wanted = replace(wanted, enterprise=scope.own_enterprise(tx.principal))
    grace_days = policy().docking_arrival_grace_days
    before, counties = tx.clock.today() - timedelta(days=wanted.day + grace_days), scope.visible_counties(tx.principal)
    rows, following = await arrivals.list_unconfirmed(tx, page, wanted, departed_before=before, counties=counties)
    return views.overdue(rows, following, day=wanted.day, grace_days=grace_days)
