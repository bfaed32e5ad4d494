"""The table `verified_document`: by which registration a document is held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shared.db import Tx
from shared.values import WorkerId

# In one order, so that two imports that meet do not wait for each other. Nearly all of them can be held: the others are answered.
INSERT_ALL = """
WITH held AS (
    SELECT also.worker FROM unnest($3::bytea[], $4::uuid[]) AS also (id_hash, worker)
        JOIN verified_document ON verified_document.id_hash = also.id_hash
), claimed AS (
    INSERT INTO verified_document (id_hash, worker)
    SELECT id_hash, worker FROM unnest($1::bytea[], $2::uuid[]) WITH ORDINALITY AS claimed (id_hash, worker, position)
    WHERE worker NOT IN (SELECT worker FROM held) ORDER BY id_hash, position ON CONFLICT (id_hash) DO NOTHING RETURNING worker
)
SELECT worker FROM unnest($2::uuid[]) AS worker EXCEPT SELECT worker FROM claimed
"""
LIST_HELD = "SELECT id_hash FROM verified_document WHERE id_hash = ANY($1::bytea[])"
UPDATE_HOLDER = "UPDATE verified_document SET worker = $2 WHERE worker = $1"
# A worker who was merged holds the documents of both; the one that is registered is given up.
DELETE = "DELETE FROM verified_document WHERE worker = $1 AND id_hash = ANY($2::bytea[])"
# Under two lookup keys one document has two names: whoever claims it under either waits for the other.
LOCK_NAMES = "SELECT pg_advisory_xact_lock(7301032, key) FROM unnest($1::integer[]) AS key"
UPDATE_HASHES = """
UPDATE verified_document SET id_hash = new.id_hash FROM unnest($1::bytea[], $2::bytea[]) AS new (was, id_hash)
WHERE verified_document.id_hash = new.was AND NOT EXISTS (SELECT FROM verified_document AS held WHERE held.id_hash = new.id_hash)
"""
GET_UNKNOWN_COUNT = """
SELECT count(*) FROM verified_document WHERE NOT EXISTS (SELECT FROM personal WHERE personal.id_hash = verified_document.id_hash)
"""


async def list_held(tx: Tx, documents: Sequence[bytes]) -> set[bytes]:
    """Those by which somebody is verified."""
    return {row["id_hash"] for row in await tx.conn.fetch(LIST_HELD, documents)}


async def insert_all(tx: Tx, documents: Mapping[WorkerId, Sequence[bytes]]) -> set[WorkerId]:
    """Whose document is held by a registration that was verified before; the others hold theirs now. Waits for others' commits.

    `documents`: by worker the hashes of one, the first of which is stored.
    """
    if not documents:
        return set()
    also = [(one, worker) for worker, hashes in documents.items() for one in hashes[1:]]
    await lock_names(tx, documents.values())
    own = [hashes[0] for hashes in documents.values()]
    found = await tx.conn.fetch(INSERT_ALL, own, list(documents), [one for one, _ in also], [worker for _, worker in also])
    return {WorkerId(row["worker"]) for row in found}


async def lock_names(tx: Tx, documents: Collection[Sequence[bytes]]) -> None:
    """While two lookup keys are valid, nobody else claims one of these documents until the caller has committed."""
    if any(len(hashes) > 1 for hashes in documents):
        await tx.conn.execute(LOCK_NAMES, sorted({int.from_bytes(one[:4], signed=True) for hashes in documents for one in hashes}))


async def delete(tx: Tx, worker: WorkerId, hashes: Sequence[bytes]) -> None:
    """The document is free; the caller writes another one."""
    await tx.conn.execute(DELETE, worker, hashes)


async def update_hashes(tx: Tx, hashes: Sequence[tuple[bytes, bytes]]) -> None:
    """Each from the one to the other, unless somebody holds that."""
    await tx.conn.execute(UPDATE_HASHES, [was for was, _ in hashes], [now for _, now in hashes])


async def get_unknown_count(tx: Tx) -> int:
    """Those that no registration has under the hash that they are kept by."""
    return int(await tx.conn.fetchval(GET_UNKNOWN_COUNT))


async def update_holder(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """What verified the one verifies the other."""
    await tx.conn.execute(UPDATE_HOLDER, absorbed, survivor)
