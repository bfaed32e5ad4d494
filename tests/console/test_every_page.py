"""What holds for every page, whoever looks at it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi import Response

from console.web.app import HEADERS
from console.web.backend import ServiceRefused
from console.web.documents import Documents
from console.web.sessions import own_path
from tests.console.conftest import CountyOffice
from tests.support.http import SIGNING_KEY
from tests.support.registration import a_worker
from tests.support.tokens import signed


@pytest.mark.parametrize("typed", ["2018-02-30", "２０１８-０２-０１", "2018-02-01T99:00:00 on the phone", "0001-01-01T00:00:00+14:00"])
async def test_what_looks_like_a_day_and_is_none_is_shown_as_it_was_typed(office: CountyOffice, typed: str) -> None:
    body = {"title": typed, "counties": ["621126"], "channels": ["broadcast"], "languages": ["zh"]}
    announcement = (await office.registration.post("/announcements", body)).body["announcement"]
    for path in ("/announcements", f"/announcements/{announcement}"):
        page = await office.clerk.get(path)
        assert (page.status, typed in page.words) == (200, True), path


async def test_a_filter_that_is_too_long_is_refused_and_not_left_out(office: CountyOffice) -> None:
    await a_worker().at(office.registration)
    page = await office.clerk.get("/workers?worker_no=" + "W" * 500)
    assert list(page.errors) == ["worker_no"]
    assert "No worker is found by this number" in page.words


async def test_a_visitor_comes_back_to_the_very_page_after_logging_in(office: CountyOffice) -> None:
    await office.clerk.post("/logout", [], script=False)
    asked = await office.clerk.get("/do/registration/record_outreach?announcement=a&back=/announcements")
    assert (asked.status, asked.location) == (
        303,
        "/login?next=%2Fdo%2Fregistration%2Frecord_outreach%3Fannouncement%3Da%26back%3D%2Fannouncements",
    )
    assert (
        'value="/do/registration/record_outreach?announcement=a&amp;back=/announcements"' in (await office.clerk.get(asked.location)).text
    )


async def test_a_token_that_no_cookie_holds_is_refused_when_logging_in(office: CountyOffice) -> None:
    """A browser would drop the cookie and show the login again, without a word."""
    counties = [f"{620000 + number}" for number in range(1, 300)]
    page = await office.clerk.post("/login", [("token", signed(SIGNING_KEY, regions=counties))], script=False)
    assert page.status == 422
    assert "This token is too long to log in with" in page.words


@pytest.mark.parametrize(
    "path", [None, "", "workers", "//evil.example", "/\\evil.example", "/a b", "/a\r\nset-cookie: a=b", "/人", "https://a"]
)
def test_a_page_leads_on_within_the_console_only(path: str | None) -> None:
    assert own_path(path) == "/"


async def test_a_page_that_fails_is_kept_to_itself_as_every_other_is(office: CountyOffice) -> None:
    async def fails() -> Response:
        raise ArithmeticError

    office.console.app.add_api_route("/fails", fails)
    page = await office.clerk.get("/fails")
    assert page.status == 500
    assert {name: page.headers.get(name.lower()) for name in HEADERS} == HEADERS


async def test_a_service_that_does_not_answer_holds_up_the_pages_of_no_other(office: CountyOffice) -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    await office.registration.get("/openapi.json")  # takes its time to be made, once
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        held = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        documents = Documents(replace(office.console.app.state.backend, addresses={**office.console.addresses, "stats": held}))
        waiting = asyncio.create_task(documents.operations("stats"))
        await asked.wait()
        other = asyncio.create_task(documents.operations("registration"))
        done, _ = await asyncio.wait({waiting, other}, return_when=asyncio.FIRST_COMPLETED)
        over.set()
        assert done == {other}
        with pytest.raises(ServiceRefused):
            await waiting
