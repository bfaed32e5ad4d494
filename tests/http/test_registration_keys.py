"""The master key is changed while people are registered, corrected and erased: all of it is under the new one in the end, and no more."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator

import pytest

from services.registration import settings
from services.registration.personal_data.master_keys import Kept, KeyRing, LocalKeys
from services.registration.usecases import wrapped_keys
from shared.principals import Role
from shared.values import WorkerId
from tests.http.test_registration_erasures import erase
from tests.support.http import Answer, Client
from tests.support.registration import a_worker


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyRing]:
    """A new master key alone; change_the_key() makes registration use it, with the one before as a previous one."""
    settings.vault()  # under the key of before, until change_the_key()
    old, new = os.environ["REGISTRATION_MASTER_KEY"], base64.b64encode(secrets.token_bytes(32)).decode()
    monkeypatch.setenv("REGISTRATION_MASTER_KEY", new)
    monkeypatch.setenv("REGISTRATION_PREVIOUS_MASTER_KEYS", old)
    monkeypatch.setattr(wrapped_keys, "BATCH", 2)
    yield KeyRing(LocalKeys(base64.b64decode(new)))
    settings.policy.cache_clear()
    settings.vault.cache_clear()


def change_the_key() -> None:
    """A restart with the new settings."""
    settings.policy.cache_clear()
    settings.vault.cache_clear()


async def rewrapped(registration: Client, holder: str = "personal", after: str | None = None) -> Answer:
    return await registration.speaking_as(Role.OPERATOR).post("/keys/rewrap", {"holder": holder, "after": after})


async def under(registration: Client, keys: KeyRing) -> set[bool]:
    """Whether what is stored opens with these keys, and would be left as it is."""
    async with registration.database.connection() as conn:
        stored = await conn.fetch("SELECT worker, wrapped_key FROM personal UNION ALL SELECT worker, wrapped_key FROM correction_sealed")
    return {outcome is Kept.CURRENT for outcome in await keys.rewrap([(WorkerId(row["worker"]), row["wrapped_key"]) for row in stored])}


async def test_all_of_it_is_under_the_new_key_though_the_change_was_cut_short_and_somebody_was_erased(
    registration: Client, renewed: KeyRing
) -> None:
    workers = [await a_worker().verified().at(registration) for _ in range(5)]
    correction = {"name": "王方", "reason": "mistyped"}
    assert (await registration.post(f"/workers/{workers[0]}/corrections", correction)).status == 201
    change_the_key()
    first = (await rewrapped(registration)).body
    assert (first["seen"], first["rewrapped"], first["unreadable"]) == (2, 2, 0)
    newer = await a_worker().at(registration)  # sealed under the new key already
    assert (await erase(registration, workers[4])).status == 200
    again, done = None, []  # as after a kill: from the beginning, nothing is remembered
    while True:
        done.append((await rewrapped(registration, after=again)).body)
        again = done[-1]["next"]
        if again is None:
            break
    assert sum(one["rewrapped"] for one in done) == 2, "those done before and the newer one are left alone, the erased one is gone"
    assert (await rewrapped(registration, "corrections")).body["rewrapped"] == 1
    assert await under(registration, renewed) == {True}
    shown = await registration.get(f"/workers/{newer}")
    assert shown.status == 200
    async with registration.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM personal WHERE worker = $1::text::uuid", workers[4]) == 0


async def test_until_it_is_done_both_keys_open_and_people_are_found_again(registration: Client, renewed: KeyRing) -> None:
    who = a_worker().verified()
    worker = await who.at(registration)
    before = (await registration.get(f"/workers/{worker}")).body["personal"]
    change_the_key()
    assert await under(registration, renewed) == {False}
    assert (await registration.get(f"/workers/{worker}")).body["personal"] == before
    found = await registration.post("/workers/lookup", {"id_number": who.id_number, "reason": "identify_worker"})
    assert [one["worker"] for one in found.body["items"]] == [worker]


async def test_what_no_key_opens_is_counted_and_left_as_it_is(
    registration: Client, renewed: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_worker().at(registration)
    monkeypatch.setenv("REGISTRATION_PREVIOUS_MASTER_KEYS", "")
    change_the_key()
    answer = (await rewrapped(registration)).body
    assert (answer["seen"], answer["rewrapped"], answer["unreadable"]) == (1, 0, 1)
    assert await under(registration, renewed) == {False}


@pytest.mark.parametrize("wrong", ["x", "eHg=", ",".join([base64.b64encode(bytes(32)).decode()] * 6)])
def test_previous_keys_that_are_none_are_refused_at_start(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRATION_PREVIOUS_MASTER_KEYS", wrong)
    settings.policy.cache_clear()
    with pytest.raises(ValueError, match="registration_previous_master_keys"):
        settings.policy()
    settings.policy.cache_clear()
