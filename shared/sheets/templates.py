"""The empty list that people fill in: every column, with cells that stay the text that was typed."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping

import xlsxwriter

from shared.sheets.files import Kind

# Text stays text: no formula, no link.
WORKBOOK_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def empty_list(kind: Kind, name: str, columns: Mapping[str, str], required: Collection[str]) -> bytes:
    """`columns`: what each takes; as xlsx a second sheet says so. `name`: of the first sheet."""
    if kind is Kind.CSV:
        return ("\ufeff" + ",".join(columns) + "\r\n").encode()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as workbook:
        sheet = workbook.add_worksheet(name)
        as_text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"bold": True})
        sheet.set_column(0, len(columns) - 1, 18, as_text)
        sheet.write_row(0, 0, list(columns), head)
        sheet.freeze_panes(1, 0)
        notes = workbook.add_worksheet("说明 notes")
        notes.set_column(0, 1, 40)
        for line, (column, meaning) in enumerate(columns.items()):
            notes.write_row(line, 0, [column + (" *" if column in required else ""), meaning])
    return buffer.getvalue()
