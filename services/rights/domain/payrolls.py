"""Payroll files: how far one has been entered, and what was wrong in its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.values import ImportId


@dataclass(frozen=True, slots=True, kw_only=True)
class Payroll:
    """`done` of its `rows` are entered, accepted or rejected. `party`: whose file it is."""

    payroll: ImportId
    party: str
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RowFinding:
    """What is wrong in one cell. `row` as the spreadsheet numbers it, the header being row 1."""

    row: int
    column: str
    code: str
    value: str | None
