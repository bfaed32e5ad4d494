"""The table `verified_document`: by which registration a document is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.db import Tx
from shared.values import WorkerId

# In one order, so that two imports that meet do not wait for each other. Nearly all of them can be held: the others are answered.
INSERT_ALL = """
WITH claimed AS (
    INSERT INTO verified_document (id_hash, worker)
    SELECT id_hash, worker FROM unnest($1::bytea[], $2::uuid[]) WITH ORDINALITY AS claimed (id_hash, worker, position)
    ORDER BY id_hash, position ON CONFLICT (id_hash) DO NOTHING RETURNING worker
)
SELECT worker FROM unnest($2::uuid[]) AS worker EXCEPT SELECT worker FROM claimed
"""
LIST_HELD = "SELECT id_hash FROM verified_document WHERE id_hash = ANY($1::bytea[])"
UPDATE_HOLDER = "UPDATE verified_document SET worker = $2 WHERE worker = $1"
# A worker who was merged holds the documents of both; the one that is registered is given up.
DELETE = """
DELETE FROM verified_document USING personal
WHERE verified_document.worker = $1 AND personal.worker = $1 AND verified_document.id_hash = personal.id_hash
"""


async def list_held(tx: Tx, documents: Sequence[bytes]) -> set[bytes]:
    """Those by which somebody is verified."""
    return {row["id_hash"] for row in await tx.conn.fetch(LIST_HELD, documents)}


async def insert_all(tx: Tx, documents: Mapping[WorkerId, bytes]) -> set[WorkerId]:
    """Whose document is held by a registration that was verified before; the others hold theirs now. Waits for others' commits."""
    if not documents:
        return set()
    found = await tx.conn.fetch(INSERT_ALL, list(documents.values()), list(documents))
    return {WorkerId(row["worker"]) for row in found}


async def delete(tx: Tx, worker: WorkerId) -> None:
    """The document registered is free; the caller writes another one."""
    await tx.conn.execute(DELETE, worker)


async def update_holder(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """What verified the one verifies the other."""
    await tx.conn.execute(UPDATE_HOLDER, absorbed, survivor)
