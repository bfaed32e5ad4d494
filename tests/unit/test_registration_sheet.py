"""Worker lists as people send them: spreadsheets of every make, and files that are not lists."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from services.registration.domain.imports import Finding
from services.registration.worker_lists.annotated_sheet import annotated_sheet
from services.registration.worker_lists.columns import COLUMNS, FORM, read_list
from shared.errors import Invalid
from shared.sheets.files import FileUnreadable, Kind, NoRows, TooManyRows
from shared.sheets.tables import Row
from shared.sheets.templates import empty_list
from tests.support.registration import a_row, as_csv


def an_xlsx(*rows: list[Any]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as workbook:
        page = workbook.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return buffer.getvalue()


def read_rows(content: bytes, kind: Kind, limit: int) -> Sequence[Row]:
    return read_list(content, kind, limit).rows


def an_error(row: int, column: str, code: str) -> Finding:
    return Finding(row=row, column=column, code=code, severity="error", value=None)


HEADER = ["name", "birth_date", "sex", "county", "education", "occupations", "id_number"]


def test_csv_rows_keep_the_spreadsheets_numbers_past_blank_ones() -> None:
    content = b"\xef\xbb\xbf" + as_csv([a_row(), dict.fromkeys(a_row(), ""), a_row(name="\u8d75\u516d")])
    rows = read_rows(content, Kind.CSV, 10)
    assert [(row.number, row.cells["name"]) for row in rows] == [(2, "王芳"), (4, "赵六")]


def test_csv_in_the_encoding_of_chinese_spreadsheets_is_read() -> None:
    content = as_csv([a_row()]).decode().encode("gb18030")
    assert read_rows(content, Kind.CSV, 10)[0].cells["name"] == "王芳"


def test_xlsx_numbers_and_dates_become_the_text_they_show() -> None:
    content = an_xlsx(HEADER, ["王芳", datetime(1992, 3, 4), "female", 621126, 2, 7531, ""])  # noqa: DTZ001  # a cell has no zone
    [row] = read_rows(content, Kind.XLSX, 10)
    assert row.cells == a_row()
    assert row.refused == {}


def test_a_number_that_a_spreadsheet_has_rounded_is_noticed() -> None:
    content = an_xlsx(HEADER, ["王芳", date(1992, 3, 4), "female", 621126, 2, 7531, 621126199203041234.0])
    [row] = read_rows(content, Kind.XLSX, 10)
    assert row.refused == {"id_number": "NUMBER_ROUNDED"}


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "COLUMN_MISSING"),
        (b"name,salary\n", "COLUMN_MISSING"),
        (as_csv([a_row() | {"\u59d3 \u540d": "x"}]), "COLUMN_REPEATED"),
        (b"name,birth_date\nx,y\n", "COLUMN_MISSING"),
        (as_csv([a_row()]).splitlines()[0], "NO_ROWS"),
        (as_csv([a_row()] * 4), "TOO_MANY_ROWS"),
        (b"\xff\xff\xff\xff", "FILE_UNREADABLE"),
        (b'name,"' + b"x" * 200_000, "COLUMN_MISSING"),
        (as_csv([a_row()]) + b'"' + b"x" * 200_000, "FILE_UNREADABLE"),
    ],
)
def test_a_malformed_list_is_refused_as_a_whole(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_rows(content, Kind.CSV, 3)
    assert refused.value.slug == slug


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_malformed_workbooks_are_refused(content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        read_rows(content, Kind.XLSX, 3)


@given(st.binary(max_size=400))
def test_no_bytes_make_reading_crash(content: bytes) -> None:
    for kind in Kind:
        with pytest.raises(Invalid):
            read_rows(content, kind, 3)


SOUND = an_xlsx(HEADER, ["王芳", "1992-03-04", "female", 621126, 2, 7531, ""])  # once: a workbook holds the second it was made in


@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Invalid):
        read_rows(bytes(content), Kind.XLSX, 3)


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "BA1", "A200000"])
def test_a_cell_far_out_is_refused_before_it_takes_all_memory(cell: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(an_xlsx(HEADER))) as source, zipfile.ZipFile(content, "w") as target:
        for member in source.infolist():
            text = source.read(member)
            if member.filename.startswith("xl/worksheets/"):
                text = text.replace(b'r="G1"', f'r="{cell}"'.encode())
                assert cell.encode() in text
            target.writestr(member, text)
    with pytest.raises(TooManyRows):
        read_rows(content.getvalue(), Kind.XLSX, 3)


@pytest.mark.parametrize("kind", Kind)
def test_the_template_has_every_column_and_no_row(kind: Kind) -> None:
    with pytest.raises(NoRows):
        read_rows(empty_list(kind, "workers", COLUMNS, FORM.required), kind, 3)


def test_the_annotated_sheet_has_each_code_in_its_column() -> None:
    content = annotated_sheet(
        [an_error(7, "sex", "MISSING"), an_error(3, "id_number", "ID_NUMBER_CHECK"), an_error(7, "county", "OUT_OF_SCOPE")]
    )
    head, first, second = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert head == ["row", *COLUMNS, "errors"]
    assert (first[0], first[head.index("id_number")], first[-1]) == (3, "ID_NUMBER_CHECK", "id_number: ID_NUMBER_CHECK")
    assert (second[0], second[-1]) == (7, "sex: MISSING; county: OUT_OF_SCOPE")
