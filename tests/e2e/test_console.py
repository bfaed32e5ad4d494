"""The console before the five services, and the mail server, where they run: on a local stack and in containers."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from console.api_client import ApiClient, wait_until_all_applied
from shared.principals import Role
from tests.conftest import ROOT
from tests.e2e.walk import Walked
from tests.support.journey import RunningStack, label
from tests.support.wait import until

pytestmark = pytest.mark.compose


@asynccontextmanager
async def a_visitor() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield http


async def log_in(http: aiohttp.ClientSession, running: RunningStack, **fields: str) -> int:
    """The status of the page that the login leads to."""
    async with http.post(running.console + "/login", data=fields, headers={"origin": running.console}) as answer:
        return answer.status


async def page(http: aiohttp.ClientSession, running: RunningStack, path: str) -> str:
    async with http.get(running.console + path, headers={"accept-language": "en"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_whoever_has_a_token_sees_the_board_and_the_placement(walked: Walked, running: RunningStack, client: ApiClient) -> None:
    await wait_until_all_applied(client)
    async with a_visitor() as http:
        assert await log_in(http, running, token=running.token(Role.OFFICER)) == 200
        assert "Targets" in await page(http, running, "/board?year=2019")
        assert walked.placement in await page(http, running, f"/placements/{walked.placement}")


async def test_a_role_may_be_chosen_on_this_machine_only(running: RunningStack) -> None:
    on_this_machine = running.home is not None
    async with a_visitor() as http:
        assert await log_in(http, running, role="officer") == (200 if on_this_machine else 403)


async def test_the_public_pages_need_no_login(running: RunningStack) -> None:
    async with a_visitor() as http:
        assert "Laowu" in await page(http, running, "/public/")


async def test_a_letter_arrives_at_the_mail_server(walked: Walked, running: RunningStack, client: ApiClient) -> None:
    mailbox = f"{secrets.token_hex(8)}@weihai.example"
    enterprise = client.as_role(Role.ENTERPRISE, walked.venture.enterprise)
    await enterprise.post("docking", "/endpoints", {"kind": "mail", "address": mailbox, "language": "en"}, label())
    await until(lambda: letters_to(mailbox, running), seconds=60)


async def letters_to(mailbox: str, running: RunningStack) -> bool:
    """Whether `laowu mail` lists one, where the letters are kept."""
    shown = await asyncio.to_thread(_laowu_mail, mailbox, running)
    return mailbox in shown


def _laowu_mail(mailbox: str, running: RunningStack) -> str:
    command, variables = [sys.executable, "-m", "console"], {"COLUMNS": "200"}
    if running.home is None:
        command = ["docker", "compose", "exec", "-T", "--env", "COLUMNS=200", "mail", "python", "-m", "console"]
    else:
        variables["LAOWU_HOME"] = str(running.home.folder)
    command += ["mail", "--to", mailbox]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=True).stdout
