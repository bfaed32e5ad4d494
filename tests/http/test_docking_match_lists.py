"""Workers nominated for orders, and their matches accepted, each list in one command; every row is answered for by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.events import MatchedToEnterprise
from shared.principals import Role
from shared.values import WorkerId, new_id
from tests.http.test_docking_lists import refused
from tests.support.docking import AWorker, Dock, dock
from tests.support.http import Answer
from tests.support.wait import both_awaiting, until_waiting_for_a_lock

__all__ = ["dock"]


async def _nominate(dock: Dock, *pairs: tuple[str, WorkerId], **call: Any) -> Answer:
    return await dock.post("/matches/nominations", {"rows": [{"order": order, "worker": str(worker)} for order, worker in pairs]}, **call)


async def _accept(dock: Dock, *matches: str, **call: Any) -> Answer:
    return await dock.post("/matches/acceptances", {"rows": [{"match": match} for match in matches]}, **call)


async def test_orders_are_filled_by_a_list_of_nominations_and_one_of_acceptances(dock: Dock) -> None:
    first, second = await dock.order(positions=2), await dock.order(positions=1)
    pairs = [(first, await dock.worker()), (second, await dock.worker()), (first, await dock.worker())]
    nominated = await _nominate(dock, *pairs)
    assert (nominated.status, nominated.body["proposed"], nominated.body["refused"]) == (200, 3, [])
    accepted = await _accept(dock, *nominated.body["matches"])
    assert (accepted.status, accepted.body["accepted"], accepted.body["refused"]) == (200, 3, [])
    placements = [(await dock.get(f"/placements/{one}")).body for one in accepted.body["placements"]]
    assert [(one["order"], one["worker"], one["state"]) for one in placements] == [
        (order, str(worker), "matched") for order, worker in pairs
    ]
    assert [(await dock.show_order(order))["reserved"] for order in (first, second)] == [2, 1]
    assert [str(one.placement) for one in await dock.published(MatchedToEnterprise)] == accepted.body["placements"]


async def test_a_list_writes_what_single_commands_write(dock: Dock) -> None:
    order = await dock.order(positions=2)
    single = await dock.matched(order)
    nominated = await _nominate(dock, (order, await dock.worker()))
    [placement] = (await _accept(dock, *nominated.body["matches"])).body["placements"]
    own = {"placement", "worker", "old_numbers"}
    shown = (await dock.get(f"/placements/{placement}")).body
    assert {name: shown[name] for name in shown.keys() - own} == {name: single[name] for name in single.keys() - own}
    one, other = await dock.published(MatchedToEnterprise)
    assert (one.score, one.reasons, one.due) == (other.score, other.reasons, other.due)


async def test_a_bad_nomination_is_answered_and_hinders_no_other(dock: Dock) -> None:
    order, closed = await dock.order(positions=5), await dock.order()
    await dock.post(f"/orders/{closed}/closure")
    worker, elsewhere, placed = await dock.worker(), await dock.worker(AWorker(destinations=("KOR",))), await dock.worker()
    await dock.matched(worker=placed)
    answer = await _nominate(
        dock,
        (str(new_id()), worker),
        (closed, worker),
        (order, WorkerId(new_id())),
        (order, elsewhere),
        (order, placed),
        (order, worker),
        (order, worker),
    )
    assert refused(answer) == [
        (0, "order", "ORDER_NOT_FOUND"),
        (1, None, "ORDER_NOT_OPEN"),
        (2, "worker", "WORKER_NOT_FOUND"),
        (3, None, "WORKER_NOT_ELIGIBLE"),
        (4, "worker", "ALREADY_PLACED"),
        (6, "worker", "NAMED_TWICE"),
    ]
    assert (answer.body["proposed"], len(answer.body["matches"])) == (1, 1)


async def test_a_row_that_is_accepted_counts_for_the_next(dock: Dock) -> None:
    """The last position, a worker proposed for two orders, a match named twice."""
    small, large, worker, other = await dock.order(positions=1), await dock.order(positions=5), await dock.worker(), await dock.worker()
    matches = (await _nominate(dock, (small, worker), (large, worker), (small, other), (large, other))).body["matches"]
    answer = await _accept(dock, str(new_id()), matches[0], matches[1], matches[2], matches[3], matches[3])
    assert refused(answer) == [
        (0, None, "MATCH_NOT_FOUND"),
        (2, None, "ALREADY_PLACED"),
        (3, None, "POSITION_TAKEN"),
        (5, None, "MATCH_NOT_OPEN"),
    ]
    assert (answer.body["accepted"], len(answer.body["placements"])) == (2, 2)
    assert [(await dock.show_order(order))["reserved"] for order in (small, large)] == [1, 1]
    assert len(await dock.published(MatchedToEnterprise)) == 2


async def test_what_is_somebody_else_s_is_refused_row_by_row(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    own, other = await dock.order(enterprise), await dock.order()
    first, second = await dock.worker(), await dock.worker()
    who = dock.client.speaking_as(Role.ENTERPRISE, regions=(), party=enterprise)
    answer = await _nominate(dock, (own, first), (other, first), who=who)
    assert (answer.body["proposed"], refused(answer)) == (1, [(1, None, "FORBIDDEN")])
    answer = await _accept(dock, await dock.proposed(other, second), *answer.body["matches"], who=who)
    assert (answer.body["accepted"], refused(answer)) == (1, [(0, None, "FORBIDDEN")])


async def test_lists_in_another_order_do_not_wait_for_each_other(dock: Dock) -> None:
    order, workers = await dock.order(positions=2), [await dock.worker() for _ in range(2)]
    matches = [await dock.proposed(order, worker) for worker in workers]
    pairs = [(order, worker) for worker in workers]
    first = f"SELECT FROM proposal WHERE id = '{matches[0]}' FOR UPDATE"
    for one, other in (
        (_nominate(dock, *pairs), _nominate(dock, *reversed(pairs))),
        (_nominate(dock, *pairs), _accept(dock, *reversed(matches))),
    ):
        answers = await both_awaiting(dock.client.database, first, one, other)
        assert [answer.status for answer in answers] == [200, 200]


async def test_a_worker_placed_elsewhere_in_the_same_moment_hinders_no_other_row(dock: Dock) -> None:
    order, worker, other = await dock.order(positions=2), await dock.worker(), await dock.worker()
    matches = [await dock.proposed(order, one) for one in (worker, other)]
    elsewhere = await dock.proposed(await dock.order(), worker)
    async with dock.client.database.connection() as conn, conn.transaction():
        await conn.execute("SELECT FROM job_order WHERE id = $1 FOR UPDATE", order)
        accepting = asyncio.create_task(_accept(dock, *matches))
        await until_waiting_for_a_lock(dock.client.database)
        assert (await _accept(dock, elsewhere)).body["accepted"] == 1
    answer = await accepting
    assert (answer.status, answer.body["accepted"], refused(answer)) == (200, 1, [(0, None, "ALREADY_PLACED")])
    assert (await dock.get(f"/placements/{answer.body['placements'][0]}")).body["worker"] == str(other)
    assert (await dock.show_order(order))["reserved"] == 1
    assert len(await dock.published(MatchedToEnterprise)) == 2
    assert (await dock.post(f"/matches/{matches[0]}/acceptance")).code == "ALREADY_PLACED"  # it is open as before


async def test_a_list_sent_again_is_accepted_once(dock: Dock) -> None:
    match = await dock.proposed(await dock.order(), await dock.worker())
    first = await _accept(dock, match, key="the-same-list-of-matches")
    assert (await _accept(dock, match, key="the-same-list-of-matches")).body == first.body
    assert len(await dock.published(MatchedToEnterprise)) == 1


@pytest.mark.parametrize("kind", ["nominations", "acceptances"])
async def test_rows_of_any_shape_are_refused_one_by_one(dock: Dock, kind: str) -> None:
    rows: list[Any] = [{}, {"match": "\u0000"}, {"order": 1, "worker": []}, {"\u0000": {"a": [[[]]]}}]
    answer = await dock.post(f"/matches/{kind}", {"rows": rows})
    assert [row for row, *_ in refused(answer)] == [0, 1, 2, 3]
    assert (await dock.post(f"/matches/{kind}", {"rows": [{}] * 501})).status == 422
    assert (await dock.post(f"/matches/{kind}", {"rows": []})).status == 422


async def test_a_row_of_any_depth_is_refused_by_itself_or_the_body_with_it(dock: Dock) -> None:
    """A row that can just be read could not be written again: 500."""
    for depth in range(900, 1000):
        body = b'{"rows":[{"a":' + b"[" * depth + b"]" * depth + b"}]}"
        answer = await dock.at().send("POST", "/matches/acceptances", data=body, headers={"content-type": "application/json"})
        assert answer.status == 400 or refused(answer) == [(0, None, "JSON_INVALID")], depth
