"""Parked records decided: redriven in their subject's order, once, or discarded; a preview changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from shared.db import Cause, Database, Tx, Unavailable
from shared.delivery import kafka as topics
from shared.delivery import redriving
from shared.delivery.consumer import Reject, each
from shared.delivery.dead_letters import DeadLetterNotFound
from shared.delivery.redriving import BehindAnother, DeadLetterDecided, NotOfTheLog, Redriven, Redriving
from shared.events import DOCKING, EventEnvelope, JobOrderClosed
from shared.principals import Principal, Role
from shared.settings import Settings
from shared.values import Clock
from tests.conftest import MakeDatabase
from tests.support import delivery
from tests.support.delivery import Raw, caught_up, consuming, counting, dead_letters, numbered, tallied, tally, value_of, write

A, B = UUID(int=0xA), UUID(int=0xB)
OPERATOR = Cause(principal=Principal("tester", Role.OPERATOR), clock=Clock())


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


def refusing(*refused: int) -> Any:
    """Counts every event but those with these numbers, and what it had written of them is undone."""

    async def handle(tx: Tx, event: EventEnvelope[Any]) -> None:
        await tally(tx, event)
        if event.data.unfilled in refused:
            raise Reject("not_yet", f"{event.data.unfilled} is refused")

    return each({JobOrderClosed: handle})


async def read_all(config: Settings, database: Database, apply: Any) -> None:
    async with consuming(config, database, apply) as running:
        await caught_up(running)


async def redriven(database: Database, apply: Any, *ids: int) -> Redriven:
    async with database.transaction(OPERATOR) as tx:
        found = await redriving.redrive(tx, Redriving(apply, simulated=False), ids)
        assert tx.cause == OPERATOR
    return found


async def discarded(database: Database, *ids: int) -> None:
    async with database.transaction(OPERATOR) as tx:
        await redriving.discard(tx, ids, "of no use")


def outcomes(found: Redriven) -> list[tuple[int, str, str]]:
    return [(one.id, one.outcome, one.reason) for one in found.letters]


async def states(database: Database) -> list[tuple[str, str]]:
    return [(letter["state"], letter["reason"]) for letter in await dead_letters(database)]


@pytest_asyncio.fixture(loop_scope="session")
async def four_of_a(kafka: str, config: Settings, database: Database) -> Database:
    """0, 1, 2, 3 of A, of which 1 was refused; B goes its way between them. Letters 1, 2 and 3 hold A's 1, 2 and 3."""
    await write(kafka, config, *(record for n in range(4) for record in (numbered(A, 2 * n, n), numbered(B, 2 * n + 1, 100 + n))))
    await read_all(config, database, refusing(1))
    assert [n for subject, n in await tallied(database) if subject == str(A)] == [0]
    return database


async def test_a_redrive_applies_the_record_and_those_behind_it_in_order_and_the_subject_goes_on(
    kafka: str, config: Settings, four_of_a: Database
) -> None:
    found = await redriven(four_of_a, refusing(), 1)
    assert (outcomes(found), found.left) == ([(1, "redriven", "not_yet"), (2, "redriven", "behind"), (3, "redriven", "behind")], 0)
    await write(kafka, config, numbered(A, 8, 4))
    await read_all(config, four_of_a, refusing())
    assert [n for subject, n in await tallied(four_of_a) if subject == str(A)] == [0, 1, 2, 3, 4]
    (letter, *_) = await dead_letters(four_of_a)
    assert (letter["state"], letter["decided_by"], letter["decided_at"] is not None) == ("redriven", "operator:tester", True)


async def test_a_record_that_fails_again_stays_parked_with_its_new_reason_and_without_effects(four_of_a: Database) -> None:
    before = await tallied(four_of_a)
    found = await redriven(four_of_a, refusing(2), 1)
    assert (outcomes(found), found.left) == ([(1, "redriven", "not_yet"), (2, "parked", "not_yet")], 2)
    assert await tallied(four_of_a) == [*before, (str(A), 1)]
    assert await states(four_of_a) == [("redriven", "not_yet"), ("parked", "not_yet"), ("parked", "behind")]
    assert outcomes(await redriven(four_of_a, refusing(), 2)) == [(2, "redriven", "not_yet"), (3, "redriven", "behind")]


async def test_a_record_behind_another_waits_until_that_one_is_redriven_or_discarded(four_of_a: Database) -> None:
    with pytest.raises(BehindAnother) as refused:
        await redriven(four_of_a, refusing(), 2)
    assert refused.value.state == {"ids": [1]}
    await discarded(four_of_a, 1)
    assert outcomes(await redriven(four_of_a, refusing(), 2)) == [(2, "redriven", "behind"), (3, "redriven", "behind")]
    assert [n for subject, n in await tallied(four_of_a) if subject == str(A)] == [0, 2, 3]
    assert await states(four_of_a) == [("discarded", "not_yet"), ("redriven", "behind"), ("redriven", "behind")]


async def test_each_is_decided_once(four_of_a: Database) -> None:
    await discarded(four_of_a, 3)
    await redriven(four_of_a, refusing(), 1)
    with pytest.raises(DeadLetterDecided) as twice:
        await redriven(four_of_a, refusing(), 1, 2)
    assert twice.value.state == {"1": "redriven", "2": "redriven"}
    with pytest.raises(DeadLetterDecided):
        await discarded(four_of_a, 3)
    with pytest.raises(DeadLetterNotFound, match="4, 99"):
        await redriven(four_of_a, refusing(), 1, 4, 99)


async def test_redriven_at_the_same_time_it_is_applied_once(four_of_a: Database) -> None:
    answers = await asyncio.gather(*(redriven(four_of_a, refusing(), 1) for _ in range(3)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["DeadLetterDecided", "DeadLetterDecided", "Redriven"]
    assert [n for subject, n in await tallied(four_of_a) if subject == str(A)] == [0, 1, 2, 3]


async def test_while_records_of_the_subject_arrive_none_overtakes_and_none_is_left_waiting(
    kafka: str, config: Settings, four_of_a: Database
) -> None:
    async with consuming(config, four_of_a, refusing()) as running:
        await caught_up(running)
        for number in range(8, 40):
            await write(kafka, config, numbered(A, number, number))
            if number == 20:
                await redriven(four_of_a, refusing(), 1)
        await caught_up(running)
    assert [n for subject, n in await tallied(four_of_a) if subject == str(A)] == [0, 1, 2, 3, *range(8, 40)]
    assert {state for state, _ in await states(four_of_a)} == {"redriven"}


async def test_an_undecodable_record_stays_parked_and_one_without_a_number_can_only_be_discarded(
    kafka: str, config: Settings, database: Database
) -> None:
    await write(kafka, config, Raw(b"?", str(A).encode(), "1.0"), Raw(value_of(B), str(B).encode(), None), Raw(b"no key", None, "1.1"))
    await read_all(config, database, refusing())
    found = await redriven(database, refusing(), 1, 3)
    assert (outcomes(found), found.left) == ([(1, "parked", "undecodable"), (3, "parked", "undecodable")], 2)
    with pytest.raises(NotOfTheLog):
        await redriven(database, refusing(), 2)
    await discarded(database, 1, 2, 3)
    assert {state for state, _ in await states(database)} == {"discarded"}


async def test_a_transient_error_decides_nothing(four_of_a: Database) -> None:
    async def lost(tx: Tx, _event: EventEnvelope[Any]) -> None:
        await tx.conn.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")

    with pytest.raises(Unavailable):
        await redriven(four_of_a, each({JobOrderClosed: lost}), 1)
    assert {state for state, _ in await states(four_of_a)} == {"parked"}


async def test_a_preview_shows_what_would_happen_and_changes_nothing(four_of_a: Database) -> None:
    tally_before, letters_before = await tallied(four_of_a), await dead_letters(four_of_a)

    async def figures(tx: Tx) -> dict[str, Any]:
        return {"A": await tx.conn.fetchval("SELECT count(*) FROM tally WHERE subject = $1", str(A)), "constant": 1}

    found = await redriving.preview(four_of_a, OPERATOR, Redriving(refusing(3), simulated=False, published_figures=figures), [1])
    assert outcomes(found) == [(1, "redriven", "not_yet"), (2, "redriven", "behind"), (3, "parked", "not_yet")]
    assert [change.model_dump() for change in found.figures or []] == [{"figure": "A", "before": 1, "after": 3}]
    assert (await tallied(four_of_a), await dead_letters(four_of_a)) == (tally_before, letters_before)


async def test_in_a_simulation_it_is_applied_at_the_event_s_own_time(four_of_a: Database) -> None:
    seen: list[Cause] = []

    async def look(tx: Tx, _event: EventEnvelope[Any]) -> None:
        seen.append(tx.cause)

    async with four_of_a.transaction(OPERATOR) as tx:
        await redriving.redrive(tx, Redriving(each({JobOrderClosed: look}), simulated=True), [1])
    assert [(str(cause.principal), cause.clock.now().year) for cause in seen] == [("service:rights", 2020)] * 3


async def test_many_behind_one_are_applied_a_bounded_number_at_a_time_in_order(kafka: str, config: Settings, database: Database) -> None:
    behind = redriving.MAX_APPLIED + 10
    async with delivery.a_producer(kafka) as producer:
        for n in range(behind):
            record = numbered(A, n, n)
            await producer.send(
                topics.topic_name(config, DOCKING), record.value, key=record.key, partition=0, headers=[("sequence", f"1.{n}".encode())]
            )
    await read_all(config, database, refusing(0))
    first = await redriven(database, refusing(), 1)
    assert (len(first.letters), first.left, first.more) == (redriving.MAX_APPLIED, 10, [redriving.MAX_APPLIED + 1])
    second = await redriven(database, refusing(), *first.more)
    assert (len(second.letters), second.left, second.more) == (10, 0, [])
    assert [n for _, n in await tallied(database)] == list(range(behind))
