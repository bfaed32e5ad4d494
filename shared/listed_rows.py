"""Lists of which every row is judged by itself, and what became of their rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from shared.db import Tx
from shared.errors import Refused
from shared.principals import Forbidden

Row = TypeVar("Row")
T = TypeVar("T")


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


async def apply_each(tx: Tx, rows: Sequence[Row], work: Callable[[Row], Awaitable[T]]) -> tuple[list[T], tuple[Refusal, ...]]:
    """What `work` answers of each row, in turn; of one that it refuses nothing is kept, and the others go on."""
    done: list[T] = []
    refused: list[Refusal] = []
    for number, row in enumerate(rows):
        try:
            async with tx.savepoint():
                done.append(await work(row))
        except Refused as error:
            refused.append(refusal(number, error))
        except Forbidden:
            refused.append(Refusal(row=number, field=None, code="FORBIDDEN"))
    return done, tuple(refused)
