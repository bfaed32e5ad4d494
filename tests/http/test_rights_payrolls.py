"""Payroll files: good rows in, bad rows named, nothing twice, and a kill in the middle costs nothing."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import xlsxwriter
from python_calamine import load_workbook

from services.rights.settings import PAYROLL_BODY_BYTES
from services.rights.usecases import payrolls
from shared.db import Cause
from shared.events import IncomeReported, WageShortfallDetected
from shared.principals import NATION, Principal, Role
from shared.sheets.tables import Row
from shared.values import Clock, EnterpriseId, PlacementId, WorkerId, new_id
from tests.support.http import Answer
from tests.support.recording import noon
from tests.support.rights import COLUMNS, Office, Placement, a_payroll, a_row, office

__all__ = ["office"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def test_good_rows_go_in_and_bad_rows_are_named(office: Office) -> None:
    placement, other = await office.abroad(), await office.abroad()
    stranger = await office.abroad(enterprise=other.worker)
    nobody = "018f0000-0000-7000-8000-000000000000"
    rows: list[tuple[dict[str, Any], tuple[str, str] | None]] = [
        (a_row(placement), None),
        (a_row(placement) | {"placement": "x"}, ("placement", "PLACEMENT_NOT_READABLE")),
        (a_row(placement) | {"placement": nobody}, ("placement", "PLACEMENT_NOT_FOUND")),
        (a_row(stranger), ("placement", "FORBIDDEN")),
        (a_row(placement, "2018-13", paid_on="2018-04-28"), ("period", "MONTH_NOT_READABLE")),
        (a_row(placement, "2017-12"), ("period", "NOT_ABROAD")),
        (a_row(placement, "2018-04", paid="1.0055", net="1"), ("gross", "AMOUNT_TOO_PRECISE")),
        (a_row(placement, "2018-04", gross="1e999999999999"), ("gross", "NUMBER_NOT_READABLE")),
        (a_row(placement, "2018-04", gross="NaN"), ("gross", "NUMBER_NOT_READABLE")),
        (a_row(placement, "2018-04", gross="-1"), ("gross", "AMOUNT_OUT_OF_RANGE")),
        (a_row(placement, "2018-04", gross="7000"), ("net", "DOES_NOT_ADD_UP")),
        (a_row(placement, "2018-04", currency="XXY"), ("currency", "CURRENCY_NOT_KNOWN")),
        (a_row(placement, "2018-04", paid_on="2018-W01-1"), ("paid_on", "DAY_NOT_READABLE")),
        (a_row(placement, "2018-04", paid_on="2018-07-01"), ("paid_on", "PAID_IN_FUTURE")),
        (a_row(placement, "2018-04", gross="a\x00b"), ("gross", "NUMBER_NOT_READABLE")),
        (a_row(other, paid="4,000.00"), None),
        (a_row(placement, paid="1.00"), ("period", "ALREADY_REPORTED")),
        (a_row(placement), None),
    ]
    answer = await office.payroll(*(row for row, _ in rows))
    assert answer.status == 200, answer.body
    found = {(one["row"], one["column"], one["code"]) for one in answer.body["findings"]}
    assert found == {(place, *wrong) for place, (_, wrong) in enumerate(rows, start=2) if wrong}
    assert (answer.body["rows"], answer.body["accepted"]) == (len(rows), 3)
    assert answer.body["accepted"] + answer.body["rejected"] == answer.body["done"] == len(rows)
    assert [one.fact.net.minor for one in await office.published(IncomeReported)] == [600_000, 400_000]
    assert [one.placement for one in await office.published(WageShortfallDetected)] == [other.placement]
    assert [one["column"] for one in answer.body["columns"]] == list(COLUMNS)
    shown = await office.get(f"/payrolls/{answer.body['payroll']}", who=office.enterprise())
    assert shown.body == answer.body | {"columns": [], "header_row": None}


async def test_the_same_file_again_is_the_same_payroll(office: Office) -> None:
    placement = await office.abroad()
    first = await office.payroll(a_row(placement))
    assert (await office.payroll(a_row(placement))).body == first.body
    assert len(await office.published(IncomeReported)) == 1


async def test_the_same_file_sent_at_once_is_entered_once(office: Office) -> None:
    placement = await office.abroad()
    answers = await asyncio.gather(*(office.payroll(a_row(placement)) for _ in range(4)))
    assert len({answer.body["payroll"] for answer in answers}) == 1
    assert len(await office.published(IncomeReported)) == 1


async def test_a_trial_finds_the_same_and_leaves_nothing(office: Office) -> None:
    placement = await office.abroad()
    rows = (a_row(placement), a_row(placement, "2017-12"), a_row(placement, paid="1.00"))
    trial = await office.payroll(*rows, dry_run=True)
    assert (trial.body["payroll"], trial.body["accepted"], trial.body["rejected"]) == (None, 1, 2)
    assert await office.published(IncomeReported) == []
    real = await office.payroll(*rows)
    assert real.body["findings"] == trial.body["findings"]


class _Killed(Exception):
    """The process ends between two chunks."""


async def test_a_payroll_killed_between_chunks_is_finished_by_sending_it_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    placements = [await office.abroad() for _ in range(5)]
    content = a_payroll(*(a_row(one) for one in placements))
    monkeypatch.setattr(payrolls, "PAYROLL_CHUNK", 2)
    enter, chunks = payrolls._enter, 0

    async def until_killed(*args: Any) -> Any:
        nonlocal chunks
        chunks += 1
        if chunks == 3:
            raise _Killed
        return await enter(*args)

    with monkeypatch.context() as patched:
        patched.setattr(payrolls, "_enter", until_killed)
        assert (await office.payroll(content=content)).status == 500
    assert len(await office.published(IncomeReported)) == 4
    finished = await office.payroll(content=content)
    assert (finished.body["done"], finished.body["accepted"]) == (5, 5)
    assert len({one.placement for one in await office.published(IncomeReported)}) == 5
    assert len(await office.published(IncomeReported)) == 5


async def test_a_workbook_is_read_like_the_csv(office: Office) -> None:
    placement = await office.abroad()
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for column, name in enumerate(COLUMNS):
            sheet.write(0, column, name)
            value = a_row(placement)[name]
            sheet.write(1, column, float(value) if name in ("gross", "net") else str(value))
    answer = await office.payroll(content=out.getvalue(), kind=XLSX)
    assert (answer.status, answer.body["accepted"]) == (200, 1), answer.body
    [event] = await office.published(IncomeReported)
    assert (event.fact.net.minor, event.fact.source) == (600_000, "employer")


async def test_an_officer_sends_the_figures_of_the_bank(office: Office) -> None:
    placement = await office.abroad()
    await office.payroll(a_row(placement))
    answer = await office.payroll(a_row(placement, paid="5900.00"), who=office.client)
    assert answer.body["accepted"] == 1
    assert [one["state"] for one in (await office.ledger(placement))["reports"]] == ["superseded", "counting"]


async def test_a_payroll_is_shown_to_whose_it_is(office: Office) -> None:
    payroll = (await office.payroll(a_row(await office.abroad()))).body["payroll"]
    assert (await office.get(f"/payrolls/{payroll}", who=office.client.speaking_as(Role.AUDITOR))).status == 200
    assert (await office.get(f"/payrolls/{payroll}", who=office.enterprise("another"))).status == 403
    assert (await office.get(f"/payrolls/{payroll[:-1]}0")).status in (403, 404)


async def test_what_is_no_payroll_is_refused_as_a_whole(office: Office) -> None:
    header = ",".join(COLUMNS).encode()
    cases: list[tuple[bytes, str, int, str]] = [
        (b"", "text/csv", 422, "COLUMN_MISSING"),
        (header, "text/csv", 422, "NO_ROWS"),
        (b"\xff\xfe\xfd,\x00\n", "text/csv", 422, ""),
        (b"who,what\n1,2", "text/csv", 422, "COLUMN_MISSING"),
        (header.replace(b",net", b""), "text/csv", 422, "NO_ROWS"),
        (b"PK\x03\x04 not a workbook", XLSX, 422, "FILE_UNREADABLE"),
        (header, "application/json", 415, "UNSUPPORTED_FILE"),
    ]
    for content, kind, status, code in cases:
        answer = await office.payroll(content=content, kind=kind)
        assert answer.status == status, (content, answer.body)
        assert not code or answer.code in (code, "COLUMN_MISSING"), (content, answer.body)


async def test_a_file_beyond_its_bound_is_not_read(office: Office) -> None:
    with io.BytesIO(b"x" * (PAYROLL_BODY_BYTES + 1)) as large:
        sent = await office.enterprise().send("POST", "/payrolls", data=large, headers={"content-type": "text/csv"})
    assert sent.status == 413


async def test_twenty_thousand_rows_need_statements_by_the_chunk_not_by_the_row(office: Office) -> None:
    placements = [await office.abroad() for _ in range(3)]
    rows = [a_row(one, period) for one in placements for period in ("2018-02", "2018-03", "2018-04", "2018-05")]
    await _counted(office, rows[:1])  # asyncpg looks up types once per connection
    one, ten = await _counted(office, rows[1:2]), await _counted(office, rows[2:])
    assert one == ten


async def _counted(office: Office, rows: list[dict[str, Any]]) -> int:
    """Statements that entering these rows as one chunk takes."""
    count = 0
    cause = Cause(principal=Principal("officer", Role.OFFICER, (NATION,)), clock=Clock(noon(office.today)))
    cells = [Row(n, {k: str(v) for k, v in row.items() if v != ""}) for n, row in enumerate(rows, start=2)]

    def note(_query: Any) -> None:
        nonlocal count
        count += 1

    async with office.client.database.transaction(cause) as tx:
        tx.conn.add_query_logger(note)
        assert await payrolls._enter(tx, cells, "bank") == []
        tx.conn.remove_query_logger(note)
    return count


# --- as offices keep them ---------------------------------------------------------------------------------------------
def an_xlsx(*rows: list[Any]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "mmm-yy"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if str(value).startswith("="):
                    sheet.write_formula(number, place, value, None, "#DIV/0!" if value == "=1/0" else "")
                else:
                    sheet.write(number, place, value)
    return out.getvalue()


async def found_in(office: Office, content: bytes, kind: str = "text/csv") -> list[tuple[int, str, str]]:
    answer = await office.payroll(content=content, kind=kind)
    assert answer.status == 200, answer.body
    return [(one["row"], one["column"], one["code"]) for one in answer.body["findings"]]


async def test_field_case_f3_one_cell_too_many_refuses_the_row(office: Office) -> None:
    placement = (await office.abroad()).placement
    header = "placement,period,gross,net,currency,paid_on,remitted"
    content = f"{header}\n{placement},2018-03,6000,6000,CNY,2018-04-05,1,500.00\n".encode()
    assert await found_in(office, content) == [(2, "row", "ROW_TOO_LONG")]
    assert await office.published(IncomeReported) == []


async def test_field_case_f4_a_decimal_comma_is_not_a_hundred_times_the_amount(office: Office) -> None:
    placement = await office.abroad()
    rows = [
        a_row(placement, paid="4500,50"),
        a_row(placement, paid="1.234,56", currency="EUR"),
        a_row(placement, paid="45,00", currency="JPY"),
        a_row(placement, paid="180,000", currency="JPY"),
    ]
    found = await found_in(office, a_payroll(*rows))
    assert found == [(row, column, "NUMBER_DECIMAL_COMMA") for row in (2, 3, 4) for column in ("gross", "net")]
    [event] = await office.published(IncomeReported)
    assert (event.fact.gross.minor, event.fact.gross.currency) == (180_000, "JPY")


async def test_field_case_f5_error_cells_are_not_empty(office: Office) -> None:
    placement = str((await office.abroad()).placement)
    content = an_xlsx(
        list(COLUMNS),
        [placement, "2018-03", 6000, "=1/0", 6000, "", "CNY", "2018-03-28"],
        [placement, "2018-03", 6000, 0, 6000, "=1/0", "CNY", "2018-03-28"],
        [placement, "2018-03", 6000, "=A1", 6000, "", "CNY", "2018-03-28"],
    )
    assert await found_in(office, content, XLSX) == [
        (2, "deductions", "CELL_ERROR"),
        (3, "remitted", "CELL_ERROR"),
        (4, "deductions", "FORMULA_WITHOUT_VALUE"),
    ]
    assert await office.published(IncomeReported) == []


@pytest.mark.parametrize(("period", "paid_on"), [("2018/3", "2018/4/5"), ("Mar-18", "2018/4/5"), ("2018年3月", "2018.4.5")])
async def test_field_case_f7_a_payroll_saved_by_a_spreadsheet_is_read(office: Office, period: str, paid_on: str) -> None:
    placement = await office.abroad()
    assert await found_in(office, a_payroll(a_row(placement, period=period, paid_on=paid_on))) == []
    [event] = await office.published(IncomeReported)
    assert (event.fact.period, event.fact.paid_on) == ("2018-03", date(2018, 4, 5))


async def test_field_case_f7_a_date_cell_on_the_first_of_a_month_is_that_month(office: Office) -> None:
    placement = await office.abroad()
    cells = [str(placement.placement), date(2018, 3, 1), 6000, "", 6000, "", "CNY", date(2018, 4, 5)]
    content = an_xlsx(list(COLUMNS), cells, [*cells[:1], date(2018, 4, 2), *cells[2:]])
    assert await found_in(office, content, XLSX) == [(3, "period", "MONTH_IS_A_DAY")]
    [event] = await office.published(IncomeReported)
    assert event.fact.period == "2018-03"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_field_case_f7_the_template_has_every_column_as_text(office: Office, kind: str) -> None:
    template = await office.get("/payrolls/template", format=kind, who=office.enterprise())
    assert template.status == 200
    answer = await office.payroll(content=template.body, kind=template.headers["content-type"])
    assert answer.code == "NO_ROWS"


async def test_a_payroll_with_chinese_headers_under_a_title_is_read(office: Office) -> None:
    placement = await office.abroad()
    rows = [
        "2018年3月工资表,,,,,,",
        "序号,派遣编号,工资月份,应发工资,实发工资,币种,发放日期",
        f"1,{placement.placement},2018年3月,6000,6000,人民币,2018年4月5日",
    ]
    assert await found_in(office, "\r\n".join(rows).encode("gb18030")) == []


async def test_what_to_do_about_a_row_is_answered_in_both_languages(office: Office) -> None:
    answer = await office.payroll(a_row(await office.abroad(), period="2018.1", paid_on="2018-04-28"))
    [finding] = answer.body["findings"]
    assert finding["message"] == {
        "zh": "可能是 1 月也可能是 10 月；请写作 2019-01 或 2019-10",
        "en": "could be January or October: write 2019-01 or 2019-10",
    }


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_the_annotated_payroll_is_answered_to_whoever_sends_it(office: Office, dry_run: str) -> None:
    placement = await office.abroad()
    content = a_payroll(a_row(placement), a_row(placement) | {"period": "x"})
    answer = await office.at(office.enterprise()).upload(f"/payrolls?annotated=true&dry_run={dry_run}", content, "text/csv")
    lines = load_workbook(io.BytesIO(answer.body)).get_sheet_by_index(0).to_python()
    assert [line[:1] + line[-3:] for line in lines[1:]] == [
        [str(placement.placement), "可接收 accepted", "", ""],
        [
            str(placement.placement),
            "未接收 refused",
            "period：无法识别的月份；请按 年-月 填写，如 2019-03",
            "period: not a month: write it as 2019-03",
        ],
    ]


# --- F8: the same file again ------------------------------------------------------------------------------------------
async def test_field_case_f8_a_payment_of_today_at_the_place_of_payment_is_not_in_the_future(office: Office) -> None:
    placement = await office.abroad()
    content = a_payroll(a_row(placement, period="2018-02", paid_on="2018-03-02"))

    async def sent(hour: int, minute: int) -> Answer:
        employer = replace(office.enterprise(), at=datetime(2018, 3, 1, hour, minute, tzinfo=UTC))
        return await employer.upload("/payrolls", content, "text/csv")

    first = await sent(9, 59)  # 1 March everywhere on earth
    assert [one["code"] for one in first.body["findings"]] == ["PAID_IN_FUTURE"]
    second = await sent(11, 30)  # 2 March 00:30 in Auckland, 1 March in Beijing
    assert (second.body["accepted"], second.body["findings"]) == (1, [])


async def test_field_case_f8_a_row_whose_departure_arrives_later_goes_in_with_the_same_file(office: Office) -> None:
    known = await office.abroad()
    late = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    rows = (a_row(known), a_row(late))
    first = await office.payroll(*rows)
    assert [(one["row"], one["code"]) for one in first.body["findings"]] == [(3, "PLACEMENT_NOT_FOUND")]
    assert (await office.payroll(*rows)).body == first.body
    await office.consume(late.contracted(), late.departed())
    second = await office.payroll(*rows)
    assert [second.body[name] for name in ("payroll", "accepted", "rejected", "findings")] == [first.body["payroll"], 2, 0, []]
    assert [one.placement for one in await office.published(IncomeReported)] == [known.placement, late.placement]


async def test_field_case_f8_a_row_that_was_entered_is_not_entered_again_after_its_report_was_voided(office: Office) -> None:
    placement, stranger = await office.abroad(), await office.abroad(enterprise=EnterpriseId(new_id()))
    rows = (a_row(placement), a_row(stranger))
    assert (await office.payroll(*rows)).body["rejected"] == 1
    [report] = (await office.ledger(placement))["reports"]
    voided = await office.post(f"/incomes/{report['report']}/void", {"reason": "duplicate"})
    assert voided.status == 200, voided.body
    again = await office.payroll(*rows)
    assert (again.body["accepted"], again.body["rejected"]) == (1, 1)
    assert len(await office.published(IncomeReported)) == 1


async def test_field_case_f8_what_one_officer_has_entered_another_does_not_enter_again(office: Office) -> None:
    placement = await office.abroad()
    await office.payroll(a_row(placement), who=office.client)
    other = office.client.speaking_as(Role.OFFICER, regions=(NATION,), subject="another")
    answer = await office.payroll(a_row(placement), who=other)
    assert [answer.body[name] for name in ("accepted", "rejected", "already")] == [0, 0, 1]
    assert len(await office.published(IncomeReported)) == 1
