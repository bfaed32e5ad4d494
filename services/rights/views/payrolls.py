"""Payroll files."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from services.rights.domain import payrolls
from services.rights.payroll_files.messages import MESSAGES
from shared.sheets.findings import Finding, ShownFinding, shown
from shared.sheets.tables import SheetColumn, Table
from shared.values import ImportId


class Payroll(BaseModel, frozen=True):
    """`sheet`, `header_row`, `columns`: how the file was read, in the answer to whoever sends it; they are not kept."""

    payroll: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    already: int  # rows that another party's payroll of the same file has entered
    sheet: str | None
    header_row: int | None
    columns: tuple[SheetColumn, ...]
    findings: tuple[ShownFinding, ...]  # the first 200

    @classmethod
    def from_payroll(
        cls,
        payroll: payrolls.Payroll,
        findings: Sequence[Finding],
        *,
        dry_run: bool = False,
        table: Table | None = None,
    ) -> Payroll:
        return cls(
            payroll=None if dry_run else payroll.payroll,
            dry_run=dry_run,
            digest=payroll.digest,
            rows=payroll.rows,
            done=payroll.done,
            accepted=payroll.accepted,
            rejected=payroll.rejected,
            already=payroll.already,
            sheet=table and table.sheet,
            header_row=table and table.header_row,
            columns=table.columns if table else (),
            findings=tuple(shown(finding, MESSAGES) for finding in findings),
        )
