"""Imports of worker lists: how far one has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.values import ImportId


class ImportState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """One file's import by one sender. `digest` is the SHA-256. `already`: rows that another sender's import of the file took."""

    import_id: ImportId
    digest: str
    state: ImportState
    rows: int
    done: int
    accepted: int
    rejected: int
    already: int
    accepted_before: int | None  # when the file was last decided whole; None: never yet
    regions: tuple[str, ...]  # of whoever started it
    started_by: str
    started_on: date  # what an empty registered_on means
    started_at: datetime
    finished_at: datetime | None
