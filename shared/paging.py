"""Pages of a list: every query asks for one row more than the page holds, and that row alone says whether there is a next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")


def page(rows: Sequence[T], limit: int, cursor: Callable[[T], K]) -> tuple[Sequence[T], K | None]:
    """The page, and the cursor that the next one begins after; None: this is the last page.

    `rows` are those after the last cursor, `limit + 1` at most. A cursor never leads to an empty page.
    """
    items = rows[:limit]
    return items, cursor(items[-1]) if len(rows) > limit else None
