"""Imports of worker lists: how far one has come, and what was found in its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from shared.values import ImportId

Severity = Literal["error", "warning"]  # an error keeps its row out, a warning does not


class ImportState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """One file's import. `digest` is the SHA-256."""

    import_id: ImportId
    digest: str
    state: ImportState
    rows: int
    done: int
    accepted: int
    rejected: int
    regions: tuple[str, ...]  # of whoever started it
    started_by: str
    started_on: date  # what an empty registered_on means
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a cell, or worth a look. The value is masked already."""

    row: int  # as the spreadsheet numbers it, the header being row 1
    column: str
    code: str
    severity: Severity
    value: str | None
    hints: tuple[str, ...] = ()  # what could be meant, for the code's message
