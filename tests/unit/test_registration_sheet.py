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

from services.registration.worker_lists.columns import COLUMNS, FORM, read_list
from services.registration.worker_lists.messages import MESSAGES
from services.registration.worker_lists.repeats import repeated_rows
from shared.errors import Invalid
from shared.sheets.annotated import ADDED, annotate
from shared.sheets.files import FileUnreadable, Kind, NoRows, TooManyRows
from shared.sheets.findings import Finding
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


def an_error(row: int, column: str, code: str, *hints: str) -> Finding:
    return Finding(row=row, column=column, code=code, severity="error", value=None, hints=hints)


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


# --- the annotated sheet ----------------------------------------------------------------------------------------------
EVIL = '=HYPERLINK("http://x","y")'


def test_the_annotated_sheet_has_the_rows_as_sent_and_what_was_found_beside_each() -> None:
    rows = [a_row(name="王芳", note="x"), a_row(name=EVIL, sex="?"), a_row(name="+1", note="@SUM(1)")]
    table = read_list(as_csv([rows[0] | {"note": ""}, *rows[1:]]), Kind.CSV, 10)
    content = annotate(table, [an_error(3, "sex", "SEX_NOT_READABLE"), an_error(3, "row", "SAME_PERSON_IN_LIST", "2")], MESSAGES)
    head, first, second, third = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert head == [*rows[0], *ADDED]
    assert [line[0] for line in (first, second, third)] == ["王芳", EVIL, "+1"]
    assert first[-4:] == ["2", "可接收 accepted", "", ""]
    assert second[-4:-1] == ["3", "未接收 refused", "sex：请填 男 或 女；row：与本表第 2 行可能是同一人；请核对并删除重复的一行"]
    assert str(second[-1]).startswith("sex: write 男 or 女 (male or female); row: may be the same person as in row 2")


def test_nothing_in_the_annotated_sheet_is_a_formula() -> None:
    table = read_list(as_csv([a_row(name=text) for text in (EVIL, "+1", "-1", "@x", "\tx")]), Kind.CSV, 10)
    with zipfile.ZipFile(io.BytesIO(annotate(table, [], MESSAGES))) as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml")
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")
        assert not [name for name in archive.namelist() if "externalLink" in name or "worksheets/_rels" in name]


def test_the_annotated_sheet_can_be_sent_again() -> None:
    table = read_list(as_csv([a_row(), a_row(name="赵六")]), Kind.CSV, 10)
    again = read_list(annotate(table, [an_error(2, "sex", "MISSING")], MESSAGES), Kind.XLSX, 10)
    assert [row.cells for row in again.rows] == [row.cells for row in table.rows]
    assert [one.header for one in again.columns if one.column is None] == list(ADDED)


# --- the same person twice --------------------------------------------------------------------------------------------
def test_the_same_person_twice_is_found_by_document_or_by_name_and_birth_date() -> None:
    number = "621126199203040428"
    rows = read_rows(
        as_csv(
            [
                a_row(id_number=number),
                a_row(name="王 芳", id_number=""),
                a_row(name="别名", id_number=number.lower()),
                a_row(id_number="110101199003070000"),  # the same name and day, another document: another person
                a_row(name="赵六", id_number=""),
                a_row(name="赵六", id_number="", county="110101"),
            ]
        ),
        Kind.CSV,
        10,
    )
    assert repeated_rows(rows) == {3: 2, 4: 2, 7: 6}
