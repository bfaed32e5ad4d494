"""Payroll files."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from services.rights.domain import payrolls
from services.rights.payroll_files.messages import MESSAGES
from shared.sheets.findings import Finding, ShownFinding, shown
from shared.sheets.tables import SheetColumn
from shared.values import ImportId


class Payroll(BaseModel, frozen=True):
    """`columns`: how each column of the file was read, in the answer to whoever sends it; the file's header is not kept."""

    payroll: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    already: int  # rows that another party's payroll of the same file has entered
    columns: tuple[SheetColumn, ...]
    findings: tuple[ShownFinding, ...]  # the first 200

    @classmethod
    def from_payroll(
        cls,
        payroll: payrolls.Payroll,
        findings: Sequence[Finding],
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
            already=payroll.already,
            columns=tuple(columns),
            findings=tuple(shown(finding, MESSAGES) for finding in findings),
        )
