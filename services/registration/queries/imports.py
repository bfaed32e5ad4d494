"""The tables `import_run` and `import_finding`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.registration.domain.imports import ImportRun
from shared import rows
from shared.db import Tx
from shared.sheets.findings import Finding
from shared.values import ImportId


@dataclass(frozen=True, slots=True)
class StoredFinding:
    id: int
    finding: Finding


IMPORT_RUN = rows.Columns(
    ImportRun,
    """
    import_id, digest, state, rows, done, accepted, rejected, already, accepted_before, regions, started_by, started_on, started_at,
    finished_at
    """,
)
GET = IMPORT_RUN.select("FROM import_run WHERE import_id = $1")
# Of every sender: imports of the same file take turns.
LOCK_BY_DIGEST = IMPORT_RUN.select("FROM import_run WHERE digest = $1 ORDER BY import_id FOR UPDATE")
LIST_OWN = IMPORT_RUN.select("FROM import_run WHERE started_by = $1 ORDER BY started_at DESC, import_id DESC LIMIT $2")
INSERT = """
INSERT INTO import_run (import_id, digest, state, rows, regions, started_by, started_on, started_at)
VALUES ($1, $2, 'running', $3, $4, $5, $6, $7) ON CONFLICT (digest, started_by) DO NOTHING
"""
UPDATE_PROGRESS = """
UPDATE import_run
SET done = done + $2 + $3 + $4, accepted = accepted + $2, rejected = rejected + $3, already = already + $4 WHERE import_id = $1
"""
UPDATE_COMPLETED = """
UPDATE import_run SET state = 'completed', finished_at = $2, accepted_before = accepted WHERE import_id = $1
"""
UPDATE_RETRIED = """
UPDATE import_run SET state = 'running', done = 0, accepted = 0, rejected = 0, already = 0, finished_at = NULL, regions = $2
WHERE import_id = $1
"""
LIST_TAKEN = """
SELECT import_row, import_id FROM worker JOIN import_run USING (import_id) WHERE digest = $1 AND import_row BETWEEN $2 AND $3
"""

STORED_FINDING = rows.Columns(
    StoredFinding,
    """
    id, row AS "finding.row", "column" AS "finding.column", code AS "finding.code", severity AS "finding.severity",
    value AS "finding.value", hints AS "finding.hints"
    """,
)
DELETE_FINDINGS = STORED_FINDING.returning("DELETE FROM import_finding WHERE import_id = $1 AND row BETWEEN $2 AND $3")
LIST_FINDINGS = STORED_FINDING.select("FROM import_finding WHERE import_id = $1 AND id > $2 ORDER BY id LIMIT $3")
INSERT_FINDINGS = """
INSERT INTO import_finding (import_id, row, "column", code, severity, value, hints)
SELECT $1, row, "column", code, severity, value, string_to_array(hints, E'\\n')
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS finding (row, "column", code, severity, value, hints, position)
ORDER BY position
"""
UPDATE_VALUES_ERASED = "UPDATE import_finding SET value = NULL WHERE import_id = $1 AND row = $2"


async def get(tx: Tx, import_id: ImportId) -> ImportRun | None:
    return await rows.fetch_one(tx.conn, GET, import_id)


async def lock_by_digest(tx: Tx, digest: str) -> ImportRun | None:
    """The principal's own import of the file, with everybody's locked."""
    runs = await rows.fetch(tx.conn, LOCK_BY_DIGEST, digest)
    return next((run for run in runs if run.started_by == str(tx.principal)), None)


async def list_own(tx: Tx, limit: int) -> list[ImportRun]:
    """The principal's, newest first."""
    return await rows.fetch(tx.conn, LIST_OWN, str(tx.principal), limit)


async def list_taken(tx: Tx, digest: str, first: int, last: int) -> dict[int, ImportId]:
    """Rows of the file, from the first to the last, that have been registered, and by which import."""
    return {row["import_row"]: ImportId(row["import_id"]) for row in await tx.conn.fetch(LIST_TAKEN, digest, first, last)}


async def list_findings(tx: Tx, import_id: ImportId, *, after: int, limit: int) -> list[StoredFinding]:
    """In the order of the list's rows."""
    return await rows.fetch(tx.conn, LIST_FINDINGS, import_id, after, limit)


async def insert(tx: Tx, import_id: ImportId, digest: str, row_count: int, started_on: date) -> None:
    """Nothing where the principal's file is known already."""
    await tx.conn.execute(INSERT, import_id, digest, row_count, tx.principal.regions, str(tx.principal), started_on, tx.clock.now())


async def insert_findings(tx: Tx, import_id: ImportId, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    await tx.conn.execute(
        INSERT_FINDINGS,
        import_id,
        [finding.row for finding in findings],
        [finding.column for finding in findings],
        [finding.code for finding in findings],
        [finding.severity for finding in findings],
        [finding.value for finding in findings],
        ["\n".join(finding.hints) for finding in findings],
    )


async def update_progress(tx: Tx, import_id: ImportId, *, accepted: int, rejected: int, already: int) -> None:
    """So many rows more are decided."""
    await tx.conn.execute(UPDATE_PROGRESS, import_id, accepted, rejected, already)


async def update_retried(tx: Tx, import_id: ImportId) -> None:
    """From its first row again, within the principal's regions of now."""
    await tx.conn.execute(UPDATE_RETRIED, import_id, tx.principal.regions)


async def delete_findings(tx: Tx, import_id: ImportId, first: int, last: int) -> list[Finding]:
    """What was found before in rows from the first to the last."""
    return [stored.finding for stored in await rows.fetch(tx.conn, DELETE_FINDINGS, import_id, first, last)]


async def update_completed(tx: Tx, import_id: ImportId) -> None:
    await tx.conn.execute(UPDATE_COMPLETED, import_id, tx.clock.now())


async def update_values_erased(tx: Tx, import_id: ImportId, row: int | None) -> None:
    """Masked as they are, the values found in the row of somebody erased go too."""
    await tx.conn.execute(UPDATE_VALUES_ERASED, import_id, row)
