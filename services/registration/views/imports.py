"""Imports as shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.registration.domain import imports
from services.registration.domain.imports import ImportRun, ImportState, Severity
from services.registration.views.view import View
from shared.sheets.tables import SheetColumn, Table
from shared.values import ImportId


class Finding(View):
    """`row` as the spreadsheet numbers it. `value` is masked. `hints`: what could be meant."""

    row: int
    column: str
    code: str
    severity: Severity
    value: str | None
    hints: tuple[str, ...]


class Import(View):
    """`columns`: how each column of the file was read, in the answer to whoever sends it; the file's header is not kept."""

    import_id: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    state: ImportState
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    started_at: datetime | None
    finished_at: datetime | None
    columns: tuple[SheetColumn, ...]
    findings: tuple[Finding, ...]
    next: int | None  # more findings: hand it back as `after`

    @classmethod
    def from_run(
        cls, run: ImportRun, findings: Iterable[imports.Finding], following: int | None, columns: Sequence[SheetColumn] = ()
    ) -> Import:
        return cls(
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
            columns=tuple(columns),
            findings=tuple(map(Finding.model_validate, findings)),
            next=following,
        )

    @classmethod
    def from_rehearsal(cls, digest: str, table: Table, accepted: int, findings: Iterable[imports.Finding]) -> Import:
        """All findings at once: nothing is kept from which further pages could be read."""
        rows = len(table.rows)
        return cls(
            import_id=None,
            dry_run=True,
            state=ImportState.COMPLETED,
            digest=digest,
            rows=rows,
            done=rows,
            accepted=accepted,
            rejected=rows - accepted,
            started_at=None,
            finished_at=None,
            columns=table.columns,
            findings=tuple(map(Finding.model_validate, findings)),
            next=None,
        )
