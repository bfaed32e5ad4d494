"""Workers, as registration's events describe them. Each reaction is harmless whatever else has or has not arrived yet."""

from __future__ import annotations

from dataclasses import replace

from services.docking.domain.dispatches import Dispatch, changed
from services.docking.domain.workers import Worker
from services.docking.queries import dispatches, placements, workers
from services.docking.usecases.event_fields import corrections
from shared import reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject
from shared.events import (
    EventEnvelope,
    WillingnessExpired,
    WillingnessRecorded,
    WillingnessWithdrawn,
    WorkerCorrected,
    WorkerFact,
    WorkerRegistered,
    WorkerVerified,
)
from shared.values import Designation, WorkerId

_LISTED = (Designation.NATIONAL, Designation.PROVINCIAL)


async def worker_registered(tx: Tx, event: EventEnvelope[WorkerRegistered]) -> None:
    data = event.data
    worker = Worker(
        id=data.worker,
        registered_at=event.time,
        registered_on=data.effective,
        county=data.origin.county,
        poor=reference.ever_listed(data.origin.county) in _LISTED,
        sex=data.sex,
        birth_year=data.birth_year,
        household_status=data.household_status,
        occupations=data.occupations,
        verified=data.assurance == "verified",
    )
    await workers.insert(tx, worker)


async def worker_verified(tx: Tx, event: EventEnvelope[WorkerVerified]) -> None:
    """Raises Reject: a worker's events come in order, so one without a registration is broken."""
    _require_known(await workers.update_verified(tx, event.data.worker), event.data.worker)


async def worker_corrected(tx: Tx, event: EventEnvelope[WorkerCorrected]) -> None:
    """What was wrong from the start: departures on record follow wherever they say what was registered.

    A departure corrected by itself meanwhile says something else, and stays. Raises Reject for a worker never registered.
    """
    data = event.data
    await placements.update_county(tx, data.worker, data.fact.origin.county)  # before the worker, as departures lock them
    worker = await workers.lock(tx, data.worker)
    if worker is None:
        raise Reject("worker_unknown", str(data.worker))
    await workers.update_codes(tx, _corrected(worker, data.fact))
    before = await dispatches.lock_counted(tx, [data.worker])
    now = {one.placement: corrected(one, data.previous, data.fact) for one in before}
    changes = changed(before, now)
    await dispatches.update_all(tx, [later for _, later in changes])
    publish_and_audit(tx, *corrections(changes, "correction"))


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
    county = fact.origin.county if one.county == previous.origin.county else one.county
    origin = reference.origin(county, one.departed_on)
    return replace(
        one,
        county=county,
        designation=origin.designation.value if county != one.county else one.designation,
        designation_version=origin.designation_version if county != one.county else one.designation_version,
        sex=fact.sex if one.sex is previous.sex else one.sex,
        birth_year=fact.birth_year if one.birth_year == previous.birth_year else one.birth_year,
    )


async def willingness_recorded(tx: Tx, event: EventEnvelope[WillingnessRecorded]) -> None:
    """Raises Reject for a worker never registered."""
    _require_known(await workers.update_willing(tx, event.data), event.data.worker)


async def willingness_ended(tx: Tx, event: EventEnvelope[WillingnessWithdrawn] | EventEnvelope[WillingnessExpired]) -> None:
    """Out of the supply; a placement under way goes on. Raises Reject for a worker never registered."""
    _require_known(await workers.update_unwilling(tx, event.data.worker), event.data.worker)


def _require_known(known: bool, worker: WorkerId) -> None:
    if not known:
        raise Reject("worker_unknown", str(worker))
