"""Payroll files."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from services.rights.domain import payrolls
from shared.sheets.tables import SheetColumn
from shared.values import ImportId


class RowFinding(BaseModel, frozen=True):
    """`row` as the spreadsheet numbers it, the header being row 1."""

    row: int
    column: str
    code: str
    value: str | None

    @classmethod
    def from_finding(cls, finding: payrolls.RowFinding) -> RowFinding:
        return cls(row=finding.row, column=finding.column, code=finding.code, value=finding.value)


class Payroll(BaseModel, frozen=True):
    """`columns`: how each column of the file was read, in the answer to whoever sends it; the file's header is not kept."""

    payroll: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    columns: tuple[SheetColumn, ...]
    findings: tuple[RowFinding, ...]  # the first 200

    @classmethod
    def from_payroll(
        cls,
        payroll: payrolls.Payroll,
        findings: Sequence[payrolls.RowFinding],
        *,
        dry_run: bool = False,
        columns: Sequence[SheetColumn] = (),
    ) -> Payroll:
        return cls(
            payroll=None if dry_run else payroll.payroll,
            dry_run=dry_run,
            digest=payroll.digest,
            rows=payroll.rows,
            done=payroll.done,
            accepted=payroll.accepted,
            rejected=payroll.rejected,
            columns=tuple(columns),
            findings=tuple(map(RowFinding.from_finding, findings)),
        )
