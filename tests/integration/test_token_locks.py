"""A token that has leaked is locked out by its id: at the services within seconds, and at the console."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from console.commands.lock_token import NotLocked, id_of, lock_everywhere
from console.web.sessions import KEPT_TOKEN_IDS, Sessions
from shared.db import Database, Unavailable
from shared.principals import NATION, Principal, Role
from shared.web.auth import issue
from shared.web.token_locks import LOOK_SECONDS, TokenLocks, digest
from tests.integration.test_oidc_login import expire, held
from tests.support.console import ConsoleVisitor, RunningConsole, console_before
from tests.support.http import SIGNING_KEY, Client, serving
from tests.support.openid import CLIENT, TOKEN, OpenIdIssuer, openid_issuer
from tests.support.tokens import signed
from tests.support.wait import until


@pytest.fixture
async def registration(make_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Client]:
    async with serving("registration", await make_database("registration")) as service:
        yield service


async def lock(service: Client, token_id: str) -> None:
    answer = await service.speaking_as(Role.OPERATOR).post("/token-locks", {"token_id": token_id, "why": "left in a mail"})
    assert (answer.status, answer.body) == (200, {"digest": digest(token_id)})


async def test_a_locked_token_is_refused_within_seconds_and_others_of_the_same_person_are_not(registration: Client) -> None:
    leaked = replace(registration, token=signed(SIGNING_KEY, jti="leaked-1"))
    other = replace(registration, token=signed(SIGNING_KEY, jti="other-1"))
    assert (await leaked.get("/workers")).status == 200, "and it is known now"
    await lock(registration, "leaked-1")
    await lock(registration, "leaked-1")

    async def is_refused() -> bool:
        return (await leaked.get("/workers")).status == 401

    await until(is_refused, seconds=2 * LOOK_SECONDS + 5)
    answer = await leaked.get("/workers")
    assert [(one["field"], one["code"]) for one in answer.body["errors"]] == [("jti", "TOKEN_LOCKED")]
    assert (await other.get("/workers")).status == 200


async def test_the_list_of_locks_gives_no_id_away_and_only_operators_add_to_it(registration: Client) -> None:
    refused = await registration.speaking_as(Role.OFFICER).post("/token-locks", {"token_id": "x", "why": "y"})
    assert refused.status == 403
    await lock(registration, "leaked-2")
    async with registration.session.get(f"{registration.base}/token-locks") as answer:
        found = await answer.text()
    assert json.loads(found) == {"digests": [digest("leaked-2")]}
    assert "leaked-2" not in found
    async with registration.database.connection() as conn:
        row = await conn.fetchrow("SELECT locked_by, reason FROM token_lock")
    assert (row["locked_by"], row["reason"]) == ("operator:tester", "left in a mail")


async def test_the_command_asks_every_service_and_names_the_one_that_refuses(registration: Client) -> None:
    def as_operator(role: Role, party: str | None) -> str:
        return issue(SIGNING_KEY, Principal("operator", role, (NATION,), party))

    def as_nobody(role: Role, party: str | None) -> str:
        return issue(SIGNING_KEY, Principal("nobody", Role.CLERK, (NATION,), f"{role}{party}"))

    assert await lock_everywhere({"registration": registration.base}, as_operator, "leaked-3", "lost") == {}
    assert list(await lock_everywhere({"registration": registration.base}, as_nobody, "leaked-3", "lost")) == ["registration"]


def test_a_whole_token_is_named_by_its_id() -> None:
    assert id_of(signed(SIGNING_KEY, jti="leaked-4")) == "leaked-4"
    for token in ("", "a.b.c", signed(SIGNING_KEY)):
        with pytest.raises(NotLocked):
            id_of(token)


async def test_what_is_locked_stays_so_while_the_database_is_away() -> None:
    at, answers = [0.0], [frozenset({digest("a")}), None, frozenset({digest("b")})]

    async def read() -> frozenset[str]:
        answer = answers.pop(0)
        if answer is None:
            raise Unavailable("away")
        return answer

    locks = TokenLocks(read, now=lambda: at[0])
    assert await locks.holds("a")
    for _ in range(2):
        at[0] += 2 * LOOK_SECONDS
        assert await locks.holds("a")
    assert await locks.holds("b")
    assert not answers


@dataclass(slots=True)
class Seat:
    """A browser that is logged in by the token `leaked`, at a console before one service."""

    registration: Client
    console: RunningConsole
    issuer: OpenIdIssuer
    visitor: ConsoleVisitor

    async def lock(self, token_id: str) -> None:
        await lock(self.registration, token_id)
        locks = self.sessions.verifier.locks
        assert locks is not None

        async def is_known() -> bool:
            return await locks.holds(token_id)

        await until(is_known, seconds=2 * LOOK_SECONDS + 5)

    @property
    def sessions(self) -> Sessions:
        found: Sessions = self.console.app.state.sessions
        return found

    async def is_out(self) -> bool:
        """Sent to log in, with nothing left in the browser that renews the session."""
        answer = await self.visitor.get("/")
        return answer.location.startswith("/login") and not held(self.console, self.visitor)


@pytest.fixture
async def seat(make_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Seat]:
    async with (
        openid_issuer() as issuer,
        serving("registration", await make_database("registration"), **issuer.environment()) as registration,
        console_before(
            {**issuer.environment(), "console_client_id": CLIENT, "console_url": "http://127.0.0.1:1"}, registration=registration
        ) as console,
    ):
        visitor = console.browser()
        begin = await visitor.get("/login/start")
        await visitor.get(issuer.authorize(begin.location, jti="leaked").removeprefix("http://127.0.0.1:1"))
        assert (await visitor.get("/")).status == 200
        yield Seat(registration, console, issuer, visitor)


async def test_the_console_ends_the_session_of_a_locked_token_and_gets_no_other_for_it(seat: Seat) -> None:
    await seat.lock("leaked")
    assert await seat.is_out()
    assert seat.issuer.asked[TOKEN] == 1


async def test_a_locked_token_is_not_renewed_by_a_browser_that_leaves_it_out(seat: Seat) -> None:
    await seat.lock("leaked")
    seat.visitor.http.cookie_jar.clear(lambda one: one.key == "laowu")
    assert (await seat.visitor.get("/")).location.startswith("/login")
    assert seat.issuer.asked[TOKEN] == 1


async def test_a_locked_token_is_not_renewed_when_it_has_expired(seat: Seat) -> None:
    await seat.lock("leaked")
    await expire(seat.console, seat.visitor, seat.issuer)
    assert await seat.is_out()
    assert seat.issuer.asked[TOKEN] == 1


async def test_a_session_is_not_renewed_once_its_first_token_is_locked_however_often_it_was_before(seat: Seat) -> None:
    for _ in range(KEPT_TOKEN_IDS + 2):
        await expire(seat.console, seat.visitor, seat.issuer)
        assert (await seat.visitor.get("/")).status == 200
    kept = json.loads(seat.sessions._box().decrypt(held(seat.console, seat.visitor)["laowu-refresh"]))
    assert len(kept["token_ids"]) == KEPT_TOKEN_IDS
    await seat.lock("leaked")
    await expire(seat.console, seat.visitor, seat.issuer)
    assert await seat.is_out()
    assert seat.issuer.asked[TOKEN] == 1 + KEPT_TOKEN_IDS + 2
