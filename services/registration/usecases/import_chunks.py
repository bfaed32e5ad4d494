"""A list entered chunk by chunk: each in one transaction, the next decided while the one before is written."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.registration.domain.imports import ImportRun
from services.registration.queries import imports, old_numbers, personal_data, verified_documents, workers
from services.registration.settings import policy
from services.registration.usecases import suspicions
from services.registration.usecases.announcements import list_announced
from services.registration.usecases.import_decisions import Chunk, DecidedRows, Revision
from services.registration.usecases.import_process import Decider
from services.registration.usecases.import_rows import RowContext
from services.registration.usecases.new_workers import seal_records
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.outbox import publish_pending
from shared.old_numbers import OldNumber
from shared.sheets.findings import Finding
from shared.sheets.tables import Row, Table
from shared.values import ImportId, WorkerId

CHUNKS_AHEAD = 2  # asked for while one is written: whoever decides has the next one at hand


@dataclass(frozen=True, slots=True)
class Ahead:
    """Rows being decided before it is their turn. `taken`: those left out, because they were registered already."""

    start: int
    taken: Collection[int]
    deciding: asyncio.Task[DecidedRows]


@dataclass(slots=True, kw_only=True)
class WorkerList:
    """A list on its way in. `repeated`: row -> the first row of the same person."""

    table: Table
    repeated: Mapping[int, int]
    decider: Decider
    ahead: deque[Ahead] = field(default_factory=deque)

    def chunk(self, start: int) -> Sequence[Row]:
        return self.table.rows[start : start + policy().registration_import_chunk]

    async def drop(self) -> None:
        """What was decided ahead and is not wanted."""
        deciding = [one.deciding for one in self.ahead]
        self.ahead.clear()
        for task in deciding:
            task.cancel()
        await asyncio.gather(*deciding, return_exceptions=True)


async def import_chunk(tx: Tx, run: ImportRun, workers_list: WorkerList) -> None:
    """Enter the rows after `run.done`; the caller has locked the run. Raises ImportInterrupted, KeysUnavailable."""
    rows = workers_list.chunk(run.done)
    taken = await imports.list_taken(tx, run.digest, rows[0].number, rows[-1].number)
    own = sum(import_id == run.import_id for import_id in taken.values())
    decided = await _decided(tx, run, workers_list, taken)
    sealed = await seal_records(decided.personal)
    await personal_data.lock_all_keys(tx)
    await workers.insert_all(tx, decided.workers)
    await personal_data.insert_all(tx, list(map(personal_data.record, sealed)))
    publish_pending(tx, decided.events)
    await suspicions.suspect(tx, {record.worker: record.hashes for record in sealed})
    accepted = len(decided.workers) + own
    await imports.update_progress(tx, run.import_id, accepted=accepted, rejected=decided.rejected, already=len(taken) - own)
    kept = [one for one in await _forget_findings(tx, run, rows) if taken.get(one.row) == run.import_id]
    await imports.insert_findings(tx, run.import_id, sorted([*kept, *decided.findings], key=lambda finding: finding.row))
    if run.done + len(rows) == run.rows:
        await imports.update_completed(tx, run.import_id)
        if run.accepted + accepted != run.accepted_before:
            publish_and_audit(tx, _completed(tx, run, accepted, decided.rejected))


async def _decided(tx: Tx, run: ImportRun, workers_list: WorkerList, taken: Mapping[int, ImportId]) -> DecidedRows:
    """What becomes of the rows after `run.done` that are not taken, their documents claimed; the chunks after them are begun."""
    ahead = await _ask_ahead(tx, run, workers_list)
    decided = await ahead.deciding
    gone = taken.keys() - ahead.taken
    numbered = await _numbered_elsewhere(tx, {row: one for row, one in decided.old_numbers.items() if row not in gone})
    left_out = gone | numbered
    claims = {WorkerId(UUID(worker)): (row, hashes) for row, (worker, hashes) in decided.documents.items() if row not in left_out}
    refused = await verified_documents.insert_all(tx, {worker: hashes for worker, (_, hashes) in claims.items()})
    if left_out or refused:
        held = sorted(claims[worker][0] for worker in refused)
        return await workers_list.decider.decide(Revision(start=run.done, cause=tx.cause, held=held, numbered=numbered, gone=gone))
    return decided


async def _numbered_elsewhere(tx: Tx, numbers: Mapping[int, tuple[str, OldNumber]]) -> set[int]:
    """Rows whose old number another worker has; the others have theirs now."""
    of_row = {WorkerId(UUID(worker)): row for row, (worker, _) in numbers.items()}
    refused = await old_numbers.insert_all(tx, {WorkerId(UUID(worker)): old for worker, old in numbers.values()})
    return {of_row[worker] for worker in refused}


async def _ask_ahead(tx: Tx, run: ImportRun, workers_list: WorkerList) -> Ahead:
    """The chunk after `run.done`, asked for before or now, and the next ones asked for."""
    ahead = workers_list.ahead
    if ahead and ahead[0].start != run.done:  # another request with the same file has entered what was begun here
        await workers_list.drop()
    start = ahead[-1].start + len(workers_list.chunk(ahead[-1].start)) if ahead else run.done
    while start < run.rows and len(ahead) <= CHUNKS_AHEAD:
        ahead.append(await _ask(tx, run, workers_list, start))
        start += len(workers_list.chunk(start))
    return ahead.popleft()


async def _ask(tx: Tx, run: ImportRun, workers_list: WorkerList, start: int) -> Ahead:
    """Begin to decide on a chunk. Its numbers are nobody else's, even if this transaction fails."""
    rows = workers_list.chunk(start)
    taken = await imports.list_taken(tx, run.digest, rows[0].number, rows[-1].number)
    left = [row for row in rows if row.number not in taken]
    asked = Chunk(
        start=start,
        done=run.done,
        rows=left,
        numbers=await workers.get_numbers(tx, len(left)),
        context=await row_context(tx, run.import_id, run.started_on, workers_list.repeated, left),
        cause=tx.cause,
    )
    return Ahead(start, taken.keys(), asyncio.create_task(workers_list.decider.decide(asked)))


async def row_context(tx: Tx, import_id: ImportId, default_day: date, repeated: Mapping[int, int], rows: Sequence[Row]) -> RowContext:
    """`default_day`: what an empty registered_on means."""
    return RowContext(
        principal=tx.principal,
        import_id=import_id,
        default_day=default_day,
        today=tx.clock.today(),
        repeated={row.number: repeated[row.number] for row in rows if row.number in repeated},
        announced=await list_announced(tx, (row.cells.get("announcement", "") for row in rows)),
    )


async def _forget_findings(tx: Tx, run: ImportRun, rows: Sequence[Row]) -> list[Finding]:
    """What an earlier try found in these rows; none where this is the first."""
    return [] if run.accepted_before is None else await imports.delete_findings(tx, run.import_id, rows[0].number, rows[-1].number)


def _completed(tx: Tx, run: ImportRun, accepted: int, rejected: int) -> events.ImportCompleted:
    return events.ImportCompleted(
        import_id=run.import_id,
        rows=run.rows,
        accepted=run.accepted + accepted,
        rejected=run.rejected + rejected,
        digest=run.digest,
        effective=tx.clock.today(),
    )
