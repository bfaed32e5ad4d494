"""Imports as shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.registration.domain.imports import ImportRun, ImportState
from services.registration.views.view import View
from services.registration.worker_lists.messages import MESSAGES
from shared.sheets.findings import Finding, ShownFinding, shown
from shared.sheets.tables import SheetColumn, Table
from shared.values import ImportId


class Import(View):
    """`sheet`, `header_row`, `columns`: how the file was read, in the answer to whoever sends it; they are not kept."""

    import_id: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    state: ImportState
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    already: int  # rows that another sender's import of the same file has registered
    started_at: datetime | None
    finished_at: datetime | None
    sheet: str | None
    header_row: int | None
    columns: tuple[SheetColumn, ...]
    findings: tuple[ShownFinding, ...]
    next: int | None  # more findings: hand it back as `after`
    left_out: int  # findings of a dry run beyond those shown: the annotated sheet has them all

    @classmethod
    def from_run(cls, run: ImportRun, findings: Iterable[Finding], following: int | None, table: Table | None = None) -> Import:
        return cls(
            import_id=run.import_id,
            dry_run=False,
            state=run.state,
            digest=run.digest,
            rows=run.rows,
            done=run.done,
            accepted=run.accepted,
            rejected=run.rejected,
            already=run.already,
            started_at=run.started_at,
            finished_at=run.finished_at,
            sheet=table and table.sheet,
            header_row=table and table.header_row,
            columns=table.columns if table else (),
            findings=tuple(shown(finding, MESSAGES) for finding in findings),
            next=following,
            left_out=0,
        )

    @classmethod
    def from_rehearsal(cls, digest: str, table: Table, findings: Sequence[Finding], *, already: int, limit: int) -> Import:
        """At most `limit` findings: nothing is kept from which further pages could be read."""
        rows, rejected = len(table.rows), len({finding.row for finding in findings if finding.severity == "error"})
        return cls(
            import_id=None,
            dry_run=True,
            state=ImportState.COMPLETED,
            digest=digest,
            rows=rows,
            done=rows,
            accepted=rows - rejected - already,
            rejected=rejected,
            already=already,
            started_at=None,
            finished_at=None,
            sheet=table.sheet,
            header_row=table.header_row,
            columns=table.columns,
            findings=tuple(shown(finding, MESSAGES) for finding in findings[:limit]),
            next=None,
            left_out=max(len(findings) - limit, 0),
        )


class Imports(View):
    """The newest first, without their findings."""

    items: tuple[Import, ...]
