"""Workers, as registration's events describe them. Each reaction is harmless whatever else has or has not arrived yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.docking.domain.dispatches import Dispatch, changed
from services.docking.domain.placements import BEFORE_DEPARTURE, WithdrawnFor
from services.docking.domain.workers import Worker
from services.docking.queries import dispatches, merges, old_numbers, placements, workers
from services.docking.usecases.dispatches import designated
from services.docking.usecases.event_fields import corrections
from services.docking.usecases.placements import cancel
from shared import reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject, not_before
from shared.events import (
    EventEnvelope,
    HouseholdStatusChanged,
    RegistrationLapsed,
    ResidenceChanged,
    WillingnessExpired,
    WillingnessRecorded,
    WillingnessWithdrawn,
    WorkerCorrected,
    WorkerErased,
    WorkerFact,
    WorkerRegistered,
    WorkerReinstated,
    WorkerSuspended,
    WorkerVerified,
)
from shared.values import CountyCode, Designation, PlacementId, WorkerId

_LISTED = (Designation.NATIONAL, Designation.PROVINCIAL)


async def workers_registered(tx: Tx, registrations: Sequence[EventEnvelope[WorkerRegistered]]) -> None:
    await workers.insert_all(tx, [_worker(one) for one in registrations])


def _worker(registration: EventEnvelope[WorkerRegistered]) -> Worker:
    data = registration.data
    return Worker(
        id=data.worker,
        registered_at=registration.time,
        registered_on=data.effective,
        county=data.origin.county,
        poor=reference.ever_listed(data.origin.county) in _LISTED,
        sex=data.sex,
        birth_year=data.birth_year,
        household_status=data.household_status,
        occupations=data.occupations,
        verified=data.assurance == "verified",
        number=data.worker_no,
    )


async def worker_verified(tx: Tx, event: EventEnvelope[WorkerVerified]) -> None:
    """Raises Reject: a worker's events come in order, so one without a registration is broken."""
    _require_known(await workers.update_verified(tx, event.data.worker), event.data.worker)


async def worker_corrected(tx: Tx, event: EventEnvelope[WorkerCorrected]) -> None:
    """What was wrong from the start: departures on record follow wherever they say what was registered.

    A departure corrected by itself meanwhile says something else, and stays. Raises Reject for a worker never registered.
    """
    data = event.data
    worker = await _lock_moved(tx, data.worker, data.fact.origin.county)
    await workers.update_codes(tx, _corrected(worker, data.fact))
    before = await dispatches.lock_counted(tx, [data.worker])
    await _restate(tx, before, {one.placement: corrected(one, data.previous, data.fact) for one in before})


def _corrected(worker: Worker, fact: WorkerFact) -> Worker:
    return replace(
        worker,
        county=fact.origin.county,
        poor=reference.ever_listed(fact.origin.county) in _LISTED,
        sex=fact.sex,
        birth_year=fact.birth_year,
        household_status=fact.household_status,
        occupations=fact.occupations,
    )


def corrected(one: Dispatch, previous: WorkerFact, fact: WorkerFact) -> Dispatch:
    """The departure under the codes that the worker should have had; its designation is the one of its own day."""
    one = designated(one, fact.origin.county, one.departed_on) if one.county == previous.origin.county else one
    return replace(
        one,
        sex=fact.sex if one.sex is previous.sex else one.sex,
        birth_year=fact.birth_year if one.birth_year == previous.birth_year else one.birth_year,
    )


async def residence_changed(tx: Tx, event: EventEnvelope[ResidenceChanged]) -> None:
    """In another county from that day on: departures since then follow, earlier ones stay. Raises Reject for a worker never registered."""
    data = event.data
    previous, county = data.previous.origin.county, data.fact.origin.county
    worker = await _lock_moved(tx, data.worker, county)
    poor = reference.ever_listed(county) in _LISTED
    await workers.update_codes(tx, replace(worker, county=county, poor=poor))
    await workers.insert_earlier_code(tx, data.worker, "county", until=data.effective, value=previous)
    before = await dispatches.lock_counted(tx, [data.worker])
    now = {
        one.placement: designated(one, county, one.departed_on) if one.departed_on >= data.effective and one.county == previous else one
        for one in before
    }
    await _restate(tx, before, now)


async def household_status_changed(tx: Tx, event: EventEnvelope[HouseholdStatusChanged]) -> None:
    """Of another status from that day on: departures since then follow. Raises Reject for a worker never registered."""
    data = event.data
    worker = await _lock(tx, data.worker)
    await workers.update_codes(tx, replace(worker, household_status=data.fact))
    await workers.insert_earlier_code(tx, data.worker, "household_status", until=data.effective, value=data.previous)
    before = await dispatches.lock_counted(tx, [data.worker])
    now = {
        one.placement: replace(one, household_status=data.fact)
        if one.departed_on >= data.effective and one.household_status is data.previous
        else one
        for one in before
    }
    await _restate(tx, before, now)


async def _restate(tx: Tx, before: list[Dispatch], now: dict[PlacementId, Dispatch]) -> None:
    """Write and publish the departures on record that count under other codes now."""
    changes = changed(before, now)
    await dispatches.update_all(tx, [later for _, later in changes])
    await not_before(tx, (later.placement for _, later in changes))
    publish_and_audit(tx, *corrections(changes, "correction", "worker_changed"))


async def _lock_moved(tx: Tx, worker_id: WorkerId, county: CountyCode) -> Worker:
    """With the active placement in that county: locked before the worker, as departures do, and looked for once more.

    A match accepted meanwhile held the worker as they were. Nobody who holds its placement waits for the worker yet.
    """
    await placements.update_county(tx, worker_id, county)
    worker = await _lock(tx, worker_id)
    await placements.update_county(tx, worker_id, county)
    return worker


async def _lock(tx: Tx, worker_id: WorkerId) -> Worker:
    worker = await workers.lock(tx, worker_id)
    if worker is None:
        raise Reject("worker_unknown", str(worker_id))
    return worker


async def willingness_recorded(tx: Tx, recorded: Sequence[EventEnvelope[WillingnessRecorded]]) -> None:
    """Raises Reject for a worker never registered."""
    stated = [one.data for one in recorded]
    _require_all_known(await workers.update_willing(tx, stated), [one.worker for one in stated])


async def willingness_ended(
    tx: Tx, ends: Sequence[EventEnvelope[WillingnessWithdrawn]] | Sequence[EventEnvelope[WillingnessExpired]]
) -> None:
    """Out of the supply; a placement under way goes on. Raises Reject for a worker never registered."""
    ended = [one.data.worker for one in ends]
    _require_all_known(await workers.update_unwilling(tx, ended), ended)


async def worker_suspended(tx: Tx, event: EventEnvelope[WorkerSuspended]) -> None:
    """Out of the supply until reinstated. Raises Reject for a worker never registered."""
    await _excluded(tx, event.data.worker, "worker_suspended")


async def worker_erased(tx: Tx, event: EventEnvelope[WorkerErased]) -> None:
    """Out of the supply for good, and without health data. Raises Reject for a worker never registered."""
    worker = await merges.lock_current(tx, event.data.worker)
    await _excluded(tx, worker, "worker_erased")
    await workers.update_erased(tx, worker)
    await placements.update_erased(tx, worker)
    await old_numbers.delete_of_worker(tx, worker)


async def _excluded(tx: Tx, worker: WorkerId, reason: WithdrawnFor) -> None:
    """Before a departure the position is released and a clearance withdrawn.

    The placement is locked before the worker, as departures do, and looked for once more: a match may be accepted meanwhile.
    """
    placement = await placements.lock_active(tx, worker)
    _require_known(await workers.update_suspended(tx, worker, suspended=True), worker)
    await workers.update_unwilling(tx, [worker])
    placement = placement or await placements.lock_active(tx, worker)
    if placement is not None and placement.state in BEFORE_DEPARTURE:
        await cancel(tx, placement, "officer", withdrawn_for=reason)


async def worker_reinstated(tx: Tx, event: EventEnvelope[WorkerReinstated]) -> None:
    """May be matched once willing again. Raises Reject for a worker never registered."""
    _require_known(await workers.update_suspended(tx, event.data.worker, suspended=False), event.data.worker)


async def registration_lapsed(tx: Tx, event: EventEnvelope[RegistrationLapsed]) -> None:
    """Out of the supply; never verified, so that no placement is under way. Raises Reject for a worker never registered."""
    _require_all_known(await workers.update_unwilling(tx, [event.data.worker]), [event.data.worker])


def _require_all_known(known: Collection[WorkerId], named: Sequence[WorkerId]) -> None:
    for worker in named:
        _require_known(worker in known, worker)


def _require_known(known: bool, worker: WorkerId) -> None:
    if not known:
        raise Reject("worker_unknown", str(worker))
