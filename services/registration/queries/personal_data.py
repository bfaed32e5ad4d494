"""The table `personal`: what identifies a person, sealed, and the hashes by which the same person is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.registration.personal_data.vault import Enclosed, Sealed
from services.registration.queries.workers import COPY_FROM, Record
from shared import rows
from shared.db import Tx
from shared.values import CountyCode, WorkerId


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    worker: WorkerId
    sealed: Sealed
    id_hash: bytes | None
    blocking_hash: bytes


class EnclosedRecord(NamedTuple):
    """The same before its data key is wrapped: what the rows of a list are decided to be, in a process of its own."""

    enclosed: Enclosed
    id_hash: bytes | None
    blocking_hash: bytes

    @property
    def worker(self) -> WorkerId:
        return self.enclosed.worker


@dataclass(frozen=True, slots=True)
class Respelt:
    """Personal data whose name may be spelt as before, and the county that the blocking hash is made with."""

    worker: WorkerId
    county: CountyCode
    sealed: Sealed


PERSONAL_RECORD = rows.Columns(
    PersonalRecord, 'worker, ciphertext AS "sealed.ciphertext", wrapped_key AS "sealed.wrapped_key", id_hash, blocking_hash'
)
RESPELT = rows.Columns(Respelt, 'personal.worker, county, ciphertext AS "sealed.ciphertext", wrapped_key AS "sealed.wrapped_key"')
GET_SEALED = PERSONAL_RECORD.select("FROM personal WHERE worker = ANY($1::uuid[])")
LIST_WORKERS_BY_ID_HASH = "SELECT worker FROM personal WHERE id_hash = $1 ORDER BY worker LIMIT 100"
# Keys are compared one registration at a time where they are the same, so that of two at once the second sees the first. A list
# of a thousand compares alone, which is one lock and not two thousand.
LOCK_KEYS = """
SELECT pg_advisory_xact_lock_shared(7301030) UNION ALL SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key
"""
LOCK_ALL_KEYS = "SELECT pg_advisory_xact_lock(7301030)"
LOCK_RESPELT = RESPELT.select("""
FROM personal JOIN worker ON worker.worker = personal.worker
WHERE spelling = 1 ORDER BY personal.worker LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
""")
INSERTED = ("worker", "ciphertext", "wrapped_key", "id_hash", "blocking_hash")
INSERT_ALL = """
INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
SELECT worker, ciphertext, wrapped_key, id_hash, blocking_hash
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS record (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
"""
DELETE = "DELETE FROM personal WHERE worker = ANY($1::uuid[])"
UPDATE = "UPDATE personal SET ciphertext = $2, wrapped_key = $3, id_hash = $4, blocking_hash = $5, spelling = 2 WHERE worker = $1"
UPDATE_UNREADABLE = "UPDATE personal SET spelling = 0 WHERE worker = ANY($1::uuid[])"


async def get_sealed(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, Sealed]:
    """By worker; whoever is forgotten is absent."""
    return {record.worker: record.sealed for record in await rows.fetch(tx.conn, GET_SEALED, workers)}


async def list_workers_by_id_hash(tx: Tx, id_hash: bytes) -> list[WorkerId]:
    return [row["worker"] for row in await tx.conn.fetch(LIST_WORKERS_BY_ID_HASH, id_hash)]


async def lock_keys(tx: Tx, records: Sequence[PersonalRecord | EnclosedRecord]) -> None:
    """Whoever shares a key with one of them is compared before or after, not at the same time."""
    hashes = {one for record in records for one in (record.id_hash, record.blocking_hash) if one is not None}
    await tx.conn.execute(LOCK_KEYS, sorted(int.from_bytes(one[:8], signed=True) for one in hashes))


async def lock_all_keys(tx: Tx) -> None:
    """Nobody else is compared until the caller has committed."""
    await tx.conn.execute(LOCK_ALL_KEYS)


async def lock_respelt(tx: Tx, limit: int) -> list[Respelt]:
    """Those stored before names were spelt as passports do; those held by others are left for the next batch."""
    return await rows.fetch(tx.conn, LOCK_RESPELT, limit)


def record(one: PersonalRecord) -> Record:
    """The values of INSERTED of one worker; the id as text."""
    return (str(one.worker), one.sealed.ciphertext, one.sealed.wrapped_key, one.id_hash, one.blocking_hash)


async def insert_all(tx: Tx, records: Sequence[Record]) -> None:
    """Many by COPY, which spends half the time on them."""
    if len(records) >= COPY_FROM:
        await tx.conn.copy_records_to_table("personal", records=records, columns=INSERTED)
    elif records:
        await tx.conn.execute(INSERT_ALL, *map(list, zip(*records, strict=True)))


async def update(tx: Tx, record: PersonalRecord) -> None:
    await tx.conn.execute(UPDATE, record.worker, record.sealed.ciphertext, record.sealed.wrapped_key, record.id_hash, record.blocking_hash)


async def delete(tx: Tx, workers: Sequence[WorkerId]) -> None:
    """With the key: what was sealed cannot be opened any more, wherever a copy of the ciphertext may be."""
    await tx.conn.execute(DELETE, workers)


async def update_unreadable(tx: Tx, workers: Sequence[WorkerId]) -> None:
    """Sealed under a key that is not here: found by document only."""
    await tx.conn.execute(UPDATE_UNREADABLE, workers)
