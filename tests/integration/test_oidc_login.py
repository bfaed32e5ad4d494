"""Logging in to the console at the issuer: authorization code with PKCE, renewed while people work, ended when they log out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from pydantic import ValidationError
from yarl import URL

from console.web.sessions import Sessions
from console.web.settings import ConsoleSettings
from shared.db import Database
from shared.principals import NATION, Principal, Role
from shared.reread_file import LOOK_SECONDS
from shared.web.auth import issue
from tests.support.console import ConsoleVisitor, Page, RunningConsole, console_before
from tests.support.http import SIGNING_KEY, serving
from tests.support.openid import CLIENT, TOKEN, OpenIdIssuer, openid_issuer

ADDRESS = "http://127.0.0.1:1"  # as the issuer leads back; the tests go to where the console really listens


@pytest.fixture
async def issuer() -> AsyncIterator[OpenIdIssuer]:
    async with openid_issuer() as one:
        yield one


def settings_for(issuer: OpenIdIssuer, **changes: Any) -> dict[str, Any]:
    return {**issuer.environment(), "console_client_id": CLIENT, "console_url": ADDRESS, **changes}


@pytest.fixture
async def console(issuer: OpenIdIssuer) -> AsyncIterator[RunningConsole]:
    async with console_before(settings_for(issuer)) as one:
        yield one


async def begun(visitor: ConsoleVisitor, following: str = "/") -> str:
    """The issuer's address that the console leads to."""
    answer = await visitor.get("/login/start?" + urlencode({"next": following}))
    assert answer.status == 303, answer.words
    return answer.location


async def come_back(visitor: ConsoleVisitor, address: str) -> Page:
    assert address.startswith(f"{ADDRESS}/login/callback?"), "redirect_uri is the setting's, whatever the request says"
    return await visitor.get(address.removeprefix(ADDRESS))


async def logged_in(console: RunningConsole, issuer: OpenIdIssuer, **claims: Any) -> ConsoleVisitor:
    visitor = console.browser()
    answer = await come_back(visitor, issuer.authorize(await begun(visitor), **claims))
    assert answer.status == 303, answer.words
    return visitor


def cookies(answer: Page) -> SimpleCookie:
    found = SimpleCookie()
    for line in answer.set_cookies:
        found.load(line)
    return found


# --- logging in -----------------------------------------------------------------------------------------------------------
async def test_a_person_logs_in_at_the_issuer_and_comes_back_to_the_page_that_was_asked_for(
    console: RunningConsole, issuer: OpenIdIssuer
) -> None:
    visitor = console.browser()
    page = await visitor.get("/workers")
    assert page.location.startswith("/login?next=")
    offered = (await visitor.get(page.location)).link("/login/start")
    begin = await visitor.get(offered)
    answer = await come_back(visitor, issuer.authorize(begin.location))
    assert (answer.status, answer.location) == (303, "/workers")
    assert "clerk" in (await visitor.get("/")).text.partition('class="who"')[2][:60].lower()
    kept = cookies(answer)
    assert {name: (kept[name]["httponly"], kept[name]["samesite"], kept[name]["path"]) for name in kept} == {
        "laowu": (True, "lax", "/"),
        "laowu-refresh": (True, "lax", "/"),
        "laowu-end": (True, "lax", "/logout"),
        "laowu-login": (True, "lax", "/login"),
    }
    assert kept["laowu-login"].value == "", "the login is over"


async def test_behind_https_the_cookies_are_of_this_host_alone(issuer: OpenIdIssuer) -> None:
    async with console_before(settings_for(issuer, https=True)) as console:
        answer = await console.browser().get("/login/start")
        assert all(one["secure"] for one in cookies(answer).values())
        assert list(cookies(answer)) == ["__Secure-laowu-login"]


@pytest.mark.parametrize("following", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example"])
async def test_a_login_leads_to_no_other_site(console: RunningConsole, issuer: OpenIdIssuer, following: str) -> None:
    visitor = console.browser()
    assert (await come_back(visitor, issuer.authorize(await begun(visitor, following)))).location == "/"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "of another login"},
        {"state": ""},
        {"iss": "https://elsewhere.example"},
        {"code": "guessed"},
        {"code": None},
        {"code": None, "error": "access_denied"},
    ],
    ids=repr,
)
async def test_an_answer_that_was_not_asked_for_lets_nobody_in(
    console: RunningConsole, issuer: OpenIdIssuer, change: dict[str, str | None]
) -> None:
    visitor = console.browser()
    address = issuer.authorize(await begun(visitor))
    query = dict(parse_qsl(urlsplit(address).query)) | change
    answer = await visitor.get("/login/callback?" + urlencode({name: value for name, value in query.items() if value is not None}))
    assert (answer.status, "laowu" in cookies(answer)) == (401, False)


async def test_a_code_is_of_no_use_in_another_browser_nor_twice(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    victim, thief, late = console.browser(), console.browser(), console.browser()
    address = issuer.authorize(await begun(victim))
    assert (await come_back(thief, address)).status == 401, "it began no login"
    await begun(late)
    assert (await come_back(late, address)).status == 401, "it began another"
    assert (await come_back(victim, address)).status == 303
    assert (await come_back(victim, address)).status == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another login"},
        {"nonce": None},
        {"aud": "laowu"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": [CLIENT, "another"], "azp": None},
        {"aud": {}},
        {"exp": 1},
        {"iss": "https://elsewhere.example"},
        {"sub": None},
    ],
    ids=repr,
)
async def test_an_id_token_for_another_login_lets_nobody_in(console: RunningConsole, issuer: OpenIdIssuer, claims: dict[str, Any]) -> None:
    issuer.id_claims = claims
    visitor = console.browser()
    assert (await come_back(visitor, issuer.authorize(await begun(visitor)))).status == 401
    assert (await visitor.get("/")).status == 303


async def test_whoever_has_no_role_here_reads_why(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = console.browser()
    address = issuer.authorize(await begun(visitor), realm_access={"roles": ["offline_access"]})
    answer = await come_back(visitor, address)
    assert answer.status == 401
    assert "This account has no role in this system." in answer.words


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 7}', b'{"access_token": ""}', b"{" * 10_000, b" " * 300_000])
async def test_a_token_endpoint_that_answers_nonsense_lets_nobody_in(console: RunningConsole, issuer: OpenIdIssuer, body: bytes) -> None:
    visitor = console.browser()
    address = issuer.authorize(await begun(visitor))
    issuer.answer(web.Response(body=body), TOKEN)
    assert (await come_back(visitor, address)).status in {401, 503}


async def test_while_the_issuer_is_away_the_page_says_so(issuer: OpenIdIssuer) -> None:
    issuer.fail()
    async with console_before(settings_for(issuer)) as console:
        answer = await console.browser().get("/login/start")
    assert answer.status == 503
    assert "accounts" in answer.words


async def test_the_secret_of_the_client_is_read_again_when_it_changes(issuer: OpenIdIssuer, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first+secret\n")
    issuer.secret = "first+secret"
    async with console_before(settings_for(issuer, console_client_secret_file=file)) as console:
        await logged_in(console, issuer)
        issuer.secret = "second secret"
        visitor = console.browser()
        assert (await come_back(visitor, issuer.authorize(await begun(visitor)))).status == 401
        file.write_text("second secret\n")
        sessions: Sessions = console.app.state.sessions
        assert sessions.flow is not None
        assert sessions.flow.secret is not None
        later = time.monotonic() + LOOK_SECONDS
        sessions.flow.secret.now = lambda: later
        await logged_in(console, issuer)


# --- while people work, and after ---------------------------------------------------------------------------------------------
async def test_a_session_is_renewed_once_for_all_requests_that_come_at_once(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    await expire(console, visitor, issuer)
    answers = await asyncio.gather(*(visitor.get("/") for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert issuer.asked[TOKEN] == 2, "the issuer takes each refresh token once"
    assert (await visitor.get("/")).status == 200
    assert issuer.asked[TOKEN] == 2, "the browser keeps what was renewed"


async def expire(console: RunningConsole, visitor: ConsoleVisitor, issuer: OpenIdIssuer) -> None:
    """The access token of the session is an old one, as after a while."""
    sessions: Sessions = console.app.state.sessions
    kept = json.loads(sessions._box().decrypt(held(console, visitor)["laowu"]))
    old = sessions._box().encrypt(json.dumps({**kept, "token": issuer.token(exp=1)}).encode()).decode()
    visitor.http.cookie_jar.update_cookies({"laowu": old}, URL(console.address))


def held(console: RunningConsole, visitor: ConsoleVisitor) -> dict[str, str]:
    """The cookies that the browser sends where it logs out: all but those of a login."""
    return {name: one.value for name, one in visitor.http.cookie_jar.filter_cookies(URL(console.address + "/logout")).items()}


async def test_a_session_whose_renewal_the_issuer_refuses_has_ended(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    issuer.refresh_tokens.clear()
    await expire(console, visitor, issuer)
    assert (await visitor.get("/")).location.startswith("/login")


async def test_an_outage_of_the_issuer_ends_no_session(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    await expire(console, visitor, issuer)
    issuer.answer(web.Response(status=503), TOKEN)
    assert (await visitor.get("/")).status == 503
    issuer.recover()
    assert (await visitor.get("/")).status == 200


async def test_logging_out_ends_the_session_here_and_at_the_issuer(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    answer = await visitor.post("/logout", [], script=False)
    assert not issuer.refresh_tokens, "it is revoked"
    sent = dict(answer.fields())
    assert f'action="{issuer.url}/end_session"' in answer.text
    assert sent["post_logout_redirect_uri"] == f"{ADDRESS}/login"
    assert sent["id_token_hint"].count(".") == 2
    assert issuer.origin in answer.headers["content-security-policy"].partition("form-action")[2]
    assert (await visitor.get("/")).location.startswith("/login")


async def test_whoever_logs_in_next_in_a_browser_is_never_renewed_as_the_one_before(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    by_token = issue(SIGNING_KEY, Principal("bob", Role.CLERK, (NATION,)))
    assert (await visitor.post("/login", [("token", by_token)], script=False)).status == 303
    assert list(held(console, visitor)) == ["laowu"]
    await expire(console, visitor, issuer)
    assert (await visitor.get("/")).location.startswith("/login")


@pytest.mark.parametrize("refresh_token", [None, "x" * 6000], ids=["none", "too long"])
async def test_a_login_without_a_refresh_token_leaves_none_of_the_login_before(
    console: RunningConsole, issuer: OpenIdIssuer, refresh_token: str | None
) -> None:
    visitor = await logged_in(console, issuer)
    issuer.granting = {"refresh_token": refresh_token}
    assert (await come_back(visitor, issuer.authorize(await begun(visitor)))).status == 303
    issuer.granting = {}
    assert sorted(held(console, visitor)) == ["laowu", "laowu-end"]
    await expire(console, visitor, issuer)
    assert (await visitor.get("/")).location.startswith("/login")


async def test_cookies_of_two_sessions_neither_renew_nor_end_one_another(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    """Of one person even: each session has a number of its own."""
    one, other = await logged_in(console, issuer), await logged_in(console, issuer)
    there = held(console, other)
    one.http.cookie_jar.update_cookies({"laowu-refresh": there["laowu-refresh"]}, URL(console.address))
    one.http.cookie_jar.update_cookies(SimpleCookie(f"laowu-end={there['laowu-end']}; Path=/logout"), URL(console.address))
    await expire(console, one, issuer)
    assert (await one.get("/")).location.startswith("/login")
    assert (await one.post("/logout", [], script=False)).location == "/login"
    await expire(console, other, issuer)
    assert (await other.get("/")).status == 200


async def test_an_issuer_that_gives_no_new_refresh_token_is_asked_with_the_old_one(console: RunningConsole, issuer: OpenIdIssuer) -> None:
    visitor = await logged_in(console, issuer)
    issuer.granting = {"refresh_token": None}
    await expire(console, visitor, issuer)
    assert (await visitor.get("/")).status == 200
    assert "laowu-refresh" in held(console, visitor)


async def test_services_are_asked_with_the_token_of_the_issuer(
    issuer: OpenIdIssuer, make_database: Callable[[str], Awaitable[Database]]
) -> None:
    async with (
        serving("registration", await make_database("registration"), **issuer.environment()) as registration,
        console_before(settings_for(issuer), registration=registration) as console,
    ):
        visitor = await logged_in(console, issuer)
        assert (await visitor.get("/workers")).status == 200


# --- the local accounts ----------------------------------------------------------------------------------------------------
GOOD: dict[str, Any] = {"console_port": 1, "service_urls": {}, "session_key": "k" * 44, "auth_jwks": "keys.json"}
AT_ISSUER = {"auth_issuer": "https://id.example", "auth_audience": "laowu"}


@pytest.mark.parametrize(
    "changes",
    [
        {"local_accounts_key": "auth.json", "console_host": "0.0.0.0"},
        {"local_accounts_key": "auth.json", "console_host": "192.0.2.1"},
        {"local_accounts_key": "auth.json", **AT_ISSUER},
        {"console_client_id": "laowu-console", "console_url": "https://laowu.example"},
        {"console_client_id": "laowu-console", **AT_ISSUER},
        {"console_client_id": "laowu-console", "console_url": "http://laowu.example", **AT_ISSUER},
        {"console_client_id": "laowu-console", "console_url": "https://laowu.example", "console_scope": "profile", **AT_ISSUER},
    ],
    ids=repr,
)
def test_a_console_that_would_let_anybody_in_does_not_start(changes: dict[str, Any]) -> None:
    assert ConsoleSettings.model_validate({**GOOD, "local_accounts_key": "auth.json"})
    assert ConsoleSettings.model_validate({**GOOD, "console_client_id": "c", "console_url": "https://laowu.example", **AT_ISSUER})
    with pytest.raises(ValidationError):
        ConsoleSettings.model_validate({**GOOD, **changes})


async def test_local_accounts_are_not_there_for_a_page_that_had_its_own_name_led_to_this_machine(tmp_path: Path) -> None:
    key = tmp_path / "auth.json"
    key.write_text("{}")
    async with console_before({"local_accounts_key": key}) as console, aiohttp.ClientSession() as http:
        rebound = {"host": "elsewhere.example", "origin": "http://elsewhere.example"}
        page = await (await http.get(f"{console.address}/login", headers=rebound)).text()
        assert "role=officer" not in page
        answer = await http.post(f"{console.address}/login", data={"role": "officer"}, headers=rebound)
        assert answer.status == 403
        assert "role=officer" in (await console.browser().get("/login")).text
