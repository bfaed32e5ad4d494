"""The empty worker list that people fill in."""

from __future__ import annotations

import io

import xlsxwriter

from services.registration.worker_lists.columns import COLUMNS, REQUIRED
from shared.sheets import Kind

WORKBOOK_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}  # text stays text


def empty_list(kind: Kind) -> bytes:
    """An empty list with every column; as xlsx with a second sheet saying what each takes."""
    if kind is Kind.CSV:
        return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as workbook:
        sheet = workbook.add_worksheet("workers")
        as_text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"bold": True})
        sheet.set_column(0, len(COLUMNS) - 1, 18, as_text)
        sheet.write_row(0, 0, list(COLUMNS), head)
        sheet.freeze_panes(1, 0)
        notes = workbook.add_worksheet("说明 notes")
        notes.set_column(0, 1, 40)
        for line, (name, meaning) in enumerate(COLUMNS.items()):
            notes.write_row(line, 0, [name + (" *" if name in REQUIRED else ""), meaning])
    return buffer.getvalue()
