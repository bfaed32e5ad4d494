"""Registration with its master key in a Vault: people are registered, found, imported and put right; while it is away, the rest goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from services.registration import settings
from services.registration.personal_data.master_keys import KeysUnavailable
from services.registration.usecases import wrapped_keys
from shared.principals import Role
from tests.http.test_registration_erasures import an_officer
from tests.support import transit
from tests.support.http import Answer, Client
from tests.support.registration import a_worker
from tests.support.transit import Provider, TransitEngine


@pytest_asyncio.fixture(loop_scope="session")
async def engine() -> TransitEngine:
    return TransitEngine()


@pytest_asyncio.fixture(loop_scope="session")
async def provider(tmp_path: Path, engine: TransitEngine) -> AsyncIterator[Provider]:
    async with transit.stand_in(tmp_path, engine) as one:
        yield one


@pytest.fixture
def move(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """`move()`: the Vault wraps from here on, as after a restart with new settings; the master key of before opens what it sealed."""
    monkeypatch.setattr(KeysUnavailable, "retry_seconds", 0)
    monkeypatch.setattr(wrapped_keys, "BATCH", 2)

    def go_on_there() -> None:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        restart()

    yield go_on_there
    monkeypatch.undo()
    restart()


@pytest.fixture
def in_vault(move: Callable[[], None]) -> None:
    move()


def restart() -> None:
    settings.policy.cache_clear()
    settings.vault.cache_clear()


async def away(_: web.Request) -> web.StreamResponse:
    return web.json_response({"errors": ["Vault is sealed"]}, status=503)


async def rewrapped(registration: Client, after: str | None = None) -> Answer:
    return await registration.speaking_as(Role.OPERATOR).post("/keys/rewrap", {"holder": "personal", "after": after})


@pytest.mark.usefixtures("in_vault")
async def test_a_worker_is_registered_shown_found_and_put_right(registration: Client) -> None:
    who = a_worker().verified()
    worker = await who.at(registration)
    assert (await registration.get(f"/workers/{worker}")).body["personal"]["name"]
    found = await registration.post("/workers/lookup", {"id_number": who.id_number, "reason": "identify_worker"})
    assert [one["worker"] for one in found.body["items"]] == [worker]
    assert (await registration.post(f"/workers/{worker}/corrections", {"name": "王方", "reason": "mistyped"})).status == 201
    async with registration.database.connection() as conn:
        stored = await conn.fetch("SELECT wrapped_key FROM personal UNION ALL SELECT wrapped_key FROM correction_sealed")
    assert [row["wrapped_key"][:10] for row in stored] == [b"\x02vault:v1:"] * 2


@pytest.mark.usefixtures("in_vault")
async def test_while_it_is_away_what_needs_a_key_is_503_and_the_rest_goes_on(registration: Client, engine: TransitEngine) -> None:
    worker, leaving = await a_worker().verified().at(registration), await a_worker().verified().at(registration)
    erasing = {"worker_no": (await registration.get(f"/workers/{leaving}")).body["worker_no"], "reason": "asked_by_worker"}
    engine.answering = away
    for path in (f"/workers/{worker}", "/workers"):
        answer = await registration.get(path)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "KEYS_UNAVAILABLE", "0")
    refused = await registration.post("/workers", a_worker().body())
    assert (refused.status, refused.code) == (503, "KEYS_UNAVAILABLE")
    async with registration.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM worker") == 2
    assert (await registration.speaking_as(Role.AUDITOR).get("/workers")).status == 200
    assert (await registration.get(f"/workers/{worker}/history")).status == 200
    assert (await registration.get("/duplicates")).status == 200
    assert (await an_officer(registration).post(f"/workers/{leaving}/erasure", erasing)).status == 200
    engine.answering = None
    assert (await registration.get(f"/workers/{worker}")).status == 200


async def test_what_a_master_key_wrapped_is_taken_over_in_batches_and_follows_the_versions(
    registration: Client, engine: TransitEngine, move: Callable[[], None]
) -> None:
    workers = [await a_worker().verified().at(registration) for _ in range(3)]
    move()
    assert (await registration.get(f"/workers/{workers[0]}")).status == 200, "both open while it runs"
    first = (await rewrapped(registration)).body
    assert (first["seen"], first["rewrapped"], first["unreadable"]) == (2, 2, 0)
    engine.answering = away
    assert (await rewrapped(registration, first["next"])).status == 503
    engine.answering = None
    assert (await rewrapped(registration, first["next"])).body["rewrapped"] == 1
    await engine.rotate()
    last, versions = None, []
    while True:
        done = (await rewrapped(registration, last)).body
        versions.append(done["rewrapped"])
        last = done["next"]
        if last is None:
            break
    assert versions == [2, 1]
    assert (await rewrapped(registration)).body["rewrapped"] == 0
    async with registration.database.connection() as conn:
        assert {row["wrapped_key"][:10] for row in await conn.fetch("SELECT wrapped_key FROM personal")} == {b"\x02vault:v2:"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"REGISTRATION_VAULT_ADDRESS": "http://vault.example:8200"},
        {"REGISTRATION_VAULT_ADDRESS": "https://"},
        {"REGISTRATION_KEY_PROVIDER": "kms"},
        {"REGISTRATION_KEY_PROVIDER": "vault"},
        {"REGISTRATION_VAULT_TOKEN_FILE": "token"},
        {"REGISTRATION_VAULT_KEY": "../sys/seal"},
        {"REGISTRATION_VAULT_SECONDS": "60"},
        {"REGISTRATION_MASTER_KEY": "eHg="},
    ],
)
def test_a_provider_that_is_set_wrongly_is_refused_at_start(wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    restart()
    with pytest.raises(ValueError, match="registration_"):
        settings.policy()
    restart()
