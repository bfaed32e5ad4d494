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

import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from typing import Any, Generic, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

T = TypeVar("T")
U = TypeVar("U")
Convert = Callable[[Any], Any]
Values = tuple[Any, ...]  # of one row, in the order of its columns
Read = Callable[[Values], Any]


_COLUMN = re.compile(r"(?:[^,()]|\([^()]*\))+")  # a comma within brackets parts no columns


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """SQL whose rows are `row` objects; what `fetch` and `fetch_one` run, while a connection takes the text alone."""

    row: type[T]
    sql: str


@dataclass(frozen=True, slots=True)
class SortedStatement(Statement[T]):
    """A page of a list in one order. `by`: (label, type) of what it is ordered by, the key last. Its last arguments are the values after
    which the page begins, one for each, unless it is the first; and how many rows are wanted.
    """

    by: tuple[tuple[str, str], ...]


class Columns(Generic[T]):
    """The columns that make up one `row`; the only place where they are listed."""

    def __init__(self, row: type[T], columns: str) -> None:
        self.row = row
        self.columns = " ".join(columns.split())

    def extend(self, row: type[U], more: str) -> Columns[U]:
        """These columns and `more`, for a `row` class that adds as many fields."""
        return Columns(row, f"{self.columns}, {more}")

    def select(self, rest: str) -> Statement[T]:
        """`SELECT columns` and what follows."""
        return Statement(self.row, f"SELECT {self.columns} {rest}".strip())

    def pages(self, source: str, where: str, *by: str, key: str = "id uuid") -> dict[str, SortedStatement[T]]:
        """Statements for the pages of a list, by order: "id" is that of the key, "-" before a name turns an order round, and ">" behind
        it stands for the pages after the first.

        `by`: label and type of columns that are never NULL, such as "expires date". `key`: one such column, or several with commas between.
        `where` has the parameters from $1 on.
        """
        keys = key.split(", ")
        orders = {"id": keys, **{one.split()[0]: [one, *keys] for one in by}}
        return {
            f"{sign}{name}{after}": self._page(source, where, columns, descending=bool(sign), following=bool(after))
            for name, columns in orders.items()
            for sign in ("", "-")
            for after in ("", ">")
        }

    def _page(self, source: str, where: str, by: Sequence[str], *, descending: bool, following: bool) -> SortedStatement[T]:
        first = max((int(number) for number in re.findall(r"\$(\d+)", where)), default=0) + 1
        labels = [(label, kind) for label, _, kind in (one.partition(" ") for one in by)]
        columns = [self._expression(label) for label, _ in labels]
        begins = [f"${first + place}::{kind}" for place, (_, kind) in enumerate(labels)]
        way, compared = (" DESC", "<") if descending else ("", ">")
        # A comparison of rows, and nothing beside it: an index on the columns leads right to where the page begins.
        after = f" AND ({', '.join(columns)}) {compared} ({', '.join(begins)})" if following else ""
        ordered = f"{', '.join(column + way for column in columns)} LIMIT ${first + following * len(by)}"
        text = f"SELECT {self.columns} FROM {source} WHERE ({where.strip()}){after} ORDER BY {ordered}"  # noqa: S608  # constant text
        return SortedStatement(self.row, text, tuple(labels))

    def _expression(self, label: str) -> str:
        """What is selected under the label."""
        for one in _COLUMN.findall(self.columns):
            expression, _, named = one.strip().partition(" AS ")
            if (named or expression.rpartition(".")[2]).strip('"') == label:
                return str(expression)
        raise LookupError(f"no column {label} in {self.columns}")

    def returning(self, change: str) -> Statement[T]:
        """An INSERT, UPDATE or DELETE that returns the rows it changed."""
        return Statement(self.row, f"{change} RETURNING {self.columns}".strip())


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
    """Where the fields of a class lie in the rows of one statement: worked out once, since it is the same for every row."""

    plain: tuple[tuple[str, int], ...]  # field, position of its column; taken as it is
    converted: tuple[tuple[str, int, Convert], ...]
    nested: tuple[tuple[str, Read], ...]  # field, what reads it out of the row


@cache
def _layout(cls: Any, labels: tuple[str, ...]) -> _Layout:
    return _layout_of(cls, [(label, position) for position, label in enumerate(labels)])


def _layout_of(cls: Any, columns: Sequence[tuple[str, int]]) -> _Layout:
    converters = _converters(cls, json=False)
    whole: dict[str, int] = {}
    parts: dict[str, list[tuple[str, int]]] = {}
    for label, position in columns:
        name, _, rest = label.partition(".")
        if rest:
            parts.setdefault(name, []).append((rest, position))
        else:
            whole[name] = position
    return _Layout(
        plain=tuple((name, position) for name, position in whole.items() if name not in converters),
        converted=tuple((name, position, converters[name]) for name, position in whole.items() if name in converters),
        nested=tuple((name, _reader(get_type_hints(cls)[name], inner)) for name, inner in parts.items()),
    )


def _reader(hint: Any, columns: Sequence[tuple[str, int]]) -> Read:
    """Reads a nested value, which is None when it may be and all its columns are."""
    alternatives = [one for one in get_args(hint) if one is not type(None)]
    cls: Any = alternatives[0] if alternatives else hint
    if issubclass(cls, BaseModel):
        names = tuple(columns)

        def read(values: Values) -> Any:
            return cls(**{name: values[position] for name, position in names})

    else:
        layout = _layout_of(cls, columns)

        def read(values: Values) -> Any:
            return _read(cls, layout, values)

    if not alternatives:
        return read
    first, *others = (position for _, position in columns)

    def read_optional(values: Values) -> Any:
        return None if values[first] is None and all(values[other] is None for other in others) else read(values)

    return read_optional


def _read(cls: type[T], layout: _Layout, values: Values) -> T:
    found = {name: values[position] for name, position in layout.plain}
    for name, position, convert in layout.converted:
        found[name] = convert(values[position])
    for name, read in layout.nested:
        found[name] = read(values)
    return cls(**found)


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
    if issubclass(cls, BaseModel):  # which converts by itself
        return {}
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
