"""The table `open_placement`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from services.registration.domain.stays import OpenPlacement
from shared import rows
from shared.db import Tx
from shared.values import PlacementId, WorkerId

OPEN_PLACEMENT = rows.Columns(OpenPlacement, "placement, worker, contract_end")
LIST_OF_WORKER = OPEN_PLACEMENT.select("FROM open_placement WHERE worker = $1 ORDER BY placement")
INSERT_ALL = """
INSERT INTO open_placement (placement, worker)
SELECT placement, worker FROM unnest($1::uuid[], $2::uuid[]) AS new (placement, worker)
ON CONFLICT (placement) DO NOTHING
"""
UPDATE_CONTRACT_ENDS = """
UPDATE open_placement SET contract_end = new.contract_end
FROM unnest($1::uuid[], $2::date[]) AS new (placement, contract_end) WHERE open_placement.placement = new.placement
"""
UPDATE_WORKER = "UPDATE open_placement SET worker = $2 WHERE worker = $1"
DELETE_ALL = "DELETE FROM open_placement WHERE placement = ANY($1::uuid[])"


async def list_of_worker(tx: Tx, worker: WorkerId) -> list[OpenPlacement]:
    """In the order of the matches."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker)


async def insert_all(tx: Tx, matched: Mapping[PlacementId, WorkerId]) -> None:
    """Nothing where one is known already."""
    await tx.conn.execute(INSERT_ALL, list(matched), list(matched.values()))


async def update_contract_ends(tx: Tx, ends: Mapping[PlacementId, date]) -> None:
    await tx.conn.execute(UPDATE_CONTRACT_ENDS, list(ends), list(ends.values()))


async def delete_all(tx: Tx, placements: Sequence[PlacementId]) -> None:
    await tx.conn.execute(DELETE_ALL, placements)


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """The placements of one are the other's."""
    await tx.conn.execute(UPDATE_WORKER, absorbed, survivor)
