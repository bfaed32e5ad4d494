"""The table `stay`: where a worker has been, as docking counts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.registration.domain.stays import Stay
from shared import rows
from shared.db import Tx
from shared.values import PlacementId, WorkerId

STAY = rows.Columns(Stay, "placement, worker, departed_on, returned_on")
LIST = STAY.select("FROM stay WHERE worker = ANY($1::uuid[]) ORDER BY departed_on, placement")
UPDATE_ALL = """
INSERT INTO stay (placement, worker, departed_on, returned_on)
SELECT placement, worker, departed_on, returned_on
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::date[]) AS new (placement, worker, departed_on, returned_on)
ON CONFLICT (placement) DO UPDATE SET departed_on = excluded.departed_on, returned_on = excluded.returned_on
"""
UPDATE_WORKER = "UPDATE stay SET worker = $2 WHERE worker = $1"
DELETE = "DELETE FROM stay WHERE placement = $1"


async def list_(tx: Tx, workers: Sequence[WorkerId]) -> list[Stay]:
    """Of all of them, by departure."""
    return await rows.fetch(tx.conn, LIST, workers)


async def get_abroad(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, date]:
    """Since when, of those who are."""
    return {stay.worker: stay.departed_on for stay in await list_(tx, workers) if stay.returned_on is None}


async def update_all(tx: Tx, stated: Sequence[Stay]) -> None:
    """Each of another placement."""
    columns = zip(*((stay.placement, stay.worker, stay.departed_on, stay.returned_on) for stay in stated), strict=True)
    await tx.conn.execute(UPDATE_ALL, *columns)


async def delete(tx: Tx, placement: PlacementId) -> None:
    """There was no such departure."""
    await tx.conn.execute(DELETE, placement)


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """The stays of one are the other's."""
    await tx.conn.execute(UPDATE_WORKER, absorbed, survivor)
