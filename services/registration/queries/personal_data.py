"""The table `personal`: what identifies a person, sealed, and the hashes by which the same person is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.registration.personal_data.vault import Enclosed, Sealed
from services.registration.queries.workers import Record
from shared import rows
from shared.db import Tx
from shared.values import WorkerId


class Hashes(NamedTuple):
    """By which the same person is found. The first of each is stored; a second one is compared, while two lookup keys are valid."""

    ids: tuple[bytes, ...]  # none: no document number
    blocking: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    worker: WorkerId
    sealed: Sealed
    hashes: Hashes


class EnclosedRecord(NamedTuple):
    """The same before its data key is wrapped: what the rows of a list are decided to be, in a process of its own."""

    enclosed: Enclosed
    hashes: Hashes

    @property
    def worker(self) -> WorkerId:
        return self.enclosed.worker


@dataclass(frozen=True, slots=True)
class SealedRow:
    worker: WorkerId
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class HashedRow:
    """Personal data with the hashes that they are found by."""

    worker: WorkerId
    sealed: Sealed
    id_hash: bytes | None
    blocking_hash: bytes


SEALED_ROW = rows.Columns(SealedRow, 'worker, ciphertext AS "sealed.ciphertext", wrapped_key AS "sealed.wrapped_key"')
HASHED_ROW = rows.Columns(
    HashedRow, 'worker, ciphertext AS "sealed.ciphertext", wrapped_key AS "sealed.wrapped_key", id_hash, blocking_hash'
)
GET_SEALED = SEALED_ROW.select("FROM personal WHERE worker = ANY($1::uuid[])")
LIST_WORKERS_BY_ID_HASH = "SELECT worker FROM personal WHERE id_hash = ANY($1::bytea[]) ORDER BY worker LIMIT 100"
# Keys are compared one registration at a time where they are the same, so that of two at once the second sees the first. A list
# of a thousand compares alone, which is one lock and not two thousand.
LOCK_KEYS = """
SELECT pg_advisory_xact_lock_shared(7301030) UNION ALL SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key
"""
LOCK_ALL_KEYS = "SELECT pg_advisory_xact_lock(7301030)"
LOCK_RESPELT = HASHED_ROW.select("FROM personal WHERE spelling = 1 ORDER BY worker LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED")
# Locked: whoever is put right or erased meanwhile is so before or after.
LOCK_AFTER = HASHED_ROW.select("FROM personal WHERE $1::uuid IS NULL OR worker > $1 ORDER BY worker LIMIT $2 FOR UPDATE")
UPDATE_HASHES = """
UPDATE personal SET id_hash = new.id_hash, blocking_hash = new.blocking_hash
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (worker, id_hash, blocking_hash) WHERE personal.worker = new.worker
"""
INSERTED = ("worker", "ciphertext", "wrapped_key", "id_hash", "blocking_hash")
DELETE = "DELETE FROM personal WHERE worker = ANY($1::uuid[])"
UPDATE = "UPDATE personal SET ciphertext = $2, wrapped_key = $3, id_hash = $4, blocking_hash = $5, spelling = 2 WHERE worker = $1"
UPDATE_UNREADABLE = "UPDATE personal SET spelling = 0 WHERE worker = ANY($1::uuid[])"


async def get_sealed(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, Sealed]:
    """By worker; whoever is forgotten is absent."""
    return {record.worker: record.sealed for record in await rows.fetch(tx.conn, GET_SEALED, workers)}


async def list_workers_by_id_hash(tx: Tx, id_hashes: Sequence[bytes]) -> list[WorkerId]:
    return [row["worker"] for row in await tx.conn.fetch(LIST_WORKERS_BY_ID_HASH, id_hashes)]


async def lock_keys(tx: Tx, records: Sequence[PersonalRecord]) -> None:
    """Whoever shares a key with one of them is compared before or after, not at the same time."""
    await tx.conn.execute(LOCK_KEYS, lock_numbers([record.hashes for record in records]))


def lock_numbers(hashes: Sequence[Hashes]) -> list[int]:
    """What is locked for them, in the one order in which everybody locks."""
    return sorted({int.from_bytes(key[:8], signed=True) for one in hashes for key in (*one.ids, *one.blocking)})


async def lock_all_keys(tx: Tx) -> None:
    """Nobody else is compared until the caller has committed."""
    await tx.conn.execute(LOCK_ALL_KEYS)


async def lock_respelt(tx: Tx, limit: int) -> list[HashedRow]:
    """Those stored before names were spelt as passports do; those held by others are left for the next batch."""
    return await rows.fetch(tx.conn, LOCK_RESPELT, limit)


def record(one: PersonalRecord) -> Record:
    """The values of INSERTED of one worker; the id as text."""
    return (str(one.worker), *_stored(one))


def _stored(one: PersonalRecord) -> tuple[bytes, bytes, bytes | None, bytes]:
    return one.sealed.ciphertext, one.sealed.wrapped_key, one.hashes.ids[0] if one.hashes.ids else None, one.hashes.blocking[0]


async def insert_all(tx: Tx, records: Sequence[Record]) -> None:
    """Those of a list."""
    if records:
        await tx.conn.copy_records_to_table("personal", records=records, columns=INSERTED)


async def update(tx: Tx, record: PersonalRecord) -> None:
    await tx.conn.execute(UPDATE, record.worker, *_stored(record))


async def lock_after(tx: Tx, after: WorkerId | None, limit: int) -> list[HashedRow]:
    """The next ones in the order of their ids."""
    return await rows.fetch(tx.conn, LOCK_AFTER, after, limit)


async def update_hashes(tx: Tx, hashes: Mapping[WorkerId, Hashes]) -> None:
    """Those that are stored from now on: the first of each."""
    ids = [one.ids[0] if one.ids else None for one in hashes.values()]
    await tx.conn.execute(UPDATE_HASHES, list(hashes), ids, [one.blocking[0] for one in hashes.values()])


async def delete(tx: Tx, workers: Sequence[WorkerId]) -> None:
    """With the key: what was sealed cannot be opened any more, wherever a copy of the ciphertext may be."""
    await tx.conn.execute(DELETE, workers)


async def update_unreadable(tx: Tx, workers: Sequence[WorkerId]) -> None:
    """Sealed under a key that is not here: found by document only."""
    await tx.conn.execute(UPDATE_UNREADABLE, workers)
