"""Rows are mapped by name: a nested value by dotted labels, an enum by its value, an absent value as None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

from shared.rows import Columns, fetch, fetch_one, from_row
from shared.values import Currency, Money

Code = NewType("Code", str)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    code: Code
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Outer:
    id: int
    wage: Money
    cap: Money | None
    inner: Inner | None
    colour: Colour | None = None


ROW = {
    "id": 1,
    "wage.minor": 5,
    "wage.currency": "CNY",
    "cap.minor": None,
    "cap.currency": None,
    "inner": {"code": "x", "colours": ["red"]},
    "colour": "red",
}


def test_every_field_is_filled_by_the_column_with_its_label() -> None:
    made = from_row(Outer, ROW)
    assert made == Outer(1, Money(minor=5, currency=Currency("CNY")), None, Inner(Code("x"), (Colour.RED,)), Colour.RED)
    assert made.colour is Colour.RED


def test_what_is_absent_is_none() -> None:
    made = from_row(Outer, {**ROW, "inner": None, "colour": None})
    assert (made.inner, made.colour, made.cap) == (None, None, None)


def test_a_statement_lists_the_columns_once_and_knows_its_row() -> None:
    table = Columns(
        Outer,
        """id,
        colour""",
    )
    assert table.select("FROM outer WHERE id = $1") == "SELECT id, colour FROM outer WHERE id = $1"
    assert table.returning("DELETE FROM outer") == "DELETE FROM outer RETURNING id, colour"
    assert table.select("FROM outer").row is Outer


@dataclass(frozen=True, slots=True)
class Wider(Outer):
    on: date | None = None


def test_columns_are_extended_for_a_row_that_adds_fields() -> None:
    wider = Columns(Outer, "id, colour").extend(Wider, "now() AS on").select("FROM outer")
    assert wider == "SELECT id, colour, now() AS on FROM outer"
    assert wider.row is Wider


def test_a_day_is_read_from_a_column_and_from_json() -> None:
    assert from_row(Wider, {**ROW, "on": date(2018, 3, 1)}).on == from_row(Wider, {**ROW, "on": "2018-03-01"}).on == date(2018, 3, 1)


async def test_what_reaches_the_driver_is_plain_text() -> None:
    """asyncpg refuses a subclass of str."""
    taken: list[type] = []

    class Connection:
        async def fetch(self, sql: str) -> list[dict[str, object]]:
            taken.append(type(sql))
            return [{"code": "x", "colours": []}]

        async def fetchrow(self, sql: str) -> None:
            taken.append(type(sql))

    statement = Columns(Inner, "code, colours").select("FROM inner")
    assert await fetch(Connection(), statement) == [Inner(Code("x"), ())]
    assert await fetch_one(Connection(), statement) is None
    assert taken == [str, str]
