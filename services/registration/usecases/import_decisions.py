"""Decisions on the rows of a list, asked for chunk by chunk: what is asked, and what is answered.

Both are plain values: in a long list they go to a process of its own and come from there (import_process).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.registration.queries import workers
from services.registration.queries.personal_data import EnclosedRecord
from services.registration.queries.workers import Record
from services.registration.usecases.import_rows import CheckedRows, RowContext, check_rows
from shared.db import Cause
from shared.delivery.outbox import PendingEvent, pending_events
from shared.old_numbers import OldNumber
from shared.sheets.findings import Finding
from shared.sheets.tables import Row

SERVICE = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows to decide on. `cause` None: only what would be found. `done`: rows of the list before it that are entered for good."""

    start: int  # rows of the list before the first
    done: int
    rows: Sequence[Row]
    numbers: Sequence[str]  # of their workers, nobody else's
    context: RowContext
    cause: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A chunk as it turned out when it was about to be entered: rows whose document is held by somebody, rows whose old
    number is another worker's, rows that are not wanted.
    """

    start: int
    cause: Cause
    held: Collection[int]
    numbered: Collection[int]
    gone: Collection[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRows:
    """Rows as they are entered: records of the table `worker`, personal data whose keys are not wrapped yet, and the events."""

    workers: Sequence[Record]
    personal: Sequence[EnclosedRecord]
    events: Sequence[PendingEvent]
    documents: Mapping[int, tuple[str, tuple[bytes, ...]]]  # row -> the worker that is verified, and the hashes of the document
    old_numbers: Mapping[int, tuple[str, OldNumber]]  # row -> the worker that is to be found by it
    findings: Sequence[Finding]

    @property
    def rejected(self) -> int:
        return len({finding.row for finding in self.findings if finding.severity == "error"})


class Decisions:
    """Of one list. A chunk's are kept until it is entered: they may be revised then."""

    def __init__(self) -> None:
        self._kept: dict[int, CheckedRows] = {}

    def decide(self, asked: Chunk | Revision) -> DecidedRows:
        """Pure computation, safe to run beside the event loop."""
        if isinstance(asked, Revision):
            checked = self._kept[asked.start].without(asked.gone).refusing(asked.numbered).holding_back(asked.held)
            return _as_entered(checked, asked.cause)
        checked = check_rows(asked.context, asked.rows, asked.numbers)
        if asked.cause is None:
            return DecidedRows(
                workers=(),
                personal=(),
                events=(),
                documents=_documents(checked),
                old_numbers=_old_numbers(checked),
                findings=checked.findings,
            )
        self._kept = {start: kept for start, kept in self._kept.items() if start >= asked.done} | {asked.start: checked}
        return _as_entered(checked, asked.cause)


def _as_entered(checked: CheckedRows, cause: Cause) -> DecidedRows:
    return DecidedRows(
        workers=[workers.record(new.worker) for new in checked.accepted],
        personal=[new.personal for new in checked.accepted],
        events=pending_events(SERVICE, cause, checked.changes, audit=True),
        documents=_documents(checked),
        old_numbers=_old_numbers(checked),
        findings=checked.findings,
    )


def _documents(checked: CheckedRows) -> dict[int, tuple[str, tuple[bytes, ...]]]:
    return {new.worker.import_row or 0: (str(new.worker.worker), document) for new in checked.accepted if (document := new.document)}


def _old_numbers(checked: CheckedRows) -> dict[int, tuple[str, OldNumber]]:
    return {new.worker.import_row or 0: (str(new.worker.worker), new.old_number) for new in checked.accepted if new.old_number is not None}
