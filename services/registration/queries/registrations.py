"""One registration, in one round trip: the worker, what identifies the worker, sealed, and the locks of the keys that it is found by."""

from __future__ import annotations

from services.registration.domain.workers import Worker
from services.registration.queries import personal_data, workers
from services.registration.queries.personal_data import PersonalRecord
from shared.db import Tx

# `locked` is read, or its locks would not be taken. A list has a way of its own: COPY, and one lock for all keys.
INSERT = """
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(7301030) UNION ALL SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key
), entered AS (
    INSERT INTO worker (
        worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
        registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
        wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_id, import_row,
        outreach_announcement, outreach_channel
    ) VALUES (
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29
    )
), kept AS (
    INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash) VALUES ($30, $31, $32, $33, $34)
)
SELECT count(*) FROM locked
"""


async def insert(tx: Tx, worker: Worker, personal: PersonalRecord) -> None:
    """Whoever shares a key with the worker is compared before or after this transaction, not at the same time."""
    await tx.conn.execute(INSERT, personal_data.keys_of([personal]), *workers.record(worker), *personal_data.record(personal))
