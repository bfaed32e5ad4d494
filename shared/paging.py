"""Pages of a list: every query asks for one row more than the page holds, and that row alone says whether there is a next page.

A sorted list is paged by key: the next page begins after the last row's value and its id, so that rows of equal value come once each,
and rows inserted meanwhile move nothing. Its cursor is opaque, and good for one list in one order.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter
from pydantic_core import from_json

from shared.errors import Invalid
from shared.rows import SortedStatement, fetch
from shared.values import without_control_characters

T = TypeVar("T")
K = TypeVar("K")
# What the values of a cursor are read as: whoever makes one up sends PostgreSQL nothing that its type does not take.
READ: Mapping[str, TypeAdapter[Any]] = {
    "uuid": TypeAdapter(UUID),
    "date": TypeAdapter(date),
    "timestamptz": TypeAdapter(Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2201, 1, 1, tzinfo=UTC))]),
    "text": TypeAdapter(Annotated[str, AfterValidator(without_control_characters)]),
    "integer": TypeAdapter(Annotated[int, Field(ge=-(2**31), lt=2**31)]),
    "bigint": TypeAdapter(Annotated[int, Field(ge=-(2**63), lt=2**63)]),
}
_CHECK_BYTES = 6
# Optional conditions fold away, and indexes come into play, only in a plan made for the values at hand.
PLAN_FOR_VALUES = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"


class CursorInvalid(Invalid):
    """`after` is not the `next` of a page of this list in this order."""

    slug = "CURSOR_INVALID"


def page(rows: Sequence[T], limit: int, cursor: Callable[[T], K]) -> tuple[Sequence[T], K | None]:
    """The page, and the cursor that the next one begins after; None: this is the last page.

    `rows` are those after the last cursor, `limit + 1` at most. A cursor never leads to an empty page.
    """
    items = rows[:limit]
    return items, cursor(items[-1]) if len(rows) > limit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is asked of a sorted list: `sort` names a column, behind "-" in descending order. `path`: of the list."""

    path: str
    sort: str = "id"
    after: str | None = None
    limit: int = 50

    def values(self, statement: SortedStatement[Any]) -> list[Any]:
        """Where this page begins, as the statement's arguments. Raises CursorInvalid."""
        if self.after is None:
            return []
        try:
            check, _, packed = self.after.partition(".")
            values = from_json(base64.urlsafe_b64decode(packed + "=="))
            if check != self._check(packed) or not isinstance(values, list) or len(values) != len(statement.by):
                raise CursorInvalid(field="after")
            return [READ[kind].validate_python(value) for (_, kind), value in zip(statement.by, values, strict=True)]
        except ValueError as error:  # pydantic's ValidationError is one
            raise CursorInvalid(field="after") from error

    def cursor(self, statement: SortedStatement[Any], row: Any) -> str:
        """Of the page that begins after `row`."""
        values = [_written(attrgetter(name)(row)) for name, _ in statement.by]
        packed = base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{self._check(packed)}.{packed}"

    def _check(self, packed: str) -> str:
        """Binds a cursor to its list and order. No secret: whoever makes one up sees nothing but what the list gives anyway."""
        text = f"{self.path}\n{self.sort}\n{packed}".encode()
        return base64.urlsafe_b64encode(hashlib.blake2s(text, digest_size=_CHECK_BYTES).digest()).decode()


async def fetch_page(conn: Any, statements: Mapping[str, SortedStatement[T]], asked: Page, *filters: Any) -> tuple[Sequence[T], str | None]:
    """The rows of the page in its order, and the cursor of the next; None: it is the last. Raises CursorInvalid."""
    statement = statements[asked.sort if asked.after is None else f"{asked.sort}>"]
    await conn.execute(PLAN_FOR_VALUES)
    found = await fetch(conn, statement, *filters, *asked.values(statement), asked.limit + 1)
    return page(found, asked.limit, lambda row: asked.cursor(statement, row))


def _written(value: Any) -> Any:
    if isinstance(value, date):  # and a datetime, which is one
        return value.isoformat()
    return value if isinstance(value, str | int) else str(value)
