"""The rows of a list, each decided by itself: registered, with what it is willing to do, or refused with its errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.registration.domain.announcements import Announcement
from services.registration.domain.errors import DocumentVerifiedElsewhere
from services.registration.domain.identity import format_worker_no
from services.registration.domain.workers import Assurance
from services.registration.queries import verified_documents
from services.registration.usecases import event_fields, new_workers
from services.registration.usecases.announcements import list_announced
from services.registration.usecases.new_workers import NewWorker, new_worker
from services.registration.usecases.willingness import offer_stated
from services.registration.worker_lists import rows as worker_rows
from services.registration.worker_lists.rows import RowRefused
from shared import events
from shared.db import Tx
from shared.errors import Refused
from shared.events import Event
from shared.principals import Principal
from shared.sheets.findings import Finding
from shared.sheets.tables import Row
from shared.values import ImportId


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContext:
    """What the rows of one import have in common."""

    principal: Principal
    import_id: ImportId
    default_day: date  # where registered_on is empty
    today: date
    repeated: Mapping[int, int]  # row -> the first row of the same person
    announced: Mapping[str, Announcement]  # by number, those that rows name


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows that go in, the events about them, and what was found in all."""

    accepted: list[NewWorker]
    changes: list[Event]
    findings: list[Finding]

    @property
    def rejected(self) -> int:
        return len({finding.row for finding in self.findings if finding.severity == "error"})

    def without(self, rows: Collection[int]) -> CheckedRows:
        """What is left when these rows need not go in any more."""
        gone = {str(new.worker.worker) for new in self.accepted if new.worker.import_row in rows}
        return CheckedRows(
            [new for new in self.accepted if new.worker.import_row not in rows],
            [change for change in self.changes if change.subject not in gone],
            [finding for finding in self.findings if finding.row not in rows],
        )


async def list_announced_in(tx: Tx, rows: Sequence[Row]) -> dict[str, Announcement]:
    """The announcements that the rows name, by number."""
    return await list_announced(tx, (row.cells.get("announcement", "") for row in rows))


def check_rows(context: RowContext, rows: Sequence[Row], numbers: Sequence[int]) -> CheckedRows:
    """Decide on every row by itself. Pure computation, safe to run beside the event loop."""
    checked = CheckedRows([], [], [])
    for row, number in zip(rows, numbers, strict=True):
        if (first := context.repeated.get(row.number)) is not None:
            checked.findings.append(worker_rows.finding(row, "row", "SAME_PERSON_IN_LIST", "warning", hints=(str(first),)))
        try:
            new, changes = _check_row(context, row, format_worker_no(number))
        except RowRefused as refused:
            checked.findings.extend(refused.findings)
        except Refused as error:
            checked.findings.append(worker_rows.refusal(row, error))
        else:
            checked.accepted.append(new)
            checked.changes.extend(changes)
            checked.findings.extend(worker_rows.finding(row, notice.field, notice.code, "warning") for notice in new.notices)
    return checked


async def hold_documents(tx: Tx, checked: CheckedRows) -> CheckedRows:
    """Rows whose document has verified somebody else go in as provisional, with a warning."""
    accepted = await new_workers.hold_documents(tx, checked.accepted)
    held = {after.worker.worker: (before, after) for before, after in zip(checked.accepted, accepted, strict=True) if after is not before}
    changes = [
        event_fields.registered(held[event.worker][1].worker)
        if isinstance(event, events.WorkerRegistered) and event.worker in held
        else event
        for event in checked.changes
    ]
    warnings = [
        Finding(row=after.worker.import_row or 0, column=notice.field, code=notice.code, severity="warning", value=None)
        for before, after in held.values()
        for notice in after.notices[len(before.notices) :]
    ]
    return CheckedRows(accepted, changes, [*checked.findings, *warnings])


async def documents_held(tx: Tx, checked: CheckedRows, seen: set[bytes]) -> list[Finding]:
    """What hold_documents would find, with nothing written. `seen`: documents of the rows before; those of these rows are added."""
    verified = [new for new in checked.accepted if new.worker.assurance is Assurance.VERIFIED]
    documents = [(new.worker.import_row or 0, new.personal.id_hash) for new in verified]
    held = await verified_documents.list_held(tx, [id_hash for _, id_hash in documents if id_hash is not None])
    found = []
    for row, id_hash in documents:
        if id_hash is not None and (id_hash in held or id_hash in seen):
            found.append(Finding(row=row, column="id_number", code=DocumentVerifiedElsewhere.slug, severity="warning", value=None))
        elif id_hash is not None:
            seen.add(id_hash)
    return found


def _check_row(context: RowContext, row: Row, worker_no: str) -> tuple[NewWorker, list[Event]]:
    command, willingness = worker_rows.read_row(row, context.default_day)
    if not context.principal.covers_county(command.county):
        raise RowRefused([worker_rows.finding(row, "county", "OUT_OF_SCOPE")])
    new = new_worker(command, worker_no, context.today, context.announced, imported=(context.import_id, row.number))
    changes: list[Event] = [event_fields.registered(new.worker)]
    if willingness is not None:
        worker, more = offer_stated(new.worker, willingness, context.today)
        new = replace(new, worker=worker)
        changes += more
    return new, changes
