"""Worker lists sent through the console: checked, entered, sent again; what is wrong, in the page and as a sheet."""

from __future__ import annotations

import io

import aiohttp
from python_calamine import load_workbook

from shared.principals import Role
from tests.console.conftest import CountyOffice
from tests.support.console import ConsoleVisitor, Page
from tests.support.registration import a_list_of, a_row, an_id, as_csv

BAD = a_row(name="张三", id_number=an_id()[:-1] + "?", county="999999")


async def send(visitor: ConsoleVisitor, content: bytes, step: str, name: str = "workers.csv") -> Page:
    form = aiohttp.FormData()
    form.add_field("step", step)
    form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    return await visitor.post("/imports", form)


async def entered(office: CountyOffice) -> int:
    return len((await office.registration.get("/workers", limit=200)).body["items"])


async def test_a_list_is_checked_without_entering_anything_and_each_wrong_row_is_named(office: CountyOffice) -> None:
    page = await send(office.clerk, as_csv([*a_list_of(3), BAD]), "check")
    assert page.status == 200
    assert "4 rows: 3 right, 1 refused, 0 entered before." in page.words
    assert "nothing is entered yet" in page.words
    wrong = page.text.partition("What is wrong</th>")[2]
    assert '<th scope="row">5</th>' in wrong
    assert await entered(office) == 0
    assert "You have sent no list yet." in page.words


async def test_right_rows_are_entered_and_the_same_list_again_enters_nobody_twice(office: CountyOffice) -> None:
    content = as_csv([*a_list_of(3), BAD])
    first = await send(office.clerk, content, "enter")
    assert "4 rows: 3 right, 1 refused, 0 entered before." in first.words
    assert await entered(office) == 3
    again = await send(office.clerk, content, "enter")
    assert "4 rows: 3 right, 1 refused" in again.words
    assert await entered(office) == 3
    run = await office.clerk.get(again.link("/imports/0"))
    assert "Completed" in run.words
    assert "張三" not in run.text


async def test_the_annotated_list_has_every_row_and_what_is_wrong_with_it(office: CountyOffice) -> None:
    answer = await send(office.clerk, as_csv([*a_list_of(2), BAD | {"name": "=HYPERLINK(1)"}]), "annotated")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    rows = load_workbook(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 4
    assert any("county" in str(cell).lower() or "县" in str(cell) for cell in rows[3] if cell)
    assert await entered(office) == 0


async def test_what_is_no_list_is_refused_and_said(office: CountyOffice) -> None:
    for content, name in ((b"", "workers.csv"), (b"\x00\x01", "workers.xlsx"), (b"name\n", "workers.csv"), (b"%PDF-1.7", "workers.pdf")):
        page = await send(office.clerk, content, "check", name)
        assert page.status in {415, 422}, (name, page.status)
        assert "problem" in page.text
    missing = await office.clerk.post("/imports", [("step", "check")])
    assert missing.status == 422
    assert "Choose a file first." in missing.words


async def test_a_body_beyond_the_limit_is_not_read(office: CountyOffice) -> None:
    page = await send(office.clerk, b"x" * (33 * 1024 * 1024), "check")
    assert page.status == 413


async def test_the_empty_list_is_there_in_both_forms_and_only_for_who_enters(office: CountyOffice) -> None:
    sheet = await office.clerk.get("/imports/template?format=xlsx")
    assert load_workbook(io.BytesIO(sheet.content)).sheet_names
    assert (await office.clerk.get("/imports/template?format=csv")).headers["content-type"].startswith("text/csv")
    assert (await office.clerk.get("/imports/progress")).text == "null"
    auditor = await office.somebody(Role.AUDITOR)
    for path in ("/imports", "/imports/template", "/imports/progress"):
        assert (await auditor.get(path)).status == 403
