"""A workbook of a list's errors, by row."""

from __future__ import annotations

import io
from collections.abc import Iterable

import xlsxwriter

from services.registration.domain.imports import Finding
from services.registration.worker_lists.columns import COLUMNS
from shared.sheets.templates import WORKBOOK_OPTIONS


def annotated_sheet(findings: Iterable[Finding]) -> bytes:
    """The list's rows that need a look: row number, the codes in the columns they belong to, and all of them under `errors`.

    The list itself is not kept (it names people), so this is read beside it, row by row.
    """
    rows: dict[int, list[Finding]] = {}
    for finding in findings:
        rows.setdefault(finding.row, []).append(finding)
    columns = {name: position for position, name in enumerate(COLUMNS, start=1)}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as workbook:
        sheet = workbook.add_worksheet("errors")
        sheet.write_row(0, 0, ["row", *columns, "errors"], workbook.add_format({"bold": True}))
        sheet.freeze_panes(1, 1)
        red = workbook.add_format({"bg_color": "#F8D7DA"})
        for line, (number, found) in enumerate(sorted(rows.items()), start=1):
            sheet.write_number(line, 0, number)
            for finding in found:
                if finding.column in columns:
                    sheet.write_string(line, columns[finding.column], finding.code, red)
            sheet.write_string(line, len(columns) + 1, "; ".join(f"{finding.column}: {finding.code}" for finding in found))
    return buffer.getvalue()
