"""A list entered chunk by chunk: each in one transaction, the next decided while the one before is written."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from services.registration.domain.imports import ImportRun
from services.registration.queries import imports, personal_data, workers
from services.registration.settings import policy
from services.registration.usecases import new_workers, suspicions
from services.registration.usecases.import_rows import CheckedRows, RowContext, check_rows, hold_documents, list_announced_in
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.sheets.findings import Finding
from shared.sheets.tables import Row, Table


@dataclass(frozen=True, slots=True)
class Ahead:
    """Rows being decided before it is their turn. `taken`: those left out, because they were registered already."""

    start: int
    taken: Collection[int]
    checking: asyncio.Task[CheckedRows]


@dataclass(slots=True)
class WorkerList:
    """A list on its way in. `repeated`: row -> the first row of the same person."""

    table: Table
    repeated: dict[int, int]
    ahead: Ahead | None = field(default=None)

    def chunk(self, start: int) -> Sequence[Row]:
        return self.table.rows[start : start + policy().registration_import_chunk]

    async def close(self) -> None:
        """Drop what was decided ahead and is not wanted."""
        if self.ahead is not None:
            self.ahead.checking.cancel()
            await asyncio.gather(self.ahead.checking, return_exceptions=True)


async def import_chunk(tx: Tx, run: ImportRun, workers_list: WorkerList) -> None:
    """Enter the rows after `run.done`; the caller has locked the run."""
    rows = workers_list.chunk(run.done)
    taken = await imports.list_taken(tx, run.digest, rows[0].number, rows[-1].number)
    own = sum(import_id == run.import_id for import_id in taken.values())
    checked = await hold_documents(tx, await _decided(tx, run, workers_list, taken))
    await personal_data.lock_all_keys(tx)
    await new_workers.insert_all(tx, checked.accepted)
    publish_and_audit(tx, *checked.changes)
    await suspicions.suspect(tx, [new.worker.worker for new in checked.accepted])
    accepted = len(checked.accepted) + own
    await imports.update_progress(tx, run.import_id, accepted=accepted, rejected=checked.rejected, already=len(taken) - own)
    kept = [one for one in await _forget_findings(tx, run, rows) if taken.get(one.row) == run.import_id]
    await imports.insert_findings(tx, run.import_id, sorted([*kept, *checked.findings], key=lambda finding: finding.row))
    if run.done + len(rows) == run.rows:
        await imports.update_completed(tx, run.import_id)
        if run.accepted + accepted != run.accepted_before:
            publish_and_audit(tx, _completed(tx, run, accepted, checked))


async def _decided(tx: Tx, run: ImportRun, workers_list: WorkerList, taken: Collection[int]) -> CheckedRows:
    """What becomes of the rows after `run.done` that are not taken; the chunk after them is begun."""
    ahead = workers_list.ahead
    if ahead is None or ahead.start != run.done:
        await workers_list.close()
        ahead = await _decide(tx, run, workers_list, run.done)
    checked = await ahead.checking
    following = run.done + len(workers_list.chunk(run.done))
    workers_list.ahead = await _decide(tx, run, workers_list, following) if following < run.rows else None
    since = set(taken) - set(ahead.taken)
    return checked.without(since) if since else checked


async def _decide(tx: Tx, run: ImportRun, workers_list: WorkerList, start: int) -> Ahead:
    """Begin to decide on a chunk. Its numbers are nobody else's, even if this transaction fails."""
    rows = workers_list.chunk(start)
    taken = await imports.list_taken(tx, run.digest, rows[0].number, rows[-1].number)
    left = [row for row in rows if row.number not in taken]
    numbers = await workers.get_numbers(tx, len(left))
    context = RowContext(
        principal=tx.principal,
        import_id=run.import_id,
        default_day=run.started_on,
        today=tx.clock.today(),
        repeated=workers_list.repeated,
        announced=await list_announced_in(tx, left),
    )
    return Ahead(start, taken.keys(), asyncio.create_task(asyncio.to_thread(check_rows, context, left, numbers)))


async def _forget_findings(tx: Tx, run: ImportRun, rows: Sequence[Row]) -> list[Finding]:
    """What an earlier try found in these rows; none where this is the first."""
    return [] if run.accepted_before is None else await imports.delete_findings(tx, run.import_id, rows[0].number, rows[-1].number)


def _completed(tx: Tx, run: ImportRun, accepted: int, last: CheckedRows) -> events.ImportCompleted:
    return events.ImportCompleted(
        import_id=run.import_id,
        rows=run.rows,
        accepted=run.accepted + accepted,
        rejected=run.rejected + last.rejected,
        digest=run.digest,
        effective=tx.clock.today(),
    )
