"""Worker lists as county offices keep them: what is read as it stands, and what is refused saying why."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from shared import events
from shared.sheets.files import Kind
from tests.support.http import Answer, Client
from tests.support.registration import a_row, as_csv

CASES = Path(__file__).parents[1] / "cases"
HEADER = ["name", "birth_date", "sex", "county", "education", "occupations", "id_number"]
COUNTY_OFFICE = [
    ("621121", 2, ("5120",), "registered_poor", 1990),
    ("621122", 3, ("5131",), "not_registered", 1988),
    ("621126", 2, ("8153",), "registered_poor", 1995),
    ("621121", 1, ("9313",), "registered_poor", 1979),
]


async def sent(registration: Client, content: bytes, kind: Kind = Kind.CSV, *, dry_run: bool = False) -> Answer:
    answer = await registration.upload(f"/imports?dry_run={str(dry_run).lower()}", content, kind.value)
    assert answer.status == 200, answer.body
    return answer


def found(answer: Answer) -> list[tuple[int, str, str]]:
    return [(item["row"], item["column"], item["code"]) for item in answer.body["findings"]]


async def registered(registration: Client) -> list[events.WorkerRegistered]:
    return [event.data for event in await registration.published() if isinstance(event.data, events.WorkerRegistered)]


def an_xlsx(*rows: list[Any], error_in: str | None = None, formula_in: str | None = None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if error_in:
            sheet.write_formula(error_in, "=VLOOKUP(A2,A9:B9,2)", None, "#N/A")
        if formula_in:
            sheet.write_formula(formula_in, "=VLOOKUP(A2,A9:B9,2)", None, "")
    return out.getvalue()


def office_rows() -> list[list[str]]:
    return [line.split(",") for line in (CASES / "county_gbk.csv").read_bytes().decode("gb18030").splitlines()]


@pytest.mark.parametrize(
    ("content", "kind", "header_row"),
    [
        ((CASES / "county_gbk.csv").read_bytes(), Kind.CSV, 1),
        ("通渭县2018年外出务工人员名单,,,,,,,,,,\r\n".encode("gb18030") + (CASES / "county_gbk.csv").read_bytes(), Kind.CSV, 2),
        (an_xlsx(*office_rows()), Kind.XLSX, 1),
        (an_xlsx(["通渭县2018年外出务工人员名单"], [], *office_rows()), Kind.XLSX, 3),
    ],
    ids=["csv", "csv with a title", "xlsx", "xlsx with a title"],
)
async def test_field_case_f25_a_county_offices_own_list_is_read_as_it_stands(
    registration: Client, content: bytes, kind: Kind, header_row: int
) -> None:
    trial = await sent(registration, content, kind, dry_run=True)
    assert (trial.body["accepted"], trial.body["rejected"], found(trial)) == (4, 0, [])
    assert (trial.body["sheet"] is None, trial.body["header_row"]) == (kind is Kind.CSV, header_row)
    columns = {one["header"]: one["column"] for one in trial.body["columns"]}
    assert columns == {
        "序号": None,
        "姓名": "name",
        "身份证号": "id_number",
        "性别": "sex",
        "出生日期": "birth_date",
        "户籍地": "county",
        "文化程度": "education",
        "工种": "occupations",
        "联系电话": "phone",
        "是否建档立卡": "household_status",
        "备注": None,
    }
    assert (await sent(registration, content, kind)).body["accepted"] == 4
    entered = [
        (one.origin.county, one.education, one.occupations, one.household_status, one.birth_year) for one in await registered(registration)
    ]
    assert entered == COUNTY_OFFICE


@pytest.mark.parametrize("file", ["country_zh.csv", "utf16_tab.csv", "semicolon.csv"])
async def test_field_case_f25_countries_by_name_and_what_excel_writes_are_read(registration: Client, file: str) -> None:
    answer = await sent(registration, (CASES / file).read_bytes())
    assert (answer.body["accepted"], found(answer)) == (1, [])
    [_, offer, _] = [event.data for event in await registration.published()]
    assert isinstance(offer, events.WillingnessRecorded)
    assert (offer.destinations, offer.family_consent) == (("JPN",), True)


async def test_field_case_f25_dates_are_read_or_refused_saying_why(registration: Client) -> None:
    answer = await sent(registration, (CASES / "dates.csv").read_bytes())
    assert found(answer) == [
        (2, "birth_date", "DAY_NOT_IN_CALENDAR"),
        (3, "birth_date", "DAY_YEAR_SHORT"),
        (7, "birth_date", "DAY_WITHOUT_DAY"),
        (8, "birth_date", "DAY_AMBIGUOUS"),
    ]
    assert answer.body["accepted"] == 3


@pytest.mark.parametrize(
    ("county", "code", "hints"),
    [
        ("城关区", "PLACE_AMBIGUOUS", ["西藏自治区拉萨市城关区(540102)", "甘肃省兰州市城关区(620102)"]),
        ("大理", "PLACE_AMBIGUOUS", ["云南省大理白族自治州大理市(532901)"]),
        ("定西市", "PLACE_NOT_KNOWN", []),
        ("陕西省通渭县", "PLACE_NOT_KNOWN", []),
        ("62112", "COUNTY_CODE_FORM", []),
    ],
)
async def test_field_case_f25_a_place_that_names_no_one_county_is_refused_with_what_it_could_be(
    registration: Client, county: str, code: str, hints: list[str]
) -> None:
    # the document was issued in 621126: that names no county of the household register
    answer = await sent(registration, as_csv([a_row(county=county, id_number="62112619920304104X")]))
    [finding] = answer.body["findings"]
    assert (finding["column"], finding["code"], finding["hints"]) == ("county", code, hints)


async def test_field_case_f25_a_place_may_stand_in_three_columns(registration: Client) -> None:
    row = a_row() | {"county": "城关区", "省": "甘肃省", "市": "兰州市"}
    await sent(registration, as_csv([row, row | {"county": "甘肃省兰州市七里河区"}, row | {"county": "621126"}]))
    assert [one.origin.county for one in await registered(registration)] == ["620102", "620103", "621126"]


async def test_field_case_f3_a_wage_with_a_comma_is_not_cut_off(registration: Client) -> None:
    row = a_row(destinations="JPN", family_consent="yes", wage_currency="CNY", wage_floor="4500")
    answer = await sent(registration, as_csv([row]).replace(b"CNY,4500", b"CNY,4,500"))
    assert found(answer) == [(2, "row", "ROW_TOO_LONG")]


@pytest.mark.parametrize(("place", "code"), [("error_in", "CELL_ERROR"), ("formula_in", "FORMULA_WITHOUT_VALUE")])
async def test_field_case_f5_a_failed_look_up_is_not_no_document(registration: Client, place: str, code: str) -> None:
    rows = [HEADER, ["王芳", "1992-03-04", "female", "621126", "2", "7531", ""]]
    answer = await sent(registration, an_xlsx(*rows, **{place: "G2"}), Kind.XLSX)
    assert found(answer) == [(2, "id_number", code)]
    assert await registered(registration) == []


@pytest.mark.parametrize("also_in", [None, 5])
async def test_field_case_f6_a_stray_quote_refuses_the_file_and_names_the_line(registration: Client, also_in: int | None) -> None:
    lines = as_csv([a_row(name=name) for name in ("王一", "王二", "王三", "王四", "王五")]).decode().splitlines()
    for line in filter(None, (3, also_in)):
        lines[line - 1] = f'"{lines[line - 1]}'
    answer = await registration.upload("/imports", "\r\n".join(lines).encode(), "text/csv")
    assert (answer.status, answer.code) == (422, "QUOTE_UNCLOSED")
    assert "line 3" in answer.body["detail"]


async def test_field_case_f13_the_hidden_first_sheet_is_not_read(registration: Client) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for title, name in (("last year", "旧人"), ("this year", "新人")):
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [name, "1992-03-04" if name == "新人" else "", "female", "621126", "2", "7531", ""])
            if name == "旧人":
                sheet.hide()
            else:
                sheet.set_first_sheet()
                sheet.activate()
    assert found(await sent(registration, out.getvalue(), Kind.XLSX)) == []
    assert len(await registered(registration)) == 1


async def test_every_cell_that_is_wrong_in_a_row_is_named_at_once(registration: Client) -> None:
    row = a_row(name="王\x01芳", birth_date="3/5/1990", sex="?", county="城关区", education="大学", occupations="xx", phone="call me")
    answer = await sent(registration, as_csv([row | {"id_checked": "maybe", "name_pinyin": "王"}]))
    assert sorted(found(answer)) == [
        (2, "birth_date", "DAY_AMBIGUOUS"),
        (2, "county", "PLACE_AMBIGUOUS"),
        (2, "education", "EDUCATION_NOT_KNOWN"),
        (2, "id_checked", "YES_OR_NO"),
        (2, "name", "NAME_NOT_READABLE"),
        (2, "name_pinyin", "NAME_PINYIN_NOT_READABLE"),
        (2, "occupations", "OCCUPATION_NOT_KNOWN"),
        (2, "phone", "PHONE_NOT_READABLE"),
        (2, "sex", "SEX_NOT_READABLE"),
    ]
