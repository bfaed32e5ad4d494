"""Rows are mapped by name: a nested value by dotted labels, an enum by its value, an absent value as None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

from shared.rows import Columns, from_row
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
    assert table.select("FROM outer WHERE id = $1").sql == "SELECT id, colour FROM outer WHERE id = $1"
    assert table.returning("DELETE FROM outer").sql == "DELETE FROM outer RETURNING id, colour"
    assert table.select("FROM outer").row is Outer


@dataclass(frozen=True, slots=True)
class Wider(Outer):
    on: date | None = None


def test_columns_are_extended_for_a_row_that_adds_fields() -> None:
    wider = Columns(Outer, "id, colour").extend(Wider, "now() AS on").select("FROM outer")
    assert wider.sql == "SELECT id, colour, now() AS on FROM outer"
    assert wider.row is Wider


@dataclass(frozen=True, slots=True)
class Holder:
    on: date
    wider: Wider | None


def test_a_day_is_taken_from_a_column_as_it_is_and_read_from_json() -> None:
    inner = {**{name: ROW[name] for name in ("id", "colour", "inner")}, "wage": {"minor": 5, "currency": "CNY"}, "cap": None}
    made = from_row(Holder, {"on": date(2018, 3, 1), "wider": {**inner, "on": "2018-03-01"}})
    assert made.wider is not None
    assert made.on == made.wider.on == date(2018, 3, 1)


@dataclass(frozen=True, slots=True)
class Deep:
    id: int
    outer: Outer | None


def test_values_are_nested_as_deep_as_their_labels() -> None:
    row = {f"outer.{label}": value for label, value in ROW.items() if label != "inner"}
    inner = {"outer.inner.code": "x", "outer.inner.colours": ["red"]}
    made = from_row(Deep, {"id": 2, **row, **inner})
    assert made == Deep(2, from_row(Outer, ROW))
    without = from_row(Deep, {"id": 2, **row, **dict.fromkeys(inner)})
    assert without.outer is not None
    assert (without.outer.inner, without.outer.cap) == (None, None)
    assert from_row(Deep, {"id": 2, **dict.fromkeys(row), **dict.fromkeys(inner)}).outer is None
