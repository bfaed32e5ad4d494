"""Worker lists: judged row by row, the good rows in, resumable at the row where a kill left off.

The file's digest is its name: the same file is the same import. Every chunk of rows is one transaction that locks the import,
takes the rows after `done`, writes workers, events, findings and the new `done`. So a kill loses at most the chunk in hand, which is
then done again from its start; two requests with the same file take turns; nobody is registered twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from services.registration import domain, queries, sheet, views
from services.registration.domain import ImportState
from services.registration.queries import ImportRun
from services.registration.settings import Programme
from services.registration.usecases.rows import Context, judge
from shared import events
from shared.db import Cause, Database, Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.principals import Forbidden, Principal
from shared.sheets import Kind, Row
from shared.values import ImportId, new_id

FINDINGS_SHOWN = 200
FINDINGS_ANNOTATED = 200_000


async def import_workers(database: Database, cause: Cause, programme: Programme, content: bytes, kind: Kind) -> views.Import:
    """Register the workers of a list; the finished import where the file is known. Raises what sheet.read raises, Forbidden."""
    rows = await asyncio.to_thread(sheet.read, content, kind, programme.import_rows)
    digest = hashlib.sha256(content).hexdigest()
    async with database.transaction(cause) as tx:
        await queries.begin_import(tx, ImportId(new_id()), digest, len(rows), tx.clock.today())
    while True:
        async with database.transaction(cause) as tx:
            run = await _own(tx, digest)
            if run.state is ImportState.COMPLETED:
                return await _shown(tx, run, 0, FINDINGS_SHOWN)
            await _chunk(tx, programme, run, rows[run.done : run.done + programme.import_chunk])


async def _chunk(tx: Tx, programme: Programme, run: ImportRun, rows: Sequence[Row]) -> None:
    numbers = await queries.take_numbers(tx, len(rows))
    context = Context(programme, tx.principal, run.import_id, run.started_on, tx.clock.today())
    judged = await asyncio.to_thread(judge, context, rows, numbers)
    await queries.insert_workers(tx, judged.entries)
    publish_and_audit(tx, *judged.changes)
    await queries.advance_import(tx, run.import_id, len(judged.entries), judged.rejected, judged.findings)
    if run.done + len(rows) == run.rows:
        await queries.finish_import(tx, run.import_id)
        completed = events.ImportCompleted(
            import_id=run.import_id,
            rows=run.rows,
            accepted=run.accepted + len(judged.entries),
            rejected=run.rejected + judged.rejected,
            digest=run.digest,
            effective=tx.clock.today(),
        )
        publish_and_audit(tx, completed)


async def try_import(cause: Cause, programme: Programme, content: bytes, kind: Kind) -> views.Import:
    """What an import would find, with nothing written. Raises what sheet.read raises."""
    rows = await asyncio.to_thread(sheet.read, content, kind, programme.import_rows)
    today = cause.clock.today()
    context = Context(programme, cause.principal, ImportId(new_id()), today, today)
    accepted, findings = 0, []
    for start in range(0, len(rows), programme.import_chunk):
        chunk = rows[start : start + programme.import_chunk]
        judged = await asyncio.to_thread(judge, context, chunk, range(1, len(chunk) + 1))
        accepted += len(judged.entries)
        findings += judged.findings
    return views.Import(
        import_id=None,
        dry_run=True,
        state=ImportState.COMPLETED,
        digest=hashlib.sha256(content).hexdigest(),
        rows=len(rows),
        done=len(rows),
        accepted=accepted,
        rejected=len(rows) - accepted,
        started_at=None,
        finished_at=None,
        findings=tuple(_finding(finding) for finding in findings),
        next=None,
    )


async def show_import(tx: Tx, import_id: ImportId, after: int, limit: int) -> views.Import:
    """The import and a page of its findings. Raises ImportNotFound, Forbidden."""
    return await _shown(tx, await _visible(tx, import_id), after, limit)


async def annotate(tx: Tx, import_id: ImportId) -> list[sheet.Mark]:
    """Everything that was found, for the sheet. Raises ImportNotFound, Forbidden."""
    await _visible(tx, import_id)
    found = await queries.findings(tx, import_id, 0, FINDINGS_ANNOTATED)
    return [sheet.Mark(finding.row, finding.column, finding.code) for _, finding in found]


async def _own(tx: Tx, digest: str) -> ImportRun:
    run = await queries.lock_import(tx, digest)
    if run is None:
        raise domain.ImportNotFound
    _require_covered(tx.principal, run)
    return run


async def _visible(tx: Tx, import_id: ImportId) -> ImportRun:
    run = await queries.import_run(tx, import_id)
    if run is None:
        raise domain.ImportNotFound
    _require_covered(tx.principal, run)
    return run


def _require_covered(who: Principal, run: ImportRun) -> None:
    """Who covers every region of whoever started it. Raises Forbidden."""
    if not all(who.covers_county(region) for region in run.regions):
        raise Forbidden(f"{who} does not cover the regions of this import")


async def _shown(tx: Tx, run: ImportRun, after: int, limit: int) -> views.Import:
    found = await queries.findings(tx, run.import_id, after, limit + 1)
    return views.Import(
        import_id=run.import_id,
        dry_run=False,
        state=run.state,
        digest=run.digest,
        rows=run.rows,
        done=run.done,
        accepted=run.accepted,
        rejected=run.rejected,
        started_at=run.started_at,
        finished_at=run.finished_at,
        findings=tuple(_finding(finding) for _, finding in found[:limit]),
        next=found[limit - 1][0] if len(found) > limit else None,
    )


def _finding(finding: queries.Finding) -> views.Finding:
    severity = "error" if finding.severity == "error" else "warning"
    return views.Finding(row=finding.row, column=finding.column, code=finding.code, severity=severity, value=finding.value)
