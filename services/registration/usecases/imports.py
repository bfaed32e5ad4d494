"""Worker lists: decided row by row, the good rows in, resumable at the row where a killed process left off.

The file's digest is its name: the same file is the same import. Every chunk of rows is one transaction that locks the import,
takes the rows after `done`, writes workers, events, findings and the new `done`. So a kill loses at most the chunk in hand, which is
then done again from its start; two requests with the same file take turns; nobody is registered twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from services.registration.domain.errors import ImportNotFound
from services.registration.domain.imports import Finding, ImportRun, ImportState
from services.registration.queries import imports, personal_data, workers
from services.registration.settings import policy
from services.registration.usecases import new_workers, suspicions
from services.registration.usecases.import_rows import CheckedRows, RowContext, check_rows, hold_documents
from services.registration.views.imports import Import
from services.registration.worker_lists.columns import read_list
from shared import events
from shared.db import Cause, Database, Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.paging import page
from shared.principals import Forbidden, Principal
from shared.sheets.files import Kind
from shared.sheets.tables import Row, SheetColumn
from shared.values import ImportId, new_id

FINDINGS_SHOWN = 200
FINDINGS_ANNOTATED = 200_000


# --- commands ---------------------------------------------------------------------------------------------------------
async def import_workers(database: Database, cause: Cause, content: bytes, kind: Kind) -> Import:
    """Register the workers of a list; the finished import where the file is known. Raises what read_list raises, Forbidden."""
    table = await asyncio.to_thread(read_list, content, kind, policy().registration_import_rows)
    rows = table.rows
    digest = hashlib.sha256(content).hexdigest()
    async with database.transaction(cause) as tx:
        await imports.insert(tx, ImportId(new_id()), digest, len(rows), tx.clock.today())
    while True:
        async with database.transaction(cause) as tx:
            run = _visible(tx.principal, await imports.lock_by_digest(tx, digest))
            if run.state is ImportState.COMPLETED:
                return await _show(tx, run, 0, FINDINGS_SHOWN, table.columns)
            await _import_chunk(tx, run, rows[run.done : run.done + policy().registration_import_chunk])


async def _import_chunk(tx: Tx, run: ImportRun, rows: Sequence[Row]) -> None:
    numbers = await workers.get_numbers(tx, len(rows))
    context = RowContext(tx.principal, run.import_id, default_day=run.started_on, today=tx.clock.today())
    checked = await hold_documents(tx, await asyncio.to_thread(check_rows, context, rows, numbers))
    await personal_data.lock_all_keys(tx)
    await new_workers.insert_all(tx, checked.accepted)
    publish_and_audit(tx, *checked.changes)
    await suspicions.suspect(tx, [new.worker.worker for new in checked.accepted])
    await imports.update_progress(tx, run.import_id, accepted=len(checked.accepted), rejected=checked.rejected)
    await imports.insert_findings(tx, run.import_id, checked.findings)
    if run.done + len(rows) == run.rows:
        await imports.update_completed(tx, run.import_id)
        publish_and_audit(tx, _completed(tx, run, checked))


def _completed(tx: Tx, run: ImportRun, last: CheckedRows) -> events.ImportCompleted:
    return events.ImportCompleted(
        import_id=run.import_id,
        rows=run.rows,
        accepted=run.accepted + len(last.accepted),
        rejected=run.rejected + last.rejected,
        digest=run.digest,
        effective=tx.clock.today(),
    )


async def rehearse_import(cause: Cause, content: bytes, kind: Kind) -> Import:
    """What an import would find, with nothing written. Raises what read_list raises."""
    table = await asyncio.to_thread(read_list, content, kind, policy().registration_import_rows)
    rows = table.rows
    today, chunk = cause.clock.today(), policy().registration_import_chunk
    context = RowContext(cause.principal, ImportId(new_id()), default_day=today, today=today)
    accepted = 0
    findings: list[Finding] = []
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        checked = await asyncio.to_thread(check_rows, context, part, range(1, len(part) + 1))
        accepted += len(checked.accepted)
        findings += checked.findings
    return Import.from_rehearsal(hashlib.sha256(content).hexdigest(), table, accepted, findings)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_import(tx: Tx, import_id: ImportId, after: int, limit: int) -> Import:
    """The import and a page of its findings. Raises ImportNotFound, Forbidden."""
    return await _show(tx, _visible(tx.principal, await imports.get(tx, import_id)), after, limit)


async def list_findings(tx: Tx, import_id: ImportId) -> list[Finding]:
    """Everything that was found, for the annotated sheet. Raises ImportNotFound, Forbidden."""
    _visible(tx.principal, await imports.get(tx, import_id))
    return [stored.finding for stored in await imports.list_findings(tx, import_id, after=0, limit=FINDINGS_ANNOTATED)]


def _visible(principal: Principal, run: ImportRun | None) -> ImportRun:
    """To whoever covers every region of whoever started it. Raises ImportNotFound, Forbidden."""
    if run is None:
        raise ImportNotFound
    if not all(principal.covers_county(region) for region in run.regions):
        raise Forbidden(f"{principal} does not cover the regions of this import")
    return run


async def _show(tx: Tx, run: ImportRun, after: int, limit: int, columns: Sequence[SheetColumn] = ()) -> Import:
    found = await imports.list_findings(tx, run.import_id, after=after, limit=limit + 1)
    items, following = page(found, limit, lambda stored: stored.id)
    return Import.from_run(run, [stored.finding for stored in items], following, columns)
