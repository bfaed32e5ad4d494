"""Lists that people send: worker lists and payrolls as text and as workbooks, and what one cell means."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from itertools import islice
from pathlib import Path

import xlsxwriter

from services.registration.worker_lists import messages as worker_messages
from services.registration.worker_lists import rows as worker_rows
from services.registration.worker_lists.columns import read_list
from services.registration.worker_lists.repeats import repeated_rows
from services.rights.payroll_files import columns as payroll_columns
from services.rights.payroll_files import rows as payroll_rows
from shared import words
from shared.errors import Invalid
from shared.sheets.annotated import annotate
from shared.sheets.cells import CellRefused, read_amount, read_currency, read_day, read_month, read_number
from shared.sheets.files import Kind, kind_of
from shared.sheets.tables import Table
from shared.values import Currency
from tests.fuzz.parser import Parser, Refusal, as_text
from tests.support.registration import a_list_of, a_row, as_csv

CASES = Path(__file__).parents[1] / "cases"
MOST_ROWS = 200
ROWS_READ = 8  # of each list: they are alike
TODAY = date(2018, 9, 28)
A_PAYMENT = {
    "placement": "018f0000-0000-7000-8000-000000000000",
    "period": "2018-03",
    "gross": "6,000.00",
    "deductions": "500",
    "net": "5500.00",
    "remitted": "4000",
    "currency": "CNY",
    "paid_on": "2018-03-28",
    "reference": "ICBC-7",
}


@cache
def worker_lists() -> tuple[bytes, ...]:
    whole = a_row(
        id_number="621126199203040025",
        phone="13893212345",
        destinations="JPN;SGP",
        family_consent="yes",
        wage_floor="4500",
        wage_currency="CNY",
        available_from="2018-10-01",
        household_status="是",
        announcement="A00000001-5",
        outreach_channel="广播",
        registered_on="2018/9/1",
        id_checked="是",
    )
    return (*(path.read_bytes() for path in sorted(CASES.glob("*.csv"))), as_csv(a_list_of(4)), as_csv([whole, whole]))


@cache
def payrolls() -> tuple[bytes, ...]:
    several = [A_PAYMENT, A_PAYMENT | {"period": "2018年4月", "paid_on": "28/4/2018"}, A_PAYMENT | {"currency": "日元", "reference": ""}]
    return as_csv([A_PAYMENT]), as_csv(several), as_csv(several).decode().replace(",", "\t").encode("utf-16")


def read_worker_list(content: bytes) -> None:
    _read_workers(read_list(content, Kind.CSV, MOST_ROWS), content)


def read_payroll(content: bytes) -> None:
    _read_payments(payroll_columns.read_payroll(content, Kind.CSV, MOST_ROWS))


def _read_workers(table: Table, content: bytes) -> None:
    findings = []
    for row in islice(table.rows, ROWS_READ):
        try:
            worker_rows.read_row(row, TODAY)
        except worker_rows.RowRefused as refused:
            findings += refused.findings
    repeated_rows(table.rows)
    if len(content) % 50 == 0:  # it takes twenty times as long as all else
        annotate(table, findings, worker_messages.MESSAGES)


def _read_payments(table: Table) -> None:
    for row in islice(table.rows, ROWS_READ):
        with contextlib.suppress(payroll_rows.RowRefused):
            payroll_rows.read_row(row, "employer")


# --- workbooks ----------------------------------------------------------------------------------------------------------
def workbook(rows: Sequence[dict[str, str]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet, day = book.add_worksheet("list"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, list(rows[0]))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, list(row.values()))
        sheet.write_datetime(len(rows) + 1, 1, datetime(1992, 3, 4), day)  # noqa: DTZ001  # a workbook knows no zones
        sheet.write_formula(len(rows) + 1, 2, "=1/0", value="#DIV/0!")
        sheet.write_number(len(rows) + 1, 3, 622427)
        sheet.merge_range(len(rows) + 2, 0, len(rows) + 3, 0, "王芳")
        sheet.set_row(len(rows) + 4, None, None, {"hidden": True})
    return buffer.getvalue()


@cache
def workbooks() -> tuple[bytes, ...]:
    return workbook(a_list_of(3)), workbook([A_PAYMENT])


@cache
def members() -> tuple[bytes, ...]:
    """A member of a workbook each, behind its name: what a zip's checksums would hide from every change."""
    with zipfile.ZipFile(io.BytesIO(workbooks()[0])) as archive:
        named = tuple(b"%s\n%s" % (name.encode(), archive.read(name)) for name in archive.namelist())
    unplaced = [re.sub(rb' r="[A-Z]*[0-9]+"', b"", one) for one in named if b"<sheetData" in one]  # cells that do not say where they stand
    return *named, *unplaced, *(one.replace(b"</row>", b"<c><v>1</v></c>" * 60 + b"</row>", 1) for one in unplaced)


def read_workbook(content: bytes) -> None:
    _read_workers(read_list(content, Kind.XLSX, MOST_ROWS), content)


def read_member(named: bytes) -> None:
    """A sound zip in which one member is what was made of it."""
    name, _, content = named.partition(b"\n")
    given = dict(one.partition(b"\n")[::2] for one in reversed(members())) | {name: content}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for known, text in given.items():
            archive.writestr(as_text(known).replace("\x00", "")[:200] or "x", text)
    read_workbook(buffer.getvalue())


# --- cells --------------------------------------------------------------------------------------------------------------
CELLS: tuple[Callable[[str], object], ...] = (
    *(read_day, read_month, read_number, read_currency),
    *(lambda text, currency=currency: read_amount(text, Currency(currency)) for currency in ("JPY", "CNY", "KWD")),
    *(words.read_sex, words.read_yes_no, words.read_household_status, words.read_education, words.read_outreach_channel),
    *(words.read_currency, words.read_county, words.read_occupations, words.read_destinations),
)
CELL_TEXTS = (
    *("1990-03-05", "1990/3/5", "1990.3.5 08:00", "19900305", "1990年3月5日", "33000", "5/3/1990", "90-3-5", "2019-03", "Mar-19", "2019.1"),
    *("4,500.50", "-1", "1.500", "4500", "女", "male", "是", "no", "建档立卡", "初中", "3", "广播", "wechat", "人民币", "CNY", "日元"),
    *("甘肃省定西市通渭县", "通渭县", "622427", "城关区", "厨师", "7531;5120", "cook; bricklayer", "日本", "JPN;SGP", "Korea, Republic of"),
)


def read_cell(given: bytes) -> None:
    text, refused = as_text(given), 0
    for read in CELLS:
        try:
            read(text)
        except CellRefused:
            refused += 1
    if refused == len(CELLS):
        raise Refusal


def read_kind(given: bytes) -> None:
    kind_of(given.decode("latin-1"))


PARSERS = (
    Parser(name="worker lists", samples=worker_lists, read=read_worker_list, refuses=(Invalid,), share=12),
    Parser(name="payrolls", samples=payrolls, read=read_payroll, refuses=(Invalid,), share=15),
    Parser(name="workbooks", samples=workbooks, read=read_workbook, refuses=(Invalid,), share=4),
    Parser(name="members of workbooks", samples=members, read=read_member, refuses=(Invalid,), share=4),
    Parser(name="cells", samples=lambda: tuple(one.encode() for one in CELL_TEXTS), read=read_cell, share=60),
    Parser(
        name="content types", samples=lambda: (b"text/csv; charset=utf-8", Kind.XLSX.encode()), read=read_kind, refuses=(Invalid,), share=10
    ),
)
