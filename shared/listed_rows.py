"""Lists of which every row is judged by itself, and what became of their rows."""

from __future__ import annotations

from pydantic import BaseModel

from shared.errors import Refused


class Refusal(BaseModel, frozen=True):
    """A row that was refused: its number from 0, the field, and a stable code."""

    row: int
    field: str | None
    code: str


class RowsRecorded(BaseModel, frozen=True):
    recorded: int
    refused: tuple[Refusal, ...]


def refusal(row: int, error: Refused) -> Refusal:
    return Refusal(row=row, field=error.field, code=error.slug)
