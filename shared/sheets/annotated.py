"""The list as it was sent, with what was found beside each row: made for its sender from the bytes in hand, never kept.

Every cell is text, so that nothing a list holds is run as a formula by whoever opens the sheet; the columns added here are left out
when the sheet is sent again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

from shared.sheets.findings import Finding, Messages, message_of
from shared.sheets.tables import Row, Table
from shared.sheets.templates import WORKBOOK_OPTIONS

ADDED = ("行号 row", "结果 result", "核对结果", "findings")
LONGEST_CELL = 32_767  # characters: what a workbook may hold


def annotate(table: Table, findings: Iterable[Finding], messages: Messages) -> bytes:
    """Rows in their order, those with findings marked; an xlsx workbook."""
    by_row: dict[int, list[Finding]] = {}
    for finding in findings:
        by_row.setdefault(finding.row, []).append(finding)
    width = max([len(table.columns), *(len(row.sent) for row in table.rows)])
    places = {one.column: one.position - 1 for one in table.columns if one.column}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as workbook:
        sheet = workbook.add_worksheet("list")
        text = {"num_format": "@", "quote_prefix": True}
        plain, marked = workbook.add_format(text), workbook.add_format(text | {"bg_color": "#F8D7DA"})
        head = workbook.add_format(text | {"bold": True})
        for place, header in enumerate([one.header for one in table.columns] + [""] * (width - len(table.columns)) + list(ADDED)):
            sheet.write_string(0, place, header, head)
        for line, row in enumerate(table.rows, start=1):
            found = by_row.get(row.number, [])
            wrong = {places[one.column] for one in found if one.column in places}
            for place, cell in enumerate(row.sent):
                if cell or place in wrong:
                    sheet.write_string(line, place, cell[:LONGEST_CELL], marked if place in wrong else plain)
            for place, cell in enumerate(_remarks(row, found, messages), start=width):
                sheet.write_string(line, place, cell[:LONGEST_CELL], plain)
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()


def _remarks(row: Row, found: Sequence[Finding], messages: Messages) -> tuple[str, ...]:
    """What stands in the ADDED columns."""
    refused = any(finding.severity == "error" for finding in found)
    remarks = [(finding.column, message_of(finding, messages)) for finding in found]
    return (
        str(row.number),
        "未接收 refused" if refused else "可接收 accepted",
        "；".join(f"{column}：{message.zh}" for column, message in remarks),
        "; ".join(f"{column}: {message.en}" for column, message in remarks),
    )
