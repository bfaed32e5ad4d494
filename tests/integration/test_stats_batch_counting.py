"""A batch counted undecoded has the outcome of one that is decoded: cells, dead letters, how much was counted."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stats import consumers
from services.stats.commands import ClosePeriod
from services.stats.queries import applied, generations
from services.stats.usecases import periods
from shared.db import Cause, Database
from shared.delivery import inbox
from shared.events import DOCKING, Event, EventEnvelope, FigureRestated, encode
from tests.conftest import MakeDatabase
from tests.support.delivery import take
from tests.support.stats import cause, departure, dispatched, histories, outbox_of, recorded
from tests.support.wait import until_waiting_for_a_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    cells: dict[Any, int]
    applied: dict[str, Any]
    parked: list[tuple[str, int, str, str, bytes]]
    unknown: Counter[str]
    positions: list[tuple[Any, ...]]


def in_log(written: Sequence[tuple[str, bytes, bytes]]) -> list[ConsumerRecord]:
    """As relays would have written them, to one partition per topic."""
    numbers: Counter[str] = Counter()
    records = []
    for topic, key, value in written:
        number = numbers[topic]
        numbers[topic] += 1
        records.append(
            ConsumerRecord(
                topic=topic,
                partition=0,
                offset=number,
                timestamp=0,
                timestamp_type=0,
                key=key,
                value=value,
                checksum=None,
                serialized_key_size=len(key),
                serialized_value_size=len(value),
                headers=(("sequence", b"1.%d" % number),),
            )
        )
    return sorted(records, key=lambda record: record.topic)


async def outcome(database: Database, records: Sequence[ConsumerRecord], apply: inbox.Apply) -> Outcome:
    async with database.transaction(cause()) as tx:
        await tx.conn.execute("TRUNCATE block, year_cell, settled, applied, dead_letter, consumed")
    taken = await take(database, records, apply, max_diverted=1_000)
    async with database.transaction(cause()) as tx:
        dead_letters = await tx.conn.fetch('SELECT topic, "offset", reason, detail, value FROM dead_letter ORDER BY id')
        positions = await tx.conn.fetch("SELECT topic, partition, next_offset, epoch, next_number FROM consumed ORDER BY 1, 2")
        return Outcome(
            cells=await generations.list_cells(tx.conn),
            applied=await applied.list_(tx),
            parked=[tuple(row) for row in dead_letters],
            unknown=taken.unknown,
            positions=[tuple(row) for row in positions],
        )


def damaged(event: EventEnvelope[Event], how: str) -> tuple[str, bytes, bytes]:
    """The record of the event, intact or with one thing wrong; "added" is not wrong, but from a newer build."""
    document: dict[str, Any] = json.loads(encode(event))
    topic, key = event.data.TOPIC, event.subject.encode()
    if how == "nonsense":
        return topic, key, b"{}"
    if how == "misfiled":
        return topic, b"elsewhere", encode(event)
    if how == "unknown":
        document["type"] = "docking.Tomorrow.v9"
    elif how == "incomplete":
        document["data"].pop(next(iter(document["data"])))
    elif how == "absurd":
        document = json.loads(encode(recorded(dispatched(departure(departed_on=date(1970, 1, 1))))))
        topic, key = DOCKING, document["subject"].encode()
    elif how == "added":
        document["data"]["added_later"] = 1
    return topic, key, json.dumps(document, separators=(",", ":")).encode()


HOW = st.sampled_from(["sound"] * 12 + ["nonsense", "misfiled", "unknown", "incomplete", "absurd", "added"])


@pytest.fixture
async def database(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(inbox, "BULK_ABOVE", 0)
    return await make_database("stats")


@given(histories, st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_batch_with_bad_records_has_the_same_outcome_undecoded_or_decoded(
    database: Database, lives: list[list[EventEnvelope[Event]]], data: st.DataObject
) -> None:
    written = [damaged(event, data.draw(HOW)) for event in chain.from_iterable(lives)]
    if written:
        records = in_log(written)
        assert await outcome(database, records, consumers.apply) == await outcome(database, records, consumers.count_events)


async def test_a_bad_record_among_many_parks_itself_and_later_records_of_its_subject(database: Database) -> None:
    sound = [recorded(dispatched()) for _ in range(300)]
    written = [damaged(event, "sound") for event in sound]
    written[100] = damaged(sound[100], "incomplete")
    written.insert(200, damaged(sound[100], "sound"))
    found = await outcome(database, in_log(written), consumers.apply)
    assert [(offset, reason) for _, offset, reason, _, _ in found.parked] == [(100, "undecodable"), (200, "behind")]
    assert found.parked[0][4] == written[100][2]
    assert {topic: count for topic, (count, _) in found.applied.items()} == {DOCKING: 299}
    assert found.positions == [(DOCKING, 0, 301, 1, 301)]


async def test_a_late_fact_restates_its_closed_period_with_its_causes(database: Database) -> None:
    closer, late = (
        Cause(principal=cause().principal, clock=cause().clock),
        recorded(dispatched(departure(departed_on=date(2017, 12, 30))), date(2018, 3, 5)),
    )
    async with database.transaction(closer) as tx:
        await periods.close_period(tx, ClosePeriod(period="2017"))
    others = [recorded(dispatched(departure(departed_on=date(2018, random.Random(n).randint(1, 2), 3)))) for n in range(80)]
    written = [damaged(event, "sound") for event in [*others, late]]
    await take(database, in_log(written), consumers.apply, max_diverted=10)
    restated = [event for event in await outbox_of(database) if isinstance(event, FigureRestated) and event.measure == "dispatches"]
    assert [(event.scope, event.old, event.new, event.kind, event.causes) for event in restated if event.scope.startswith("nation")] == [
        ("nation:CN", 0, 1, "late", (late.id,))
    ]


async def test_a_period_that_is_closed_while_a_batch_waits_for_it_is_restated_by_the_batch(database: Database) -> None:
    late = [recorded(dispatched(departure(departed_on=date(2017, 12, 30))), date(2018, 3, 5)) for _ in range(80)]
    async with database.transaction(cause()) as tx:
        await periods.close_period(tx, ClosePeriod(period="2017"))
        batch = asyncio.create_task(take(database, in_log([damaged(event, "sound") for event in late]), consumers.apply, max_diverted=10))
        await until_waiting_for_a_lock(database)
    await batch
    restated = [event for event in await outbox_of(database) if isinstance(event, FigureRestated) and event.measure == "dispatches"]
    assert [(event.old, event.new) for event in restated if event.scope == "nation:CN"] == [(0, 80)]
