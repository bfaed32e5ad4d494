"""What docking learns from other services. Every one of these is harmless whatever else has or has not arrived yet."""

from __future__ import annotations

from services.docking.matching import Worker
from services.docking.queries import enterprises, workers
from shared import reference
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import (
    CaseClosed,
    CaseOpened,
    EventEnvelope,
    QuotaStatusChanged,
    WillingnessExpired,
    WillingnessRecorded,
    WillingnessWithdrawn,
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
        willing=False,
        destinations=(),
        wanted=(),
        floor=None,
        available_from=None,
        willing_since=None,
        willing_until=None,
    )
    await workers.add(tx, worker)


async def worker_verified(tx: Tx, event: EventEnvelope[WorkerVerified]) -> None:
    """Raises Reject: a worker's events come in order, so one without a registration is broken."""
    _known(await workers.verify(tx, event.data.worker), event.data.worker)


async def willingness_recorded(tx: Tx, event: EventEnvelope[WillingnessRecorded]) -> None:
    """Raises Reject for a worker never registered."""
    data = event.data
    known = await workers.set_willing(
        tx, data.worker, data.destinations, data.occupations, data.wage_floor, data.available_from, data.effective, data.expires_on
    )
    _known(known, data.worker)


async def willingness_ended(tx: Tx, event: EventEnvelope[WillingnessWithdrawn] | EventEnvelope[WillingnessExpired]) -> None:
    """Out of the supply; a placement under way goes on. Raises Reject for a worker never registered."""
    _known(await workers.set_unwilling(tx, event.data.worker), event.data.worker)


def _known(known: bool, worker: WorkerId) -> None:
    if not known:
        raise Reject("worker_unknown", str(worker))


async def case_opened(tx: Tx, event: EventEnvelope[CaseOpened]) -> None:
    if event.data.blocking:
        await enterprises.block(tx, event.data.case, event.data.enterprise)


async def case_closed(tx: Tx, event: EventEnvelope[CaseClosed]) -> None:
    await enterprises.unblock(tx, event.data.case)


async def quota_status_changed(tx: Tx, event: EventEnvelope[QuotaStatusChanged]) -> None:
    data = event.data
    await workers.set_quota_gap(tx, data.quota, data.period, data.status_to, data.share, data.gap_heads)
