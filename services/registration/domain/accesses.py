"""Who read whose personal data in clear, when and why: what an auditor asks, and what the worker may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.values import WorkerId


class AccessKind(StrEnum):
    SHOWN = "shown"  # name, number and phone in clear
    CORRECTION_SHOWN = "correction_shown"  # what a pending correction asks for, in clear
    FOUND_BY_NUMBER = "found_by_number"  # whoever looked knew the identity number, and learnt who has it
    COPIED = "copied"  # given out whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    id: int
    worker: WorkerId
    worker_no: str
    reader: str
    accessed_at: datetime
    kind: AccessKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """Which accesses are searched for; None: any. `since` and `until`: calendar days of the programme's zone, both included."""

    worker: WorkerId | None = None
    reader: str | None = None
    since: date | None = None
    until: date | None = None
