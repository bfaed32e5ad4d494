"""Workers, as registration's events describe them. Each reaction is harmless whatever else has or has not arrived yet."""

from __future__ import annotations

from services.docking.domain.workers import Worker
from services.docking.queries import workers
from shared import reference
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import EventEnvelope, WillingnessExpired, WillingnessRecorded, WillingnessWithdrawn, WorkerRegistered, WorkerVerified
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


async def willingness_recorded(tx: Tx, event: EventEnvelope[WillingnessRecorded]) -> None:
    """Raises Reject for a worker never registered."""
    _require_known(await workers.update_willing(tx, event.data), event.data.worker)


async def willingness_ended(tx: Tx, event: EventEnvelope[WillingnessWithdrawn] | EventEnvelope[WillingnessExpired]) -> None:
    """Out of the supply; a placement under way goes on. Raises Reject for a worker never registered."""
    _require_known(await workers.update_unwilling(tx, event.data.worker), event.data.worker)


def _require_known(known: bool, worker: WorkerId) -> None:
    if not known:
        raise Reject("worker_unknown", str(worker))
