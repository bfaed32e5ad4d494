"""What a case consists of beside its steps: evidence, and what was asked, answered and offered."""

from __future__ import annotations

from datetime import datetime

from services.rights.domain.case_files import Evidence, Statement
from shared import rows
from shared.db import Tx
from shared.values import CaseId

EVIDENCE = rows.Columns(Evidence, "digest, kind, provided_by, added_at")
STATEMENT = rows.Columns(Statement, 'kind, text, amount_minor AS "amount.minor", currency AS "amount.currency", recorded_at')
LIST_EVIDENCE = EVIDENCE.select('FROM case_evidence WHERE "case" = $1 ORDER BY added_at, digest LIMIT 1000')
LIST_STATEMENTS = STATEMENT.select('FROM case_statement WHERE "case" = $1 ORDER BY id LIMIT 1000')
EXISTS_EVIDENCE = 'SELECT EXISTS (SELECT FROM case_evidence WHERE "case" = $1 AND added_at > $2)'
INSERT_EVIDENCE = """
INSERT INTO case_evidence ("case", digest, kind, provided_by, added_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ("case", digest) DO NOTHING RETURNING digest
"""
INSERT_STATEMENT = """
INSERT INTO case_statement ("case", kind, text, amount_minor, currency, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def list_evidence(tx: Tx, case: CaseId) -> list[Evidence]:
    return await rows.fetch(tx.conn, LIST_EVIDENCE, case)


async def list_statements(tx: Tx, case: CaseId) -> list[Statement]:
    return await rows.fetch(tx.conn, LIST_STATEMENTS, case)


async def exists_evidence(tx: Tx, case: CaseId, since: datetime) -> bool:
    """Whether evidence was added after that moment."""
    return bool(await tx.conn.fetchval(EXISTS_EVIDENCE, case, since))


async def insert_evidence(tx: Tx, case: CaseId, evidence: Evidence) -> bool:
    """False: the case has this document already."""
    row = await tx.conn.fetchval(INSERT_EVIDENCE, case, evidence.digest, evidence.kind, evidence.provided_by, evidence.added_at)
    return row is not None


async def insert_statement(tx: Tx, case: CaseId, statement: Statement) -> None:
    amount = statement.amount
    await tx.conn.execute(
        INSERT_STATEMENT, case, statement.kind, statement.text, amount and amount.minor, amount and amount.currency, statement.recorded_at
    )
