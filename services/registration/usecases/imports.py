"""Worker lists: decided row by row, the good rows in, resumable at the row where a killed process left off.

The file's digest is its name. Every chunk of rows is one transaction that locks every sender's import of the file, takes the rows after
`done`, writes workers, events, findings and the new `done`. So a kill loses at most the chunk in hand, which is then done again from its
start; requests with the same file take turns; a row is registered once, whoever sends it. The same file again tries the rows again that
were refused: what kept them out may be gone (F8).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

from services.registration.domain.errors import ImportNotFound
from services.registration.domain.imports import ImportRun, ImportState
from services.registration.queries import imports, old_numbers, verified_documents
from services.registration.settings import policy
from services.registration.usecases.import_chunks import WorkerList, import_chunk, row_context
from services.registration.usecases.import_decisions import Chunk
from services.registration.usecases.import_process import start_decider
from services.registration.usecases.import_rows import held_document, taken_number
from services.registration.usecases.new_workers import NOT_NUMBERED
from services.registration.views.imports import Import, Imports
from services.registration.worker_lists.columns import read_list
from services.registration.worker_lists.messages import MESSAGES
from services.registration.worker_lists.repeats import repeated_rows
from shared.db import Cause, Database, Tx
from shared.old_numbers import OldNumber
from shared.paging import page
from shared.principals import Forbidden, Principal
from shared.sheets.annotated import annotate
from shared.sheets.files import Kind
from shared.sheets.findings import Finding
from shared.sheets.tables import Table
from shared.values import ImportId, new_id

FINDINGS_SHOWN = 200
FINDINGS_REHEARSED = 1000
FINDINGS_ANNOTATED = 1_000_000


# --- commands ---------------------------------------------------------------------------------------------------------
async def import_workers(database: Database, cause: Cause, content: bytes, kind: Kind) -> Import:
    """Register the workers of a list; of one that is known, those refused before. Raises what read_list raises."""
    run, table = await _import(database, cause, content, kind)
    async with database.transaction(cause) as tx:
        return await _show(tx, run, 0, FINDINGS_SHOWN, table)


async def import_annotated(database: Database, cause: Cause, content: bytes, kind: Kind) -> bytes:
    """The same, answered with the list as it was sent and what was found in it. Raises what read_list raises."""
    run, table = await _import(database, cause, content, kind)
    async with database.transaction(cause) as tx:
        stored = await imports.list_findings(tx, run.import_id, after=0, limit=FINDINGS_ANNOTATED)
    return await asyncio.to_thread(annotate, table, [one.finding for one in stored], MESSAGES)


async def _import(database: Database, cause: Cause, content: bytes, kind: Kind) -> tuple[ImportRun, Table]:
    async with start_decider(len(content)) as decider:
        table, repeated = await asyncio.to_thread(_read, content, kind)
        await decider.started()
        digest = hashlib.sha256(content).hexdigest()
        async with database.transaction(cause) as tx:
            await imports.insert(tx, ImportId(new_id()), digest, len(table.rows), tx.clock.today())
            run = await _lock(tx, digest)
            if run.state is ImportState.COMPLETED and run.rejected:
                await imports.update_retried(tx, run.import_id)
        workers_list = WorkerList(table=table, repeated=repeated, decider=decider)
        try:
            while True:
                async with database.transaction(cause) as tx:
                    run = await _lock(tx, digest)
                    if run.state is ImportState.COMPLETED:
                        return run, table
                    await import_chunk(tx, run, workers_list)
        finally:
            await workers_list.drop()


def _read(content: bytes, kind: Kind) -> tuple[Table, dict[int, int]]:
    table = read_list(content, kind, policy().registration_import_rows)
    return table, repeated_rows(table.rows)


async def _lock(tx: Tx, digest: str) -> ImportRun:
    run = await imports.lock_by_digest(tx, digest)
    if run is None:
        raise ImportNotFound
    return run


# --- trials -----------------------------------------------------------------------------------------------------------
async def rehearse_import(database: Database, cause: Cause, content: bytes, kind: Kind) -> Import:
    """What an import would find, with nothing written. Raises what read_list raises."""
    table, findings, already = await _rehearse(database, cause, content, kind)
    digest = hashlib.sha256(content).hexdigest()
    return Import.from_rehearsal(digest, table, findings, already=already, limit=FINDINGS_REHEARSED)


async def rehearse_annotated(database: Database, cause: Cause, content: bytes, kind: Kind) -> bytes:
    """The same, as the list with what would be found in it. Raises what read_list raises."""
    table, findings, _ = await _rehearse(database, cause, content, kind)
    return await asyncio.to_thread(annotate, table, findings, MESSAGES)


async def _rehearse(database: Database, cause: Cause, content: bytes, kind: Kind) -> tuple[Table, list[Finding], int]:
    """The table, what is found in it, and how many of its rows are registered already."""
    findings: list[Finding] = []
    seen: set[bytes] = set()
    numbers: set[tuple[str, str]] = set()
    chunk, import_id = policy().registration_import_chunk, ImportId(new_id())
    async with start_decider(len(content)) as decider:
        table, repeated = await asyncio.to_thread(_read, content, kind)
        async with database.transaction(cause) as tx:
            taken = await imports.list_taken(tx, hashlib.sha256(content).hexdigest(), table.rows[0].number, table.rows[-1].number)
        left = [row for row in table.rows if row.number not in taken]
        for start in range(0, len(left), chunk):
            rows = left[start : start + chunk]
            async with database.transaction(cause) as tx:
                context = await row_context(tx, import_id, tx.clock.today(), repeated, rows)
            asked = Chunk(start=start, done=start, rows=rows, numbers=[NOT_NUMBERED] * len(rows), context=context, cause=None)
            decided = await decider.decide(asked)
            async with database.transaction(cause) as tx:
                held = await _documents_held(tx, decided.documents, seen)
                taken_numbers = await _numbers_taken(tx, decided.old_numbers, numbers)
            findings += sorted([*decided.findings, *held, *taken_numbers], key=lambda finding: finding.row)
    return table, findings, len(taken)


async def _documents_held(tx: Tx, documents: Mapping[int, tuple[str, tuple[bytes, ...]]], seen: set[bytes]) -> list[Finding]:
    """What an import would find of them. `seen`: documents of the rows before; those of these rows are added."""
    held = await verified_documents.list_held(tx, [one for _, hashes in documents.values() for one in hashes])
    found = []
    for row, (_, hashes) in documents.items():
        if not held.isdisjoint(hashes) or not seen.isdisjoint(hashes):
            found.append(held_document(row))
        seen.update(hashes)
    return found


async def _numbers_taken(tx: Tx, decided: Mapping[int, tuple[str, OldNumber]], seen: set[tuple[str, str]]) -> list[Finding]:
    """What an import would refuse. `seen`: old numbers of the rows before; those of these rows are added."""
    taken = await old_numbers.list_taken(tx, [old for _, old in decided.values()]) if decided else set()
    found = []
    for row, (_, old) in decided.items():
        if (old.system, old.number) in taken | seen:
            found.append(taken_number(row))
        seen.add((old.system, old.number))
    return found


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_import(tx: Tx, import_id: ImportId, after: int, limit: int) -> Import:
    """The import and a page of its findings. Raises ImportNotFound, Forbidden."""
    return await _show(tx, _visible(tx.principal, await imports.get(tx, import_id)), after, limit)


async def list_imports(tx: Tx, limit: int) -> Imports:
    """The principal's own, newest first: how far each has come."""
    return Imports(items=tuple(Import.from_run(run, (), None) for run in await imports.list_own(tx, limit)))


def _visible(principal: Principal, run: ImportRun | None) -> ImportRun:
    """To whoever started it, or covers every region of theirs. Raises ImportNotFound, Forbidden."""
    if run is None:
        raise ImportNotFound
    if run.started_by != str(principal) and not all(principal.covers_county(region) for region in run.regions):
        raise Forbidden(f"{principal} does not cover the regions of this import")
    return run


async def _show(tx: Tx, run: ImportRun, after: int, limit: int, table: Table | None = None) -> Import:
    found = await imports.list_findings(tx, run.import_id, after=after, limit=limit + 1)
    items, following = page(found, limit, lambda stored: stored.id)
    return Import.from_run(run, [stored.finding for stored in items], following, table)
