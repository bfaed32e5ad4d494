"""The lookup key is changed while people work: whoever is stored under either is recognised, and in the end none is under the old."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from services.registration import settings
from services.registration.usecases import lookup_keys
from shared.principals import Role
from tests.http.test_registration_erasures import erase
from tests.support.http import Answer, Client
from tests.support.registration import AWorker, a_row, a_worker, an_id, as_csv

Use = Callable[..., None]
OLD, NEW = "old", "new"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """`use(NEW, OLD)`: a restart under the new key, with the old one valid beside it."""
    keys = {OLD: os.environ["REGISTRATION_LOOKUP_KEY"], NEW: base64.b64encode(secrets.token_bytes(32)).decode()}
    monkeypatch.setattr(lookup_keys, "BATCH", 2)

    def restart(present: str, second: str | None = None) -> None:
        monkeypatch.setenv("REGISTRATION_LOOKUP_KEY", keys[present])
        if second is None:
            monkeypatch.delenv("REGISTRATION_SECOND_LOOKUP_KEY", raising=False)
        else:
            monkeypatch.setenv("REGISTRATION_SECOND_LOOKUP_KEY", keys[second])
        settings.policy.cache_clear()
        settings.vault.cache_clear()

    yield restart
    monkeypatch.undo()
    settings.policy.cache_clear()
    settings.vault.cache_clear()


async def found(registration: Client, who: AWorker) -> list[str]:
    answer = await registration.post("/workers/lookup", {"id_number": who.id_number, "reason": "identify_worker"})
    return [one["worker"] for one in answer.body["items"]]


async def one_batch(registration: Client, after: str | None = None, *, check: bool = False) -> dict[str, Any]:
    answer: Answer = await registration.speaking_as(Role.OPERATOR).post("/keys/rehash", {"after": after, "check": check})
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def all_batches(registration: Client, *, check: bool = False) -> tuple[int, int, int]:
    """Outdated, unreadable, and documents of nobody here."""
    outdated = unreadable = 0
    after = None
    while True:
        done = await one_batch(registration, after, check=check)
        outdated, unreadable, after = outdated + done["outdated"], unreadable + done["unreadable"], done["next"]
        if after is None:
            return outdated, unreadable, done["unknown_documents"]


async def registered_again(registration: Client, who: AWorker) -> dict[str, Any]:
    answer = await registration.post("/workers", who.body())
    assert answer.status == 201, answer.body
    return dict(answer.body)


@pytest.mark.parametrize(("first", "then"), [((OLD, None), (NEW, OLD)), ((OLD, NEW), (NEW, OLD)), ((NEW, OLD), (OLD, NEW))])
async def test_a_person_under_either_key_is_found_and_recognised_by_processes_that_write_under_either(
    registration: Client, use: Use, first: tuple[str, str | None], then: tuple[str, str | None]
) -> None:
    use(*first)
    who = a_worker().verified()
    worker = await who.at(registration)
    use(*then)
    assert await found(registration, who) == [worker]
    again = await registered_again(registration, who)
    assert (again["assurance"], again["possible_duplicates"]) == ("provisional", 1)
    assert "DOCUMENT_VERIFIED_ELSEWHERE" in [one["code"] for one in again["warnings"]]
    [pair] = (await registration.get("/duplicates")).body["items"]
    assert pair["keys"] == ["document", "person"]
    assert await found(registration, who) == sorted([worker, again["worker"]])


async def test_a_list_recognises_who_is_stored_under_the_other_key(registration: Client, use: Use) -> None:
    row = a_row(id_number=an_id(date(1992, 3, 4), "female"), id_checked="yes")
    assert (await registration.upload("/imports", as_csv([row]), "text/csv")).body["accepted"] == 1
    use(NEW, OLD)
    later = as_csv([row | {"phone": "13800009999"}])
    rehearsed = await registration.upload("/imports?dry_run=true", later, "text/csv")
    entered = await registration.upload("/imports", later, "text/csv")
    for answer in (rehearsed, entered):
        assert [one["code"] for one in answer.body["findings"]] == ["DOCUMENT_VERIFIED_ELSEWHERE"], answer.body
    assert len((await registration.get("/duplicates")).body["items"]) == 1


async def test_all_are_under_the_new_key_though_it_was_cut_short_and_the_old_one_can_be_destroyed(registration: Client, use: Use) -> None:
    people = [a_worker().verified() for _ in range(4)]
    workers = [await one.at(registration) for one in people]
    use(NEW, OLD)
    assert await all_batches(registration, check=True) == (4, 0, 0)
    assert (await one_batch(registration))["outdated"] == 2
    newer = a_worker().verified()
    await newer.at(registration)
    assert (await erase(registration, workers[3])).status == 200
    assert [await found(registration, one) for one in people] == [[workers[0]], [workers[1]], [workers[2]], []]
    assert await all_batches(registration, check=True) == (1, 0, 0), "nothing is remembered: what is done stays done"
    assert await all_batches(registration) == (1, 0, 0)
    assert await all_batches(registration, check=True) == (0, 0, 0)
    use(NEW)
    assert [await found(registration, one) for one in people] == [[workers[0]], [workers[1]], [workers[2]], []]
    assert (await registered_again(registration, people[0]))["assurance"] == "provisional"
    assert await all_batches(registration, check=True) == (0, 0, 0)
    use(OLD)
    assert await found(registration, people[1]) == [], "nothing is left under the old one"


async def test_a_number_put_right_meanwhile_frees_the_one_before_under_both_keys(registration: Client, use: Use) -> None:
    wrong = a_worker().verified()
    worker, right = await wrong.at(registration), a_worker().with_id()
    use(NEW, OLD)
    asked = await registration.post(f"/workers/{worker}/corrections", {"id_number": right.id_number, "reason": "mistyped"})
    [one] = asked.body["items"]
    second = registration.speaking_as(Role.OFFICER, subject="second")
    assert (await second.post(f"/corrections/{one['correction']}/approval", {})).status == 200
    assert (await registered_again(registration, wrong))["assurance"] == "verified"
    assert await all_batches(registration) == (0, 0, 0)


async def test_a_document_that_nobody_here_has_is_named_and_so_is_what_no_key_opens(registration: Client, use: Use) -> None:
    worker = await a_worker().verified().at(registration)
    other = await a_worker().at(registration)
    async with registration.database.connection() as conn:
        await conn.execute("INSERT INTO verified_document (id_hash, worker) VALUES ('\\x00', $1::text::uuid)", worker)
        await conn.execute("UPDATE personal SET wrapped_key = '\\x00' WHERE worker = $1::text::uuid", other)
    use(NEW, OLD)
    assert await all_batches(registration) == (1, 1, 1)


async def test_a_request_repeated_across_the_change_is_done_once(registration: Client, use: Use) -> None:
    body = a_worker().body()
    first = await registration.post("/workers", body, key="across-the-change")
    use(NEW, OLD)
    again = await registration.post("/workers", body, key="across-the-change")
    assert (again.status, again.body["worker"]) == (201, first.body["worker"])
