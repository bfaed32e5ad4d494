"""The table `open_placement`."""

from __future__ import annotations

from datetime import date

from services.registration.domain.stays import OpenPlacement
from shared import rows
from shared.db import Tx
from shared.values import PlacementId, WorkerId

OPEN_PLACEMENT = rows.Columns(OpenPlacement, "placement, worker, contract_end")
LIST_OF_WORKER = OPEN_PLACEMENT.select("FROM open_placement WHERE worker = $1 ORDER BY placement")
INSERT = "INSERT INTO open_placement (placement, worker) VALUES ($1, $2) ON CONFLICT (placement) DO NOTHING"
UPDATE_CONTRACT_END = "UPDATE open_placement SET contract_end = $2 WHERE placement = $1"
UPDATE_WORKER = "UPDATE open_placement SET worker = $2 WHERE worker = $1"
DELETE = "DELETE FROM open_placement WHERE placement = $1"


async def list_of_worker(tx: Tx, worker: WorkerId) -> list[OpenPlacement]:
    """In the order of the matches."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker)


async def insert(tx: Tx, placement: PlacementId, worker: WorkerId) -> None:
    """Nothing where it is known already."""
    await tx.conn.execute(INSERT, placement, worker)


async def update_contract_end(tx: Tx, placement: PlacementId, end: date) -> None:
    await tx.conn.execute(UPDATE_CONTRACT_END, placement, end)


async def delete(tx: Tx, placement: PlacementId) -> None:
    await tx.conn.execute(DELETE, placement)


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """The placements of one are the other's."""
    await tx.conn.execute(UPDATE_WORKER, absorbed, survivor)
