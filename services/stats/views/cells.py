"""Stored cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.stats.counting.cuts import CUT_BY_CODE
from services.stats.counting.measures import MEASURE_BY_CODE
from services.stats.counting.reference_fold import Cell
from services.stats.views.metadata import View
from shared.paging import page


class CellRow(View):
    cut: str
    measure: str
    k1: str
    k2: str
    day: date
    recorded_on: date
    currency: str
    value: int


class Cells(View):
    items: list[CellRow]
    next: str | None


def cells(rows: Sequence[tuple[Cell, int]], limit: int) -> Cells:
    """`rows`: one more than the page holds, if there are."""
    shown, after = page(rows, limit, lambda row: cursor_of(row[0]))
    items = [
        CellRow(
            cut=CUT_BY_CODE[cell.cut].name,
            measure=MEASURE_BY_CODE[cell.measure].name,
            k1=cell.k1,
            k2=cell.k2,
            day=cell.day,
            recorded_on=cell.recorded_on,
            currency=cell.currency,
            value=value,
        )
        for cell, value in shown
    ]
    return Cells(items=items, next=after)


def cursor_of(cell: Cell) -> str:
    """Its key within one cut and measure."""
    return f"{cell.day.isoformat()}|{cell.recorded_on.isoformat()}|{cell.k1}|{cell.k2}|{cell.currency}"
