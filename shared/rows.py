"""Rows of PostgreSQL as frozen dataclasses: a table's columns are listed once, and rows are mapped by name.

    ORDER = Columns(Order, '''
        id, enterprise, positions, wage_minor AS "wage.minor", wage_currency AS "wage.currency", state
    ''')
    GET = ORDER.select("FROM job_order WHERE id = $1")

    order = await fetch_one(tx.conn, GET, order_id)  # Order | None

A column's label names the field it fills; a dotted label fills a field of a nested value, which is None when all its columns are.
A JSON column fills a nested value whole.
A test prepares every statement and holds its labels equal to the fields of its dataclass.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from typing import Any, Generic, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

T = TypeVar("T")
U = TypeVar("U")
Convert = Callable[[Any], Any]


class Statement(str, Generic[T]):
    """SQL whose rows are `row` objects. asyncpg takes nothing but plain text, which is `sql`."""

    __slots__ = ("row", "sql")
    row: type[T]
    sql: str


class Columns(Generic[T]):
    """The columns that make up one `row`; the only place where they are listed."""

    def __init__(self, row: type[T], columns: str) -> None:
        self.row = row
        self.columns = " ".join(columns.split())

    def extend(self, row: type[U], more: str) -> Columns[U]:
        """These columns and `more`, for a `row` class that adds as many fields."""
        return Columns(row, f"{self.columns}, {more}")

    def select(self, rest: str, *, before: str = "") -> Statement[T]:
        """`SELECT columns` and what follows; `before`: the WITH clause in front of it."""
        return self._statement(f"{before} SELECT {self.columns} {rest}")

    def returning(self, change: str) -> Statement[T]:
        """An INSERT, UPDATE or DELETE that returns the rows it changed."""
        return self._statement(f"{change} RETURNING {self.columns}")

    def _statement(self, text: str) -> Statement[T]:
        statement: Statement[T] = Statement(text.strip())
        statement.row, statement.sql = self.row, text.strip()
        return statement


async def fetch(conn: Any, statement: Statement[T], *arguments: Any) -> list[T]:
    """All rows of the statement, in its order."""
    rows = await conn.fetch(statement.sql, *arguments)
    if not rows:
        return []
    cls: Any = statement.row  # mypy takes type[T] for unhashable
    layout = _layout(cls, tuple(rows[0].keys()))
    return [_read(cls, layout, tuple(row.values())) for row in rows]


async def fetch_one(conn: Any, statement: Statement[T], *arguments: Any) -> T | None:
    """The first row of the statement, or None."""
    row = await conn.fetchrow(statement.sql, *arguments)
    return None if row is None else from_row(statement.row, row)


def from_row(cls: type[T], row: Mapping[str, Any]) -> T:
    """One row as a `cls`: every field by the column with its label."""
    hashable: Any = cls  # mypy takes type[T] for unhashable
    return _read(cls, _layout(hashable, tuple(row.keys())), tuple(row.values()))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields of a row class lie in the rows of one statement: worked out once, since it is the same for every row."""

    plain: tuple[tuple[str, int], ...]  # field, position of its column; taken as it is
    converted: tuple[tuple[str, int, Convert], ...]
    nested: tuple[tuple[str, tuple[tuple[str, int], ...], Convert], ...]  # field, (rest of the label, position) of its columns
    deep: bool  # the rest of a label has a dot, too


@cache
def _layout(cls: Any, labels: tuple[str, ...]) -> _Layout:
    converters = _converters(cls, json=False)
    parts: dict[str, list[tuple[str, int]]] = {}
    for position, label in enumerate(labels):
        head, _, rest = label.partition(".")
        parts.setdefault(head, []).append((rest, position))
    whole = {name: columns[0][1] for name, columns in parts.items() if not columns[0][0]}
    return _Layout(
        plain=tuple((name, position) for name, position in whole.items() if name not in converters),
        converted=tuple((name, position, converters[name]) for name, position in whole.items() if name in converters),
        nested=tuple((name, tuple(columns), converters[name]) for name, columns in parts.items() if columns[0][0]),
        deep=any(label.count(".") > 1 for label in labels),
    )


def _read(cls: type[T], layout: _Layout, values: tuple[Any, ...]) -> T:
    found = {name: values[position] for name, position in layout.plain}
    for name, position, convert in layout.converted:
        found[name] = convert(values[position])
    for name, columns, convert in layout.nested:
        parts = {label: values[position] for label, position in columns}
        found[name] = convert(_nested(parts) if layout.deep else parts)
    return cls(**found)


def _nested(columns: Mapping[str, Any]) -> dict[str, Any]:
    """{"wage.minor": 1, "wage.currency": "CNY", "id": 2} -> {"wage": {"minor": 1, "currency": "CNY"}, "id": 2}."""
    found: dict[str, Any] = {}
    for label, value in columns.items():
        *path, last = label.split(".")
        into = found
        for part in path:
            into = into.setdefault(part, {})
        into[last] = value
    return found


def _is_absent(value: Any) -> bool:
    if type(value) is dict:
        return bool(value) and all(one is None or _is_absent(one) for one in value.values())
    return value is None


def _build(cls: Any, values: Mapping[str, Any]) -> Any:
    """A nested value, which may have come as JSON."""
    converters = _converters(cls, json=True)
    return cls(**{name: converters[name](value) if name in converters else value for name, value in values.items()})


@cache
def _converters(cls: Any, *, json: bool) -> dict[str, Convert]:
    """Fields whose value is not what PostgreSQL, or `json`, gives."""
    hints = get_type_hints(cls)
    found = {field.name: _converter(hints[field.name], json=json) for field in fields(cls)}
    return {name: convert for name, convert in found.items() if convert is not None}


def _converter(hint: Any, *, json: bool) -> Convert | None:
    """None: the value is taken as it is."""
    if isinstance(hint, NewType):
        return _converter(hint.__supertype__, json=json)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [_converter(one, json=json) for one in get_args(hint) if one is not type(None)]
        return _optional(inner[0]) if len(inner) == 1 else None
    if origin in (tuple, frozenset, list):
        return _several(origin, _converter(get_args(hint)[0], json=json))
    return _single(hint, json=json) if isinstance(hint, type) else None


def _optional(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda value: None if _is_absent(value) else convert(value)


def _several(made: Convert, item: Convert | None) -> Convert:
    return made if item is None else lambda values: made(item(one) for one in values)


def _day(value: Any) -> Any:
    """JSON writes a day as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _single(cls: type, *, json: bool) -> Convert | None:
    if issubclass(cls, Enum):
        return cls
    if issubclass(cls, BaseModel):
        return cls.model_validate
    if cls is date:
        return _day if json else None
    return partial(_build, cls) if is_dataclass(cls) else None
