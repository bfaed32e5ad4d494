"""Worker lists over HTTP: good rows in, bad rows named, the same file once, a killed import resumed."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from python_calamine import load_workbook

from services.registration.queries import imports as import_rows
from services.registration.settings import IMPORT_BODY_BYTES, policy
from services.registration.usecases import import_chunks, import_process, imports
from shared import events
from shared.db import Cause, Tx
from shared.principals import Role
from shared.sheets.files import Kind
from shared.sheets.findings import Finding
from shared.values import Clock, ImportId
from tests.support.http import Answer, Client, environment
from tests.support.registration import JUNE, a_list_of, a_row, an_id, as_csv


async def imported(registration: Client, rows: list[dict[str, str]], *, dry_run: bool = False) -> Answer:
    return await registration.upload(f"/imports?dry_run={str(dry_run).lower()}", as_csv(rows), "text/csv; charset=utf-8")


@pytest.fixture(params=["in a thread", "in a process"])
def decided(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rows of the test's lists are."""
    environment()
    size = 0 if request.param == "in a process" else IMPORT_BODY_BYTES
    rules = policy().model_copy(update={"registration_import_process_bytes": size})
    monkeypatch.setattr(import_process, "policy", lambda: rules)


async def count(registration: Client, table: str) -> int:
    async with registration.database.connection() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608  # a name of this file


MIXED = [
    a_row(name="王一", id_number=an_id(date(1992, 3, 4), "female"), id_checked="yes", phone="13812345678"),
    a_row(name="王二", id_number="110105194912310021"),
    a_row(name="王三", sex="", county="110101"),
    a_row(name="王四", county="510182"),
    a_row(name="王五", destinations="JPN；SGP", family_consent="是", wage_floor="4500.50", wage_currency="CNY", registered_on="2018/4/2"),
    a_row(name="王六", destinations="JPN"),
    a_row(name="王七", wage_floor="45.0055", wage_currency="CNY", destinations="JPN", family_consent="no"),
    a_row(name="王八", county="629999"),
    a_row(name="=command|' /C calc'!A0", birth_date="1992年"),
    a_row(name="王十", education="degree", occupations="7531;xx"),
]
FOUND = [
    (3, "id_number", "ID_NUMBER_CHECK", "error"),
    (4, "sex", "MISSING", "error"),
    (5, "county", "OUT_OF_SCOPE", "error"),
    (7, "family_consent", "MISSING", "error"),
    (8, "wage_floor", "AMOUNT_TOO_PRECISE", "error"),
    (9, "county", "COUNTY_UNCLASSIFIED", "warning"),
    (10, "birth_date", "DAY_NOT_READABLE", "error"),
    (11, "education", "EDUCATION_NOT_KNOWN", "error"),
    (11, "occupations", "OCCUPATION_NOT_KNOWN", "error"),
]


def found(answer: Answer) -> list[tuple[int, str, str, str]]:
    return [(item["row"], item["column"], item["code"], item["severity"]) for item in answer.body["findings"]]


@pytest.mark.usefixtures("decided")
async def test_valid_rows_are_registered_and_errors_are_reported(registration: Client) -> None:
    answer = await imported(registration, MIXED)
    assert answer.status == 200
    assert (answer.body["state"], answer.body["rows"], answer.body["accepted"], answer.body["rejected"]) == ("completed", 10, 3, 7)
    assert found(answer) == FOUND
    happened = [event.data for event in await registration.published()]
    assert [type(event).__name__ for event in happened] == [
        "WorkerRegistered",
        "WorkerRegistered",
        "WillingnessRecorded",
        "WorkerRegistered",
        "ImportCompleted",
    ]
    checked, late, offer, _, done = happened
    assert isinstance(checked, events.WorkerRegistered)
    assert (checked.assurance, checked.source) == ("verified", "import")
    assert isinstance(late, events.WorkerRegistered)
    assert (late.assurance, late.effective.isoformat()) == ("provisional", "2018-04-02")
    assert isinstance(offer, events.WillingnessRecorded)
    assert (offer.destinations, offer.wage_floor and offer.wage_floor.minor) == (("JPN", "SGP"), 450_050)
    assert isinstance(done, events.ImportCompleted)
    assert (done.rows, done.accepted, done.rejected, done.digest) == (10, 3, 7, hashlib.sha256(as_csv(MIXED)).hexdigest())


@pytest.mark.usefixtures("decided")
async def test_a_dry_run_reports_the_same_and_writes_nothing(registration: Client) -> None:
    answer = await imported(registration, MIXED, dry_run=True)
    assert (answer.body["dry_run"], answer.body["import_id"], answer.body["accepted"], answer.body["rejected"]) == (True, None, 3, 7)
    assert found(answer) == FOUND
    for table in ("worker", "personal", "history", "import_run", "import_finding", "outbox"):
        assert await count(registration, table) == 0


async def test_findings_contain_no_personal_data(registration: Client) -> None:
    answer = await imported(registration, MIXED)
    [number] = [item["value"] for item in answer.body["findings"] if item["column"] == "id_number"]
    assert number == "1*************0021"
    async with registration.database.connection() as conn:
        kept = str([dict(row) for row in await conn.fetch("SELECT * FROM import_finding")])
    for row in MIXED:
        assert row["name"] not in kept
        assert row["birth_date"] not in kept


async def test_the_same_file_again_is_the_finished_import(registration: Client) -> None:
    first, second = await imported(registration, MIXED), await imported(registration, MIXED)
    assert first.body == second.body
    assert await count(registration, "worker") == 3
    assert len(await registration.published()) == 5


@pytest.mark.usefixtures("decided")
async def test_field_case_f18_rows_of_a_document_that_has_verified_somebody_else_go_in_as_provisional(registration: Client) -> None:
    number = an_id(date(1992, 3, 4), "female")
    rows = [a_row(name=name, id_number=number, id_checked="yes", destinations="JPN", family_consent="yes") for name in ("王芳", "王方")]
    rehearsed = await registration.upload("/imports?dry_run=true", as_csv(rows), "text/csv")
    answer = await imported(registration, rows)
    assert answer.body["accepted"] == rehearsed.body["accepted"] == 2
    assert found(answer) == [(3, "row", "SAME_PERSON_IN_LIST", "warning"), (3, "id_number", "DOCUMENT_VERIFIED_ELSEWHERE", "warning")]
    assert found(rehearsed) == found(answer)
    again = await registration.upload("/imports?dry_run=true", as_csv([rows[0], a_row(name="李兰")]), "text/csv")
    assert found(again) == [(2, "id_number", "DOCUMENT_VERIFIED_ELSEWHERE", "warning")]
    published_events = [event.data for event in await registration.published() if isinstance(event.data, events.WorkerRegistered)]
    assert [event.assurance for event in published_events] == ["verified", "provisional"]
    listed = (await registration.get("/workers", import_id=answer.body["import_id"])).body["items"]
    assert [(worker["assurance"], worker["willingness"]) for worker in listed] == [("verified", "willing"), ("provisional", "willing")]


class Killed(Exception):
    """Stands for the process going away in the middle of a chunk: its transaction is rolled back."""


@pytest.mark.parametrize("killed_after", [0, 1, 2])
async def test_a_killed_import_resumes_where_it_was(registration: Client, monkeypatch: pytest.MonkeyPatch, killed_after: int) -> None:
    rows = a_list_of(2500)
    insert_findings, chunks = import_rows.insert_findings, 0

    async def die(tx: Tx, import_id: ImportId, findings: Sequence[Finding]) -> None:
        nonlocal chunks
        await insert_findings(tx, import_id, findings)
        chunks += 1
        if chunks > killed_after:
            raise Killed

    monkeypatch.setattr(import_rows, "insert_findings", die)
    with pytest.raises(Killed):
        await imports.import_workers(registration.database, Cause(principal=registration.who, clock=Clock(JUNE)), as_csv(rows), Kind.CSV)
    monkeypatch.undo()
    assert await count(registration, "worker") == killed_after * 1000
    answer = await imported(registration, rows)
    assert (answer.body["state"], answer.body["accepted"], answer.body["rejected"]) == ("completed", 2500, 0)
    async with registration.database.connection() as conn:
        assert await conn.fetchval("SELECT count(DISTINCT import_row) FROM worker") == 2500 == await count(registration, "worker")
    names = [type(event.data).__name__ for event in await registration.published()]
    assert (names.count("WorkerRegistered"), names.count("ImportCompleted")) == (2500, 1)
    assert names.count("WillingnessRecorded") == len([row for row in rows if "destinations" in row])


async def test_the_same_file_sent_twice_at_once_is_imported_once(registration: Client) -> None:
    rows = a_list_of(2100)
    first, second = await asyncio.gather(imported(registration, rows), imported(registration, rows))
    assert first.body["import_id"] == second.body["import_id"]
    assert [answer.body["state"] for answer in (first, second)] == ["completed"] * 2
    assert await count(registration, "worker") == 2100


async def test_the_workers_of_an_import_can_be_listed(registration: Client) -> None:
    answer = await imported(registration, MIXED)
    listed = await registration.get("/workers", import_id=answer.body["import_id"])
    assert [item["import_row"] for item in listed.body["items"]] == [2, 6, 9]


async def test_findings_are_paged_and_say_what_to_do(registration: Client) -> None:
    path = f"/imports/{(await imported(registration, MIXED)).body['import_id']}"
    first = await registration.get(path, limit=4)
    rest = await registration.get(path, limit=200, after=first.body["next"])
    assert found(first) + found(rest) == FOUND
    assert rest.body["next"] is None
    assert first.body["findings"][0]["message"] == {
        "zh": "身份证号校验码不对，有一位写错；请核对证件",
        "en": "the check character is wrong: a digit is mistyped; compare it with the document",
    }


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_the_annotated_sheet_is_answered_to_whoever_sends_the_list_and_kept_nowhere(registration: Client, dry_run: str) -> None:
    answer = await registration.upload(f"/imports?annotated=true&dry_run={dry_run}", as_csv(MIXED), "text/csv")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    lines = load_workbook(io.BytesIO(answer.body)).get_sheet_by_index(0).to_python()
    place = lines[0].index("name")
    assert [line[place] for line in lines[1:]] == [row["name"] for row in MIXED]
    assert [str(line[-3])[:3] for line in lines[1:]] == ["可接收", *["未接收"] * 3, "可接收", *["未接收"] * 2, "可接收", *["未接收"] * 2]
    assert lines[-1][-2] == (
        "education：不认识或含义不明的学历；请填 小学、初中、高中、中专、大专、本科、硕士、博士 之一；"
        "occupations：不认识的工种；请填常用工种名或 ISCO-08 代码（1 至 4 位）"
    )
    async with registration.database.connection() as conn:
        tables = [row["tablename"] for row in await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        kept = "".join([str(await conn.fetch(f"SELECT * FROM {table}")) for table in tables])  # noqa: S608  # names of the catalogue
    assert not [row["name"] for row in MIXED if row["name"] in kept]


async def test_a_sender_sees_how_far_their_imports_are(registration: Client) -> None:
    first, second = await imported(registration, MIXED), await imported(registration, MIXED[:2])
    listed = (await registration.get("/imports")).body["items"]
    assert [(one["import_id"], one["done"], one["rows"]) for one in listed] == [
        (second.body["import_id"], 2, 2),
        (first.body["import_id"], 10, 10),
    ]
    assert (await registration.speaking_as(Role.CLERK, regions=("620000",), subject="another").get("/imports")).body["items"] == []


async def test_an_import_is_visible_to_whoever_covers_its_regions(registration: Client) -> None:
    path = f"/imports/{(await imported(registration, MIXED)).body['import_id']}"
    assert (await registration.speaking_as(Role.OFFICER).get(path)).status == 200
    stranger = await registration.speaking_as(Role.CLERK, regions=("510000",), subject="another").get(path)
    assert (stranger.status, stranger.code) == (403, "FORBIDDEN")
    assert (await registration.get("/imports/0190a5e0-0000-7000-8000-000000000000")).code == "IMPORT_NOT_FOUND"


# --- F8: the same file again ------------------------------------------------------------------------------------------
PROVINCE = [a_row(name="王一", county="621126"), a_row(name="王二", county="620102"), a_row(name="王三", county="620103")]


async def test_field_case_f8_rows_out_of_a_clerks_scope_go_in_when_the_province_sends_the_file(registration: Client) -> None:
    clerk = registration.speaking_as(Role.CLERK, regions=("621126",), subject="county")
    first = await imported(clerk, PROVINCE)
    assert (first.body["accepted"], found(first)) == (1, [(row, "county", "OUT_OF_SCOPE", "error") for row in (3, 4)])
    officer = registration.speaking_as(Role.OFFICER, regions=("620000",), subject="province")
    trial = await imported(officer, PROVINCE, dry_run=True)
    second = await imported(officer, PROVINCE)
    for answer in (trial, second):
        assert [answer.body[name] for name in ("rows", "accepted", "rejected", "already", "findings")] == [3, 2, 0, 1, []]
    third = await imported(clerk, PROVINCE)
    assert [third.body[name] for name in ("accepted", "rejected", "already", "findings")] == [1, 0, 2, []]
    assert await count(registration, "worker") == 3


async def test_field_case_f8_refused_rows_are_tried_again_by_the_same_sender(registration: Client) -> None:
    rows = [a_row(name="王一"), a_row(name="王二", registered_on="2018-06-02"), a_row(name="王三", sex="?")]
    first = await imported(registration, rows)
    assert found(first) == [(3, "registered_on", "IN_FUTURE", "error"), (4, "sex", "SEX_NOT_READABLE", "error")]
    same = await imported(registration, rows)
    assert same.body == first.body
    later = replace(registration, at=JUNE + timedelta(days=1))
    second = await imported(later, rows)
    assert (second.body["accepted"], found(second)) == (2, [(4, "sex", "SEX_NOT_READABLE", "error")])
    assert second.body["import_id"] == first.body["import_id"]
    completed = [event.data for event in await registration.published() if isinstance(event.data, events.ImportCompleted)]
    assert [(one.accepted, one.rejected) for one in completed] == [(1, 2), (2, 1)]
    assert await count(registration, "worker") == 2


async def test_field_case_f8_a_second_try_that_is_killed_is_resumed(registration: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [a_row(name=f"王{chr(0x4E00 + number)}", registered_on="2018-06-02") for number in range(5)]
    monkeypatch.setattr(import_chunks, "policy", lambda: policy().model_copy(update={"registration_import_chunk": 2}))
    assert (await imported(registration, rows)).body["rejected"] == 5
    insert_findings, chunks = import_rows.insert_findings, 0

    async def die(tx: Tx, import_id: ImportId, findings: Sequence[Finding]) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            raise Killed
        await insert_findings(tx, import_id, findings)

    cause = Cause(principal=registration.who, clock=Clock(JUNE + timedelta(days=1)))
    with monkeypatch.context() as patched:
        patched.setattr(import_rows, "insert_findings", die)
        with pytest.raises(Killed):
            await imports.import_workers(registration.database, cause, as_csv(rows), Kind.CSV)
    assert await count(registration, "worker") == 2
    answer = await imported(replace(registration, at=JUNE + timedelta(days=1)), rows)
    assert (answer.body["state"], answer.body["done"], answer.body["accepted"], answer.body["findings"]) == ("completed", 5, 5, [])
    assert await count(registration, "worker") == 5


@pytest.mark.usefixtures("decided")
async def test_field_case_f8_two_senders_at_once_register_nobody_twice(registration: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_chunks, "policy", lambda: policy().model_copy(update={"registration_import_chunk": 2}))
    senders = [registration.speaking_as(Role.OFFICER, regions=("620000",), subject=f"sender{number}") for number in range(3)]
    rows = [a_row(name=f"王{chr(0x4E00 + number)}") for number in range(9)]
    answers = await asyncio.gather(*(imported(sender, rows) for sender in senders))
    assert [answer.body.get("code") for answer in answers] == [None] * 3
    assert [answer.body["accepted"] + answer.body["already"] for answer in answers] == [9, 9, 9]
    assert sum(answer.body["accepted"] for answer in answers) == 9 == await count(registration, "worker")


async def test_field_case_f25_the_same_person_twice_in_one_list_is_pointed_out(registration: Client) -> None:
    answer = await imported(registration, [a_row(), a_row(name="赵六"), a_row()])
    assert (answer.body["accepted"], found(answer)) == (3, [(4, "row", "SAME_PERSON_IN_LIST", "warning")])
    assert "第 2 行" in answer.body["findings"][0]["message"]["zh"]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", "text/csv", 422, "COLUMN_MISSING"),
        (b"name,salary\n", "text/csv", 422, "COLUMN_MISSING"),
        (b"\xff\xff\xff", "text/csv", 422, "FILE_UNREADABLE"),
        (as_csv([a_row()]), Kind.XLSX.value, 422, "FILE_UNREADABLE"),
        (as_csv([a_row()]), "application/json", 415, "UNSUPPORTED_FILE"),
        (b" " * (33 * 1024 * 1024), "text/csv", 413, "TOO_LARGE"),
    ],
)
async def test_a_malformed_file_is_refused_as_a_whole(
    registration: Client, content: bytes, content_type: str, status: int, code: str
) -> None:
    for path in ("/imports", "/imports?dry_run=true"):
        file = io.BytesIO(content)  # as people send files: in pieces
        answer = await registration.send("POST", path, data=file, headers={"content-type": content_type})
        assert (answer.status, answer.code) == (status, code)
    assert await count(registration, "import_run") == 0


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_template_can_be_sent_back_but_has_no_rows(registration: Client, kind: str) -> None:
    template = await registration.get("/imports/template", format=kind)
    assert template.status == 200
    answer = await registration.upload("/imports", template.body, template.headers["content-type"])
    assert answer.code == "NO_ROWS"
