"""Payroll files: how far one has been entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.values import ImportId


@dataclass(frozen=True, slots=True, kw_only=True)
class Payroll:
    """`done` of its `rows` are decided: accepted, rejected, or entered `already` by another party's payroll of the same file.

    `party`: whose file it is.
    """

    payroll: ImportId
    party: str
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    already: int
    finished_at: datetime | None
