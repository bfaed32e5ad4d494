"""Spreadsheets as offices keep them: every encoding and separator, and what is never read as something else."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.sheets import sheet_extent, workbook_marks, workbooks
from shared.sheets.cells import CellRefused, read_amount, read_day, read_month, read_number
from shared.sheets.files import ColumnMissing, ColumnRepeated, FileUnreadable, Kind, QuoteUnclosed, TooManyRows
from shared.sheets.tables import Form, Row, Table, read_table
from shared.values import Currency

FORM = Form(names={"name": "name", "姓名": "name", "amount": "amount", "金额": "amount", "note": "note"}, required=("name", "amount"))
Sheet = Any  # of xlsxwriter


def read(content: bytes, kind: Kind = Kind.CSV) -> Table:
    return read_table(content, kind, 100, FORM)


def cells(content: bytes, kind: Kind = Kind.CSV) -> list[dict[str, str]]:
    return [row.cells for row in read(content, kind).rows]


def a_workbook(*sheets: Callable[[Any], None]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        for number, fill in enumerate(sheets):
            fill(workbook.add_worksheet(f"sheet {number + 1}"))
    return buffer.getvalue()


def rows_of(*rows: list[Any]) -> Callable[[Sheet], None]:
    def fill(sheet: Sheet) -> None:
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return fill


WANG = {"name": "王芳", "amount": "4500"}


# --- encodings and separators -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_encoding_and_separator_that_a_spreadsheet_saves_is_read(encoding: str, separator: str, ending: str) -> None:
    text = ending.join((separator.join(("name", "amount")), separator.join(("王芳", "4500")), ""))
    assert cells(text.encode(encoding)) == [WANG]


def test_a_line_that_names_the_separator_is_no_row() -> None:
    assert cells("sep=;\nname;amount\n王芳;4500\n".encode()) == [WANG]


def test_utf8_with_a_broken_byte_is_not_read_as_another_encoding() -> None:
    content = "name,amount\n王芳芳,4500\n欧阳建国,1\n".encode().replace("建".encode(), "建".encode()[:2])
    with pytest.raises(FileUnreadable, match="line 3"):
        read(content)


def test_full_width_and_invisible_characters_are_the_ordinary_ones() -> None:
    assert cells("姓　名,金 额（元）\n\u202d王芳\u202c,４５００\u3000\n".encode()) == [WANG]  # as copied out of a chat


# --- the header -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", Kind)
def test_titles_above_the_header_are_passed_over_and_rows_keep_the_spreadsheets_numbers(kind: Kind) -> None:
    rows = [["2018年务工人员名单"], [], ["序号", "姓名 *", "金额(元)", "备注"], ["1", "王芳", "4500", "x"], [], ["2", "赵六", "1", ""]]
    content = "\n".join(map(",".join, rows)).encode() if kind is Kind.CSV else a_workbook(rows_of(*rows))
    table = read(content, kind)
    assert [(row.number, row.cells["name"]) for row in table.rows] == [(4, "王芳"), (6, "赵六")]
    assert [(one.position, one.header, one.column) for one in table.columns] == [
        (1, "序号", None),
        (2, "姓名 *", "name"),
        (3, "金额(元)", "amount"),
        (4, "备注", None),
    ]
    assert table.header_row == 3


def test_two_columns_read_as_the_same_are_refused() -> None:
    with pytest.raises(ColumnRepeated, match="columns 1 and 3 are both read as name"):
        read("姓名,金额,Name\n王芳,1,赵六\n".encode())


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnMissing, match="amount") as refused:
        read("序号,姓名\n1,王芳\n".encode())
    assert refused.value.field == "amount"


# --- F3, F5: nothing is cut off, no error reads as empty --------------------------------------------------------------
@pytest.mark.parametrize("kind", Kind)
def test_field_case_f3_a_row_with_more_cells_than_the_header_says_so(kind: Kind) -> None:
    rows = [["name", "amount"], ["王芳", "4", "500"], ["赵六", "1", ""]]
    content = "\n".join(map(",".join, rows)).encode() if kind is Kind.CSV else a_workbook(rows_of(*rows))
    assert [row.refused for row in read(content, kind).rows] == [{"row": "ROW_TOO_LONG"}, {}]


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#####", "#SPILL!"])
def test_field_case_f5_the_text_of_an_error_is_an_error(text: str) -> None:
    [row] = read(f"name,amount\n王芳,{text}\n".encode()).rows
    assert row.refused == {"amount": "CELL_ERROR"}


def test_field_case_f5_error_cells_and_formulas_without_a_stored_value_are_not_empty() -> None:
    def fill(sheet: Sheet) -> None:
        rows_of(["name", "amount", "note"], ["王芳"], ["赵六"], ["孙七", 1], ["周八", 1])(sheet)
        sheet.write_formula(1, 1, "=VLOOKUP(1,A1:A2,1)", None, "#N/A")
        sheet.write_formula(2, 1, "=1+1", None, "")  # as a library writes one that it cannot work out
        sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")
        sheet.write_formula(4, 1, "=40+2", None, 42)

    rows = read(a_workbook(fill), Kind.XLSX).rows
    assert [row.refused for row in rows] == [{"amount": "CELL_ERROR"}, {"amount": "FORMULA_WITHOUT_VALUE"}, {"note": "CELL_ERROR"}, {}]
    assert rows[3].cells["amount"] == "42"


def test_digits_that_a_spreadsheet_has_rounded_are_refused_and_float_noise_is_none() -> None:
    assert cells(a_workbook(rows_of(["name", "amount"], ["王芳", 1.1 + 2.2])), Kind.XLSX) == [{"name": "王芳", "amount": "3.3"}]
    [row] = read("name,amount\n王芳,6.21126E+17\n".encode()).rows
    assert row.refused == {"amount": "NUMBER_ROUNDED"}


def test_digits_kept_as_text_are_those_digits() -> None:
    rows = cells(b'name,amount\n"=""045""",\'045\n')
    assert rows == [{"name": "045", "amount": "045"}]


# --- F6: quotes -------------------------------------------------------------------------------------------------------
FOUR_ROWS = ["name,amount", "王芳,1", '"赵六,2', "孙七,3", "周八,4"]


@pytest.mark.parametrize(
    "rows",
    [
        FOUR_ROWS,
        [*FOUR_ROWS[:4], '"周八,4'],
        [*FOUR_ROWS[:4], '周八",4'],
        [*FOUR_ROWS[:3], '孙七",3', "周八,4"],
        ["name,amount", '王芳,"1', '2",赵六', "孙七,3"],
        ["name,amount,note", '王芳,1,"x', '赵六",2,', "孙七,3,"],
    ],
)
def test_field_case_f6_a_stray_quote_is_refused_with_its_line(rows: list[str]) -> None:
    with pytest.raises(QuoteUnclosed, match=r"line [23] "):
        read("\n".join(rows).encode())


def test_a_note_of_several_lines_is_one_cell() -> None:
    assert cells('name,amount,note\n王芳,1,"a\nb"\n赵六,2,\n'.encode())[0]["note"] == "a\nb"


# --- F13: what people see ---------------------------------------------------------------------------------------------
def test_field_case_f13_the_first_visible_sheet_is_read() -> None:
    def hidden(sheet: Sheet) -> None:
        rows_of(["name", "amount"], ["旧", "1"])(sheet)
        sheet.hide()

    def visible(sheet: Sheet) -> None:
        rows_of(["name", "amount"], ["新", "1"])(sheet)
        sheet.set_first_sheet()
        sheet.activate()

    table = read(a_workbook(hidden, visible), Kind.XLSX)
    assert (table.sheet, [row.cells["name"] for row in table.rows]) == ("sheet 2", ["新"])


def test_field_case_f13_a_row_that_people_do_not_see_is_refused() -> None:
    def fill(sheet: Sheet) -> None:
        rows_of(["name", "amount"], ["王芳", "1"], ["赵六", "2"])(sheet)
        sheet.set_row(1, None, None, {"hidden": True})

    assert [row.refused for row in read(a_workbook(fill), Kind.XLSX).rows] == [{"row": "ROW_HIDDEN"}, {}]


def test_a_cell_merged_downwards_holds_for_each_of_its_rows_and_one_merged_across_is_refused() -> None:
    def fill(sheet: Sheet) -> None:
        sheet.merge_range(0, 0, 0, 2, "名单")
        rows_of([], ["name", "amount", "note"], ["王芳", "1"], ["赵六", "2"], ["孙七", "3"])(sheet)
        sheet.merge_range(2, 2, 3, 2, "通渭县")
        sheet.merge_range(4, 1, 4, 2, "3")

    rows = read(a_workbook(fill), Kind.XLSX).rows
    assert [row.cells.get("note") for row in rows] == ["通渭县", "通渭县", None]
    assert [row.refused for row in rows] == [{}, {}, {"row": "CELLS_MERGED"}]


def rewritten(content: bytes, member: str, old: str, new: str) -> bytes:
    """The workbook with a text of one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            text = source.read(entry).decode()
            assert entry.filename != member or old in text
            target.writestr(entry.filename, text.replace(old, new) if entry.filename == member else text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_that_leave_out_where_they_stand_are_followed_all_the_same() -> None:
    def fill(sheet: Sheet) -> None:
        rows_of(["name", "amount"], ["王芳"])(sheet)
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")

    content = rewritten(a_workbook(fill), SHEET, 'r="B2" ', "")
    assert [row.refused for row in read(content, Kind.XLSX).rows] == [{"amount": "CELL_ERROR"}]


def test_a_workbook_with_a_document_type_is_refused_before_it_unfolds() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><workbook '
    content = rewritten(a_workbook(rows_of(["name", "amount"], ["王芳", 1])), "xl/workbook.xml", "<workbook ", bomb)
    with pytest.raises(FileUnreadable):
        read(content, Kind.XLSX)


def sheet_of(rows: str) -> bytes:
    """A workbook whose sheet has these rows, as XML."""
    plain = a_workbook(rows_of(["name"]))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        own = archive.read(SHEET).decode().partition("<sheetData>")[2].partition("</sheetData>")[0]
    return rewritten(plain, SHEET, own, rows)


def row_of(number: int, cells: str) -> str:
    return f'<row r="{number}">{cells}</row>'


ONE = "<c><v>1</v></c>"
LARGE_SHEETS = {
    "columns that no cell names": row_of(1, ONE * 20_000) + row_of(199_999, ONE),
    "rows within rows": f"<row>{ONE}" * 60 + "</row>" * 60,
    "rows that none names": "<row/>" * 200_000 + f"<row>{ONE}</row>",
    "a far corner": row_of(1, '<c r="A1"><v>1</v></c>') + row_of(199_999, '<c r="AZ199999"><v>1</v></c>'),
    "a far corner in another order": row_of(1, ONE) + row_of(199_999, '<c s="1" r="AZ199999"><v>1</v></c>'),
    "a far corner of small letters": row_of(1, ONE) + row_of(199_999, '<c r="az199999"><v>1</v></c>'),
    "a far corner with a prefix": row_of(1, ONE).replace("<row", '<x:row xmlns:x="x"').replace("</row", "</x:row").replace("c>", "x:c>")
    + row_of(199_999, '<c r="AZ199999"><v>1</v></c>'),
    "a far corner behind a bracket": row_of(1, ONE) + row_of(199_999, '<c t=">" r="AZ199999"><v>1</v></c>'),
    "a far column": row_of(1, '<c r="BA1"><v>1</v></c>'),
    "a far row": row_of(1, '<c r="A200000"><v>1</v></c>'),
}


@pytest.mark.parametrize("rows", LARGE_SHEETS.values(), ids=LARGE_SHEETS)
def test_a_sheet_that_would_be_laid_out_too_large_is_refused_before_it_is(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "load_workbook", pytest.fail)
    with pytest.raises(TooManyRows):
        read(sheet_of(rows), Kind.XLSX)


def test_cells_that_stand_at_one_place_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_extent, "MAX_CELLS", 10)
    with pytest.raises(TooManyRows):
        read(sheet_of(row_of(1, '<c r="A1"/>' * 11)), Kind.XLSX)


def test_errors_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_marks, "MAX_REFUSED", 10)
    with pytest.raises(TooManyRows):
        read(sheet_of(row_of(1, ONE + '<c t="e"><v>#N/A</v></c>' * 11)), Kind.XLSX)


def test_more_texts_than_there_can_be_are_refused() -> None:
    content = rewritten(
        a_workbook(rows_of(["name", "amount"], ["王芳", 1])), "xl/sharedStrings.xml", 'uniqueCount="', 'uniqueCount="100000000000'
    )
    with pytest.raises(TooManyRows):
        read(content, Kind.XLSX)


TEXTS = "xl/sharedStrings.xml"


def of_texts(first: str, second: str, value: str, place: str) -> bytes:
    """A sheet whose 400 cells name one of two shared texts by `value`."""
    cells = "".join(f'<row r="{row}"><c {place.format(row)}t="s">{value}</c></row>' for row in range(1, 401))
    plain = a_workbook(rows_of(["first", "second"]))
    content = rewritten(plain, TEXTS, "<si><t>first</t></si><si><t>second</t></si>", first + second)
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        own = archive.read(SHEET).decode().partition("<sheetData>")[2].partition("</sheetData>")[0]
    return rewritten(content, SHEET, own, cells)


LONG, SHORT = f"<si><t>{'a' * 1_000_000}</t></si>", "<si><t>b</t></si>"


@pytest.mark.parametrize("place", ['r="A{}" ', ""])
@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        (SHORT, LONG, "<v>1</v>"),
        (LONG, SHORT, "<v>0<!-- -->1</v>"),
        (LONG, SHORT, "<v>x</v>"),
        ("<si/>", LONG, "<v>1</v>"),
        ("<!-- </si> -->" + LONG, SHORT, "<v>0</v>"),
    ],
    ids=["named", "a number in two pieces", "no number", "an empty text", "a comment"],
)
def test_a_long_text_that_many_cells_name_is_refused(
    first: str, second: str, value: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "load_workbook", pytest.fail)
    with pytest.raises(TooManyRows):
        read(of_texts(first, second, value, place), Kind.XLSX)


@pytest.mark.parametrize("place", ['r="A{}" ', ""])
def test_a_long_text_beside_short_ones_that_many_name_is_read(place: str) -> None:
    sheet = workbooks.read_sheet(of_texts(LONG, SHORT, "<v>1</v>", place), 1000)
    assert [row[0] for row in sheet.values] == ["b"] * 400


@pytest.mark.parametrize("name", ["content.xml", "xl/workbook.bin"])
def test_a_workbook_that_the_reader_may_take_for_another_kind_is_refused(name: str) -> None:
    out = io.BytesIO(a_workbook(rows_of(["name", "amount"], ["王芳", 1])))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, "")
    with pytest.raises(FileUnreadable):
        read(out.getvalue(), Kind.XLSX)


def test_a_list_may_begin_anywhere() -> None:
    rows = [["name", "amount"], ["王芳", 4500]]

    def fill(sheet: Sheet) -> None:
        for number, row in enumerate(rows, start=3):
            sheet.write_row(number, 2, row)

    content = a_workbook(fill)
    assert [(row.number, row.cells) for row in read(content, Kind.XLSX).rows] == [(5, WANG)]


def test_merged_cells_that_overlap_are_refused() -> None:
    content = a_workbook(rows_of(["name", "amount"], *([["王芳", 1]] * 20)))
    merged = '</sheetData><mergeCells count="9">' + '<mergeCell ref="C2:C21"/>' * 9 + "</mergeCells>"
    with pytest.raises(FileUnreadable, match="overlap"):
        read(rewritten(content, SHEET, "</sheetData>", merged), Kind.XLSX)


@pytest.mark.parametrize("content", ["(" * 100_000 + "\n1\n", "," * 100_000 + "\n", '"' * 99_999])
def test_a_hostile_header_takes_no_time(content: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        read(content.encode())
    assert time.process_time() - began < 2


@given(st.binary(max_size=300))
def test_no_bytes_under_a_header_make_reading_crash(content: bytes) -> None:
    try:
        rows: list[Row] = list(read(b"name,amount\n" + content).rows)
    except Invalid:
        return
    assert all(row.number > 1 for row in rows)


# --- what cells mean --------------------------------------------------------------------------------------------------
def refused(read_cell: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(CellRefused) as error:
        read_cell(*arguments)
    return error.value.code


@pytest.mark.parametrize(
    "text",
    [
        "1990-03-05",
        "1990/3/5",
        "1990.3.5",
        "19900305",
        "1990年3月5日",
        "1990 年 3 月 5 日",
        "1990/3/5 0:00",
        "1990-03-05T00:00:00",
        "32937",
    ],
)
def test_a_day_is_read_in_every_form_that_puts_the_year_first(text: str) -> None:
    assert read_day(text) == date(1990, 3, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3/5/1990", "DAY_AMBIGUOUS"),
        ("25.12.1990", "DAY_AMBIGUOUS"),
        ("1982-02-30", "DAY_NOT_IN_CALENDAR"),
        ("82-2-3", "DAY_YEAR_SHORT"),
        ("1982-02", "DAY_WITHOUT_DAY"),
        ("1899-12-31", "DAY_OUT_OF_RANGE"),
        ("1990-3/5", "DAY_NOT_READABLE"),
        ("3293", "DAY_NOT_READABLE"),
        ("yesterday", "DAY_NOT_READABLE"),
    ],
)
def test_a_day_that_could_be_another_is_refused_saying_why(text: str, code: str) -> None:
    assert refused(read_day, text) == code


@pytest.mark.parametrize(
    "text", ["2019-03", "2019/3", "2019.03", "201903", "2019年3月", "2019年3月份", "Mar-19", "March 2019", "2019-03-01", "43525"]
)
def test_field_case_f7_a_month_is_read_in_every_form_that_a_spreadsheet_gives_it(text: str) -> None:
    assert read_month(text) == "2019-03"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2019-03-02", "MONTH_IS_A_DAY"),
        ("2019-13", "MONTH_NOT_READABLE"),
        ("03/2019", "MONTH_NOT_READABLE"),
        ("Mrz-19", "MONTH_NOT_READABLE"),
        ("2019.1", "MONTH_AMBIGUOUS"),  # October typed as a number
    ],
)
def test_field_case_f7_what_is_no_month_is_refused_saying_why(text: str, code: str) -> None:
    assert refused(read_month, text) == code


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("4500", "CNY", 450_000),
        ("4,500.50", "CNY", 450_050),
        ("1,234,567.8", "CNY", 123_456_780),
        ("180,000", "JPY", 180_000),
        ("180000.00", "JPY", 180_000),
        ("1.234", "KWD", 1_234),
    ],
)
def test_field_case_f4_commas_part_groups_of_three(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, Currency(currency)) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("4500,50", "CNY", "NUMBER_DECIMAL_COMMA"),
        ("9,99", "CNY", "NUMBER_DECIMAL_COMMA"),
        ("1.234,56", "EUR", "NUMBER_DECIMAL_COMMA"),
        ("45,00", "JPY", "NUMBER_DECIMAL_COMMA"),
        ("0,500", "CNY", "NUMBER_DECIMAL_COMMA"),
        ("1.500", "EUR", "NUMBER_AMBIGUOUS"),
        ("180.000", "JPY", "NUMBER_AMBIGUOUS"),
        ("4500.005", "CNY", "AMOUNT_TOO_PRECISE"),
        ("180000.5", "JPY", "AMOUNT_TOO_PRECISE"),
        ("-1", "CNY", "AMOUNT_OUT_OF_RANGE"),
        ("99999999999999999", "CNY", "AMOUNT_OUT_OF_RANGE"),
        ("1e5", "CNY", "NUMBER_NOT_READABLE"),
        ("4500元", "CNY", "NUMBER_NOT_READABLE"),
    ],
)
def test_field_case_f4_what_could_be_another_amount_is_refused(text: str, currency: str, code: str) -> None:
    assert refused(read_amount, text, Currency(currency)) == code


@given(st.text(max_size=40))
def test_no_text_makes_a_cell_crash(text: str) -> None:
    for read_cell in (read_day, read_month, read_number, lambda cell: read_amount(cell, Currency("CNY"))):
        try:
            read_cell(text)
        except CellRefused:
            continue
