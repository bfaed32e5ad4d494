"""The rows of a list, each decided by itself: registered, with what it is willing to do, or refused with its errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.registration.domain.announcements import Announcement
from services.registration.domain.errors import DocumentVerifiedElsewhere
from services.registration.domain.identity import format_worker_no
from services.registration.usecases import event_fields, new_workers
from services.registration.usecases.new_workers import NewWorker, new_worker
from services.registration.usecases.willingness import offer_stated
from services.registration.worker_lists import rows as worker_rows
from services.registration.worker_lists.rows import RowRefused
from shared import events
from shared.errors import Refused
from shared.events import Event
from shared.principals import Principal
from shared.sheets.findings import Finding
from shared.sheets.tables import Row
from shared.values import ImportId


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContext:
    """What rows that are decided together have in common."""

    principal: Principal
    import_id: ImportId
    default_day: date  # where registered_on is empty
    today: date
    repeated: Mapping[int, int]  # row -> the first row of the same person
    announced: Mapping[str, Announcement]  # by number, those that the rows name


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows that go in, the events about them, and what was found in all."""

    accepted: list[NewWorker]
    changes: list[Event]
    findings: list[Finding]

    def without(self, rows: Collection[int]) -> CheckedRows:
        """What is left when these rows need not go in any more."""
        gone = {str(new.worker.worker) for new in self.accepted if new.worker.import_row in rows}
        return CheckedRows(
            [new for new in self.accepted if new.worker.import_row not in rows],
            [change for change in self.changes if change.subject not in gone],
            [finding for finding in self.findings if finding.row not in rows],
        )

    def holding_back(self, rows: Collection[int]) -> CheckedRows:
        """These rows go in as provisional, with a warning: their document has verified somebody else."""
        held = {new.worker.worker: new_workers.held_back(new) for new in self.accepted if new.worker.import_row in rows}
        return CheckedRows(
            [held.get(new.worker.worker, new) for new in self.accepted],
            [
                event_fields.registered(held[change.worker].worker)
                if isinstance(change, events.WorkerRegistered) and change.worker in held
                else change
                for change in self.changes
            ],
            [*self.findings, *map(held_document, rows)],
        )


def held_document(row: int) -> Finding:
    return Finding(row=row, column="id_number", code=DocumentVerifiedElsewhere.slug, severity="warning", value=None)


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
