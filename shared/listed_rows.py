"""Lists of which every row is judged by itself, and what became of their rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

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


def refusal(row: int, error: Refused | Forbidden) -> Refusal:
    if isinstance(error, Forbidden):
        return Refusal(row=row, field=None, code="FORBIDDEN")
    return Refusal(row=row, field=error.field, code=error.slug)


def by_row(refused: Sequence[Refusal]) -> tuple[Refusal, ...]:
    return tuple(sorted(refused, key=attrgetter("row")))


async def apply_each(
    tx: Tx, rows: Sequence[Row], work: Callable[[Row], Awaitable[T]], *, by: Callable[[Row], Any] | None = None
) -> tuple[list[T], tuple[Refusal, ...]]:
    """What `work` answers of each row, in turn; of one that it refuses nothing is kept, and the others go on.

    `by`: the rows are taken in the order of this, of which `work` locks something: two lists then do not wait for each other.
    """
    done: list[T] = []
    refused: list[Refusal] = []
    for number in sorted(range(len(rows)), key=lambda number: by(rows[number])) if by else range(len(rows)):
        try:
            async with tx.savepoint():
                done.append(await work(rows[number]))
        except (Refused, Forbidden) as error:
            refused.append(refusal(number, error))
    return done, by_row(refused)
