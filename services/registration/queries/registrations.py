"""One registration in one round trip: what others may want too, then the worker and what identifies the worker, sealed."""

from __future__ import annotations

from typing import NamedTuple

from services.registration.domain.workers import Worker
from services.registration.queries import personal_data, verified_documents, workers
from services.registration.queries.personal_data import PersonalRecord
from shared.db import Tx


class Entered(NamedTuple):
    """`worker_no`: one that nobody else gets; a registration that is refused leaves a gap. `shares_key`: with somebody else."""

    worker_no: str
    shares_key: bool


# Each part reads the one before, which is their order. The document before the keys, and these in the order of their numbers: whoever
# registers at the same time, by a list too, waits in one order. Whoever shares a key has committed when its lock is given: after the
# snapshot of this statement, before that of key_is_known(). Where the document is somebody else's, nothing is locked or entered.
INSERT = """
WITH claimed AS (
    INSERT INTO verified_document (id_hash, worker)
    SELECT $33::bytea, $1 WHERE $33 IS NOT NULL AND NOT EXISTS (SELECT FROM verified_document WHERE id_hash = $34)
    ON CONFLICT (id_hash) DO NOTHING RETURNING worker
), locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(7301030), (SELECT count(pg_advisory_xact_lock(key)) FROM unnest($37::bigint[]) AS key)
    FROM claimed HAVING count(*) = 1 OR $33 IS NULL
), numbered AS MATERIALIZED (
    SELECT next_worker_no() AS worker_no, key_is_known($31, $35, $32, $36) AS shares_key FROM locked
), entered AS (
    INSERT INTO worker (
        worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
        registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
        wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_id, import_row,
        outreach_announcement, outreach_channel
    ) SELECT
        $1, worker_no, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
        $27
    FROM numbered
), kept AS (
    INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash) SELECT $28, $29, $30, $31, $32 FROM numbered
)
SELECT worker_no, shares_key FROM numbered
"""


async def insert(tx: Tx, worker: Worker, personal: PersonalRecord, document: tuple[bytes, ...]) -> Entered | None:
    """`document`: the hashes of what verifies the worker, none where nothing does. None: it has verified somebody else.

    The keys that the worker is found by are locked: whoever shares one is compared before or after this transaction, not at the same time.
    """
    await verified_documents.lock_names(tx, [document])
    worker_id, _, *columns = workers.record(worker)  # the number is given here
    others = (_two(personal.hashes.ids)[1], _two(personal.hashes.blocking)[1])
    keys = personal_data.lock_numbers([personal.hashes])
    row = await tx.conn.fetchrow(INSERT, worker_id, *columns, *personal_data.record(personal), *_two(document), *others, keys)
    return None if row is None else Entered(*row)


def _two(hashes: tuple[bytes, ...]) -> tuple[bytes | None, bytes | None]:
    """Under the lookup key that is written, and under the second one while two are valid."""
    first, second, *_ = (*hashes, None, None)
    return first, second
