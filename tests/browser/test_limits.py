"""The console gives nobody more than the services do, and stays small: another's things, long lists, many visitors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from uuid import uuid4

import aiohttp
import psutil
import pytest

from console.api_client import ApiClient, wait_until_all_applied
from console.local import stack
from console.services import SERVICES
from console.web.documents import operations_of
from console.web.screen import PAGE
from shared.principals import Role
from tests.e2e.walk import Walked
from tests.support.journey import RunningStack, label
from tests.support.registration import a_row, as_csv

SESSIONS, LARGEST_MB = 50, 500
LONG_LIST = 10_000


@asynccontextmanager
async def logged_in(console: str, role: Role, **fields: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.post(console + "/login", data={"role": role.value, **fields}, headers={"origin": console}) as answer:
            assert answer.status == 200
        yield http


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.TRAINER])
async def test_nothing_of_anothers_is_shown_or_changed_whatever_a_request_names(
    console: str, running: RunningStack, populated: Walked, role: Role
) -> None:
    """By pages, by papers, and by every command of every service that takes an id in its address."""
    known = {"enterprise": populated.venture.enterprise, "order": populated.venture.order, "placement": populated.placement}
    known |= {"session": populated.venture.session, "course": populated.venture.course, "case": populated.case, "worker": populated.worker}
    pages = ["/workers/{worker}", "/enterprises/{enterprise}/scorecard", "/placements/{placement}", "/papers/clearance/{placement}"]
    async with logged_in(console, role, party=str(uuid4())) as http:
        for page in pages:
            async with http.get(console + page.format(**known)) as answer:
                assert answer.status in {403, 404}, page
        for service in SERVICES:
            async with http.get(running.addresses[service] + "/openapi.json") as answer:
                commands = operations_of(service, await answer.json()).values()
            for command in (one for one in commands if one.method == "POST" and one.parts):
                query = {part: known.get(part, str(uuid4())) for part in command.parts}
                headers = {"origin": console, "x-form": "1"}
                async with http.post(
                    f"{console}/do/{service}/{command.name}", params=query, data={"_key": label()}, headers=headers
                ) as answer:
                    assert answer.status in {403, 404, 409, 422}, command.name


async def test_a_list_of_ten_thousand_is_shown_a_page_at_a_time(console: str, client: ApiClient) -> None:
    born = date(1985, 1, 1)
    rows = [
        a_row(name=f"王{chr(0x4E00 + number)}", birth_date=(born + timedelta(days=number % 7000)).isoformat())
        for number in range(LONG_LIST)
    ]
    await client.as_role(Role.OFFICER).upload("registration", "/imports", as_csv(rows), "ten thousand")
    async with logged_in(console, Role.OFFICER) as http, http.get(console + "/workers") as answer:
        page = await answer.text()
    assert page.count("<tr>") == PAGE + 1
    assert 'rel="next"' in page
    assert len(page) < 100_000


async def test_fifty_visitors_take_less_than_half_a_gigabyte(console: str, running: RunningStack, client: ApiClient) -> None:
    await wait_until_all_applied(client)
    async with AsyncExitStack() as visitors:
        for number in range(SESSIONS):
            role = (Role.CLERK, Role.OFFICER, Role.AUDITOR)[number % 3]
            http = await visitors.enter_async_context(logged_in(console, role))
            for path in ("/", "/workers", "/placements", "/choices/county?q=tong"):
                async with http.get(console + path) as answer:
                    assert answer.status == 200
        used = psutil.Process(stack.pids(running.home)["console"]).memory_info().rss / 2**20
    print(f"console with {SESSIONS} visitors: {used:.0f} MB")  # noqa: T201  # pytest -s shows it
    assert used < LARGEST_MB
