"""One registration in two round trips: what others may want too, then the worker and what identifies the worker, sealed."""

from __future__ import annotations

from typing import NamedTuple

from services.registration.domain.workers import Worker
from services.registration.queries import personal_data, verified_documents, workers
from services.registration.queries.personal_data import Hashes, PersonalRecord
from shared.db import Tx
from shared.values import WorkerId


class Claimed(NamedTuple):
    """`number`: one that nobody else gets; a registration that is refused leaves a gap. `document`: it was claimed."""

    number: int
    document: bool


# The document before the keys, and these in the order of their numbers: whoever registers at the same time, by a list too, waits in one
# order. `locked` is read, or its locks would not be taken.
LOCK_NEW = """
WITH claimed AS (
    INSERT INTO verified_document (id_hash, worker)
    SELECT $2::bytea, $1 WHERE $2 IS NOT NULL AND NOT EXISTS (SELECT FROM verified_document WHERE id_hash = $3)
    ON CONFLICT (id_hash) DO NOTHING RETURNING worker
), documents AS MATERIALIZED (
    SELECT count(*) AS claimed FROM claimed
), locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(7301030) FROM documents
    UNION ALL SELECT pg_advisory_xact_lock(key) FROM documents, unnest($4::bigint[]) AS key
)
SELECT nextval('worker_number') AS number, claimed > 0 AS document, (SELECT count(*) FROM locked) FROM documents
"""
# Whoever shares a key has committed before the statement that took its lock has ended, and is seen by this one. A hash at a time: with IN
# the plan made while there were no rows yet, which a connection keeps, reads them all.
INSERT = """
WITH entered AS (
    INSERT INTO worker (
        worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
        registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
        wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_id, import_row,
        outreach_announcement, outreach_channel
    ) VALUES (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28
    )
), kept AS (
    INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash) VALUES ($29, $30, $31, $32, $33)
)
SELECT EXISTS (SELECT FROM personal WHERE id_hash = $32) OR EXISTS (SELECT FROM personal WHERE id_hash = $34)
    OR EXISTS (SELECT FROM personal WHERE blocking_hash = $33) OR EXISTS (SELECT FROM personal WHERE blocking_hash = $35)
"""


async def lock_new(tx: Tx, worker: WorkerId, document: tuple[bytes, ...], hashes: Hashes) -> Claimed:
    """`document`: the hashes of what verifies the worker, none where nothing does; the keys that the worker is found by are locked.

    Whoever shares a key is compared before or after this transaction, not at the same time.
    """
    await verified_documents.lock_names(tx, [document])
    row = await tx.conn.fetchrow(LOCK_NEW, worker, *_two(document), personal_data.lock_numbers([hashes]))
    return Claimed(row["number"], row["document"])


async def insert(tx: Tx, worker: Worker, personal: PersonalRecord) -> bool:
    """The caller has locked the keys. Returns whether somebody else shares one."""
    others = (_two(personal.hashes.ids)[1], _two(personal.hashes.blocking)[1])
    return bool(await tx.conn.fetchval(INSERT, *workers.record(worker), *personal_data.record(personal), *others))


def _two(hashes: tuple[bytes, ...]) -> tuple[bytes | None, bytes | None]:
    """Under the lookup key that is written, and under the second one while two are valid."""
    first, second, *_ = (*hashes, None, None)
    return first, second
