"""The table `personal`: what identifies a person, sealed, and the hashes by which the same person is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.personal_data.vault import Sealed
from shared import rows
from shared.db import Tx
from shared.values import WorkerId


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    worker: WorkerId
    sealed: Sealed
    id_hash: bytes | None
    blocking_hash: bytes


PERSONAL_RECORD = rows.Columns(
    PersonalRecord, 'worker, ciphertext AS "sealed.ciphertext", wrapped_key AS "sealed.wrapped_key", id_hash, blocking_hash'
)
GET_SEALED = PERSONAL_RECORD.select("FROM personal WHERE worker = ANY($1::uuid[])")
LIST_WORKERS_BY_ID_HASH = "SELECT worker FROM personal WHERE id_hash = $1 ORDER BY worker LIMIT 100"
GET_DUPLICATE_COUNTS = """
SELECT own.worker, count(*) AS others
FROM personal own
JOIN personal other ON other.worker <> own.worker AND (other.blocking_hash = own.blocking_hash OR other.id_hash = own.id_hash)
WHERE own.worker = ANY($1::uuid[]) GROUP BY own.worker
"""
INSERT_ALL = """
INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
SELECT worker, ciphertext, wrapped_key, id_hash, blocking_hash
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS record (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
"""
DELETE = "DELETE FROM personal WHERE worker = $1"
UPDATE = "UPDATE personal SET ciphertext = $2, wrapped_key = $3, id_hash = $4, blocking_hash = $5 WHERE worker = $1"


async def get_sealed(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, Sealed]:
    """By worker; whoever is forgotten is absent."""
    return {record.worker: record.sealed for record in await rows.fetch(tx.conn, GET_SEALED, workers)}


async def list_workers_by_id_hash(tx: Tx, id_hash: bytes) -> list[WorkerId]:
    return [row["worker"] for row in await tx.conn.fetch(LIST_WORKERS_BY_ID_HASH, id_hash)]


async def get_duplicate_counts(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, int]:
    """How many others share the document, or name, birth date and county. Who shares neither is absent."""
    return {WorkerId(row["worker"]): row["others"] for row in await tx.conn.fetch(GET_DUPLICATE_COUNTS, workers)}


async def insert_all(tx: Tx, records: Sequence[PersonalRecord]) -> None:
    if not records:
        return
    await tx.conn.execute(
        INSERT_ALL,
        [record.worker for record in records],
        [record.sealed.ciphertext for record in records],
        [record.sealed.wrapped_key for record in records],
        [record.id_hash for record in records],
        [record.blocking_hash for record in records],
    )


async def update(tx: Tx, record: PersonalRecord) -> None:
    await tx.conn.execute(UPDATE, record.worker, record.sealed.ciphertext, record.sealed.wrapped_key, record.id_hash, record.blocking_hash)


async def delete(tx: Tx, worker: WorkerId) -> None:
    """With the key: what was sealed cannot be opened any more, wherever a copy of the ciphertext may be."""
    await tx.conn.execute(DELETE, worker)
