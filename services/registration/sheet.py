"""The worker list as a file: its columns, the rows in one, the template, and the sheet of findings."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import xlsxwriter

from shared import sheets
from shared.sheets import Kind, Row

# column: what it takes
COLUMNS = {
    "name": "姓名 · name as in the document",
    "name_pinyin": "拼音 · optional; name in Latin letters as in the passport",
    "id_number": "身份证号 · optional, as text; without it the registration is provisional",
    "birth_date": "出生日期 · YYYY-MM-DD",
    "sex": "性别 · female | male | 女 | 男",
    "county": "户籍县代码 · GB/T 2260, six digits",
    "education": "学历 · ISCED 2011 level, 0 to 8",
    "occupations": "职业 · ISCO-08 codes, separated by ;",
    "phone": "电话 · optional",
    "household_status": "建档立卡 · registered_poor | not_registered | unknown (or empty)",
    "id_checked": "已核验证件 · yes | no (or empty): the document was seen",
    "registered_on": "登记日期 · optional, YYYY-MM-DD; else the day of the import",
    "destinations": "意向国家 · optional, ISO 3166-1 alpha-3, separated by ;",
    "wage_floor": "最低月薪 · optional, such as 4500 or 4500.50",
    "wage_currency": "币种 · ISO 4217, with wage_floor",
    "available_from": "可出发日期 · optional, YYYY-MM-DD",
    "family_consent": "家属同意 · yes | no, where destinations are given",
}
REQUIRED = ("name", "birth_date", "sex", "county", "education", "occupations")


def read(content: bytes, kind: Kind, limit: int) -> list[Row]:
    """The filled rows of a list. Raises what sheets.read raises."""
    return sheets.read(content, kind, limit, columns=COLUMNS, required=REQUIRED)


# --- writing ----------------------------------------------------------------------------------------------------------
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def template(kind: Kind) -> bytes:
    """An empty list with every column; as xlsx with a second sheet that says what each takes."""
    if kind is Kind.CSV:
        return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("workers")
        as_text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"bold": True})
        sheet.set_column(0, len(COLUMNS) - 1, 18, as_text)
        sheet.write_row(0, 0, list(COLUMNS), head)
        sheet.freeze_panes(1, 0)
        notes = workbook.add_worksheet("说明 notes")
        notes.set_column(0, 1, 40)
        for place, (name, meaning) in enumerate(COLUMNS.items()):
            notes.write_row(place, 0, [name + (" *" if name in REQUIRED else ""), meaning])
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found in one cell of the list."""

    row: int
    column: str
    code: str


def annotated(marks: Iterable[Mark]) -> bytes:
    """The list's rows that need a look: row number, the codes in the columns they belong to, and all of them under `errors`.

    The list itself is not kept (it names people), so this lies beside it, row by row.
    """
    rows: dict[int, list[Mark]] = {}
    for mark in marks:
        rows.setdefault(mark.row, []).append(mark)
    columns = {name: place for place, name in enumerate(COLUMNS, start=1)}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("errors")
        sheet.write_row(0, 0, ["row", *columns, "errors"], workbook.add_format({"bold": True}))
        sheet.freeze_panes(1, 1)
        red = workbook.add_format({"bg_color": "#F8D7DA"})
        for line, (number, found) in enumerate(sorted(rows.items()), start=1):
            sheet.write_number(line, 0, number)
            for mark in found:
                if mark.column in columns:
                    sheet.write_string(line, columns[mark.column], mark.code, red)
            sheet.write_string(line, len(columns) + 1, "; ".join(f"{mark.column}: {mark.code}" for mark in found))
    return buffer.getvalue()
