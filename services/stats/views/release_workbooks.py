"""A release as a workbook: a sheet per table. Numbers are numbers; every name is text, whatever it begins with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from services.stats.views import release_layout as layout
from services.stats.views.releases import ChangeOnYear, Release, ReleaseTable
from shared.sheets.templates import WORKBOOK_OPTIONS
from shared.texts import Texts
from shared.values import round_half_up

Cell = str | int | float | None
NAMES = {"channel": "Dispatch channels", "province": "Provinces", "destination": "Destination countries", "occupation": "Occupations"}


def release_workbook(release: Release, text: Texts) -> bytes:
    """The same bytes for the same release."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as workbook:
        workbook.set_properties({"title": layout.title(release, text), "created": release.closed_at.replace(tzinfo=None)})
        sheets = _Sheets(workbook)
        for table in release.tables:
            sheets.add(text(NAMES[table.by]), _head(table, text), _rows(table, text), title=layout.title(release, text))
        sheets.add(
            text("By month"),
            (text("Month"), *_compared_head(text("From January"), text), *_compared_head(text("Abroad at the end"), text)),
            ((one.month, *_compared(one.cumulative), *_compared(one.stock)) for one in release.months),
            title=layout.title(release, text),
        )
        sheets.add(
            text("Restatements"),
            [text(label) for label in ("Day of record", "What", "Why", "Events", "Value before", "Value now")],
            (
                (one.effective.isoformat(), *layout.restated(one, text)[:2], one.causes_total, one.old, one.new)
                for one in release.restatements
            ),
            title=layout.closing(release, text),
        )
        sheets.add(text("Notes"), ("", ""), layout.notes(release, text), title=layout.closing(release, text))
    return buffer.getvalue()


class _Sheets:
    """Of one workbook, with the formats that they share."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        text = {"num_format": "@", "quote_prefix": True}
        self.workbook = workbook
        self.text = workbook.add_format(text)
        self.head = workbook.add_format(text | {"bold": True, "text_wrap": True, "bottom": 1})
        self.title = workbook.add_format(text | {"bold": True, "font_size": 14})
        self.number = workbook.add_format({"num_format": "#,##0"})
        self.share = workbook.add_format({"num_format": "0.0%"})

    def add(self, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> None:
        sheet = self.workbook.add_worksheet(name)
        sheet.write_string(0, 0, title, self.title)
        for place, label in enumerate(head):
            sheet.write_string(1, place, label, self.head)
        for line, row in enumerate(rows, start=2):
            for place, cell in enumerate(row):
                self._write(sheet, line, place, cell)
        sheet.set_column(0, 1, 26)
        sheet.set_column(2, len(head), 14)
        sheet.freeze_panes(2, 0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(1)

    def _write(self, sheet: Any, line: int, place: int, cell: Cell) -> None:
        if isinstance(cell, str):
            sheet.write_string(line, place, cell, self.text)
        elif cell is not None:
            sheet.write_number(line, place, cell, self.share if isinstance(cell, float) else self.number)


def _head(table: ReleaseTable, text: Texts) -> Sequence[str]:
    groups = [label for group in layout.groups(table, text) for label in _compared_head(group.label, text)]
    restated = text("Restated since")
    return (text("Name"), text("Code"), *groups, f"{restated}: {text('Departures')}", f"{restated}: {text('Abroad')}")


def _compared_head(label: str, text: Texts) -> Sequence[str]:
    return [f"{label}: {text(part)}" for part in ("Number", "A year before", "Change", "Change, %")]


def _rows(table: ReleaseTable, text: Texts) -> Iterable[Sequence[Cell]]:
    for row in table.rows:
        changes = [cell for change in (row.month, row.cumulative, row.stock) if change for cell in _compared(change)]
        yield (layout.name_of(table.by, row.of, text), row.of, *changes, row.restated, row.restated_stock)


def _compared(change: ChangeOnYear) -> tuple[Cell, ...]:
    share = round_half_up((change.change * 10_000, change.before)) / 10_000 if change.before else None
    return change.value, change.before, change.change if change.before else None, share
