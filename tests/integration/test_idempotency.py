"""A command takes effect once per Idempotency-Key: the repeat gets the first answer, another request under the key is refused."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import aiohttp
import pytest
import pytest_asyncio
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from shared.db import Tx
from shared.delivery import outbox
from shared.errors import Conflict
from shared.events import EnterpriseSuspended
from shared.health import Health
from shared.principals import NATION, Principal, Role
from shared.running_service import RunningService
from shared.settings import Settings
from shared.values import EnterpriseId
from shared.web.app import create_app
from shared.web.auth import Verifier
from shared.web.call import Call, allow
from tests.conftest import MakeDatabase
from tests.support.http import Client, environment, listening
from tests.support.wait import until_waiting_for_a_lock

EVENTS = "SELECT count(*) FROM outbox"
KEYS = "SELECT count(*) FROM idempotency"


class Suspend(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str


@dataclass(slots=True)
class Desk:
    """A command that the test controls: it waits at `gate` after it has written, and then is refused if it is one of `refused`."""

    caller: Client
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    runs: int = 0
    refused: frozenset[int] = frozenset()  # the first run is 1

    async def suspend(self, tx: Tx, command: Suspend) -> dict[str, str]:
        self.runs += 1
        run = self.runs
        (event,) = outbox.publish(
            tx, EnterpriseSuspended(enterprise=EnterpriseId(uuid.UUID(int=1)), reason=command.reason, effective=date(2018, 9, 28))
        )
        self.entered.set()
        await self.gate.wait()
        if run in self.refused:
            raise Conflict("made to fail")
        return {"event": str(event)}

    async def count(self, query: str) -> int:
        async with self.caller.database.connection() as conn:
            found: int = await conn.fetchval(query)
            return found


@pytest_asyncio.fixture(loop_scope="session")
async def desk(make_database: MakeDatabase) -> AsyncIterator[Desk]:
    database = await make_database("registration")
    settings = Settings(
        simulation=True, auth_jwks=environment() / "jwks.json", http_port=1, kafka_bootstrap_servers="-", database_url="postgresql://unused"
    )
    service = RunningService(name="docking", database=database, settings=settings, health=Health())
    router = APIRouter()
    opened: list[Desk] = []

    @router.post("/suspensions", status_code=201)
    async def suspend(body: Suspend, call: Annotated[Call, allow(Role.OFFICER, Role.CLERK)]) -> Response:
        return await call.command(lambda tx: opened[0].suspend(tx, body), status=201)

    @router.post("/other", status_code=201)
    async def other(body: Suspend, call: Annotated[Call, allow(Role.OFFICER)]) -> Response:
        return await call.command(lambda tx: opened[0].suspend(tx, body), status=201)

    async with listening(create_app(service, router, Verifier.from_settings(settings))) as base, aiohttp.ClientSession() as session:
        opened.append(Desk(Client(base, session, database, service, Principal("tester", Role.OFFICER, (NATION,)))))
        opened[0].gate.set()
        yield opened[0]


def key() -> str:
    return secrets.token_hex(16)


async def test_a_repeat_gets_the_stored_answer_and_does_nothing(desk: Desk) -> None:
    once = key()
    first = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    again = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert await desk.count(EVENTS) == 1


async def test_a_repeat_that_is_refused_for_what_the_first_has_done_gets_the_stored_answer(desk: Desk) -> None:
    once = key()
    first = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    desk.refused = frozenset({2})
    again = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    assert (again.status, again.body) == (201, first.body)
    assert (desk.runs, await desk.count(EVENTS)) == (2, 1)


async def test_another_body_under_the_same_key_is_refused(desk: Desk) -> None:
    once = key()
    await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    answer = await desk.caller.post("/suspensions", {"reason": "b"}, key=once)
    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await desk.count(EVENTS) == 1


@pytest.mark.parametrize("path", ["/other", "/suspensions?page=2"])
async def test_another_address_under_the_same_key_is_refused(desk: Desk, path: str) -> None:
    once = key()
    await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    answer = await desk.caller.post(path, {"reason": "a"}, key=once)
    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_belongs_to_who_used_it(desk: Desk) -> None:
    once = key()
    first = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    someone_else = await desk.caller.speaking_as(Role.OFFICER, subject="somebody-else").post("/suspensions", {"reason": "a"}, key=once)
    assert someone_else.status == 201
    assert someone_else.body != first.body
    assert await desk.count(EVENTS) == 2


@pytest.mark.parametrize("refused", [frozenset(), frozenset({2})], ids=["done again", "refused"])
async def test_two_at_the_same_time_have_one_effect_and_one_answer(desk: Desk, refused: frozenset[int]) -> None:
    once = key()
    desk.refused = refused
    desk.gate.clear()
    first = asyncio.create_task(desk.caller.post("/suspensions", {"reason": "a"}, key=once))
    await asyncio.wait_for(desk.entered.wait(), 60)
    second = asyncio.create_task(desk.caller.post("/suspensions", {"reason": "a"}, key=once))
    await until_waiting_for_a_lock(desk.caller.database)
    desk.gate.set()
    answers = await asyncio.gather(first, second)
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert (desk.runs, await desk.count(EVENTS)) == (2, 1)


async def test_a_failure_is_not_stored_so_that_the_command_may_be_tried_again(desk: Desk) -> None:
    once = key()
    desk.refused = frozenset({1})
    refused = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    assert (refused.status, await desk.count(EVENTS), await desk.count(KEYS)) == (409, 0, 0)
    answer = await desk.caller.post("/suspensions", {"reason": "a"}, key=once)
    assert (answer.status, await desk.count(EVENTS)) == (201, 1)


async def test_a_repeat_that_waited_for_a_failed_command_runs_itself(desk: Desk) -> None:
    once = key()
    desk.gate.clear()
    desk.refused = frozenset({1, 2})
    first = asyncio.create_task(desk.caller.post("/suspensions", {"reason": "a"}, key=once))
    await asyncio.wait_for(desk.entered.wait(), 60)
    second = asyncio.create_task(desk.caller.post("/suspensions", {"reason": "a"}, key=once))
    await until_waiting_for_a_lock(desk.caller.database)
    desk.gate.set()
    assert [answer.status for answer in await asyncio.gather(first, second)] == [409, 409]
    assert (desk.runs, await desk.count(EVENTS)) == (2, 0)
