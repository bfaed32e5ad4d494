"""Partitions are added to a topic in use: nobody stops, no subject's order changes, whoever reads and however late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.stats.replay import log_shards
from shared.db import Database, close_database, connect, open_database
from shared.delivery import event_log, growth, kafka, relay, restoring, subscription, topic_growth
from shared.delivery.consumer import each
from shared.delivery.growth import Growth, growth_of
from shared.delivery.positions import TopicPartition
from shared.events import DOCKING, JobOrderClosed
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support import delivery
from tests.support.delivery import an_event, caught_up, consuming, counting, emptied, publish, raw_log, relaying, tallied, tally
from tests.support.wait import until

SUBJECTS = [UUID(int=number) for number in range(40)]
APPLY = each({JobOrderClosed: tally})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "GROWTH_SECONDS", (0.1, 0.5))
    monkeypatch.setattr(subscription, "METADATA_MS", 500)


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def producing(url: str) -> AsyncIterator[Database]:
    """Docking's own database, as `url` names it."""
    opened = await open_database("docking", url, size=4)
    yield opened
    await close_database(opened)


async def grow(config: Settings, url: str, total: int) -> list[str]:
    lines: list[str] = []
    await topic_growth.grow_topics(config, url, "docking", total, lines.append)
    return lines


async def publish_round(database: Database, n: int) -> None:
    """The next number of every subject."""
    await publish(database, *(an_event(subject, n) for subject in SUBJECTS))


def in_order(applied: Sequence[tuple[str, int]], rounds: int) -> None:
    assert sorted(applied) == sorted((str(subject), n) for subject in SUBJECTS for n in range(rounds)), "each once"
    for subject in SUBJECTS:
        assert [n for found, n in applied if found == str(subject)] == list(range(rounds)), subject


async def six_partitions_log(config: Settings, producing: Database, url: str) -> Settings:
    """Round 0 lies in three partitions, round 1 in six. Returns settings with that many."""
    async with relaying(config, producing, url):
        await publish_round(producing, 0)
        await emptied(producing, 60)
        await grow(config, url, 6)
        await publish_round(producing, 1)
        await emptied(producing, 60)
    return config.model_copy(update={"topic_partitions": 6})


async def test_three_partitions_become_six_while_events_are_published_and_consumed(
    kafka: str, config: Settings, producing: Database, url: str, make_database: MakeDatabase
) -> None:
    reader, rounds, enough = await counting(await make_database("rights")), count(), asyncio.Event()

    async def go_on() -> int:
        while True:
            n = next(rounds)
            await publish_round(producing, n)
            if enough.is_set():
                return n + 1

    async with relaying(config, producing, url), consuming(config, reader, APPLY) as running:
        writing = asyncio.create_task(go_on())
        await until(lambda: tallied(reader), 60, "a first event applied")
        lines = await grow(config, url, 6)
        enough.set()
        written = await writing
        await publish_round(producing, written)  # all of these among six
        await emptied(producing, 60)
        await caught_up(running, 60)
    in_order(await tallied(reader), written + 1)
    assert "docking: subjects of docking.events are shared out among 6 partitions" in lines
    records = await raw_log(kafka, config.model_copy(update={"topic_partitions": 6}))
    assert {record.partition for record in records} == set(range(6))
    assert len(records) == len(SUBJECTS) * (written + 1), "published once"


async def test_who_reads_the_log_later_finds_every_subject_in_order(
    config: Settings, producing: Database, url: str, make_database: MakeDatabase
) -> None:
    six = await six_partitions_log(config, producing, url)
    late = await counting(await make_database("rights"))
    async with consuming(six, late, APPLY, max_records=5) as running:
        await caught_up(running, 60)
    in_order(await tallied(late), 2)


async def test_a_new_partition_waits_until_what_was_before_it_is_applied(
    kafka: str, config: Settings, producing: Database, url: str, make_database: MakeDatabase
) -> None:
    six = await six_partitions_log(config, producing, url)
    reader = await counting(await make_database("rights"))
    by_partition: dict[int, list[Any]] = {}
    for record in await raw_log(kafka, six):
        by_partition.setdefault(record.partition, []).append(record)
    new, parent = by_partition[4], by_partition[1]
    taken = await delivery.take(reader, new, APPLY, topic_prefix=config.topic_prefix)
    at_growth = Growth(parent=1, parent_end=sum(b'"unfilled":0' in record.value for record in parent), partitions=6)
    assert taken.waiting == {TopicPartition(DOCKING, 4): at_growth}
    assert await tallied(reader) == []
    await delivery.take(reader, parent, APPLY, topic_prefix=config.topic_prefix)
    taken = await delivery.take(reader, new, APPLY, topic_prefix=config.topic_prefix)
    assert not taken.waiting
    assert len(await tallied(reader)) == len(parent) + len(new)


async def test_a_recount_reads_a_new_partition_after_the_one_before_and_in_the_same_process(
    config: Settings, producing: Database, url: str
) -> None:
    six = await six_partitions_log(config, producing, url)
    everything = [TopicPartition(DOCKING, partition) for partition in range(6)]
    ends = await event_log.read_end_offsets(six, everything)
    seen: list[tuple[str, int]] = []
    async for _, entries in event_log.read_upto(six, ends):
        seen += [(entry.record.key.decode(), int(b'"unfilled":1' in entry.record.value)) for entry in entries]
    in_order(seen, 2)
    parents = await event_log.read_parents(six, everything)
    assert parents == {TopicPartition(DOCKING, one): TopicPartition(DOCKING, one - 3) for one in (3, 4, 5)}
    shards = log_shards.split(log_shards.LogShard(six, ends, frozenset(), parents), 3)
    assert sorted(sorted(partition.partition for partition in shard.upto) for shard in shards) == [[0, 3], [1, 4], [2, 5]]


async def test_only_a_multiple_is_taken_and_nothing_is_changed_by_a_refusal(config: Settings, producing: Database, url: str) -> None:
    async with relaying(config, producing, url):
        await publish_round(producing, 0)
        await emptied(producing, 60)
    with pytest.raises(growth.NotMultiple, match=r"docking.events has 3 partitions and cannot have 4: only to a multiple, such as 6"):
        await grow(config, url, 4)
    assert await kafka.partition_counts(config, [DOCKING]) == {DOCKING: 3}
    async with producing.connection() as conn:
        assert await growth.layout(conn) == {DOCKING: (3, None)}


async def test_without_a_relay_it_is_asked_for_and_the_next_one_sends_what_was_in_flight_first(
    kafka: str, config: Settings, producing: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_growth, "RELAY_SECONDS", 0.0)
    async with relaying(config, producing, url):
        await publish_round(producing, 0)
        await emptied(producing, 60)
    await publish_round(producing, 1)
    conn = await connect(url, application="test")
    await conn.execute("UPDATE relay SET inflight = ARRAY(SELECT int8range(id, id, '[]') FROM outbox ORDER BY id)")
    lines = await grow(config, url, 6)
    assert lines[-1] == "docking: its relay does so when it runs and Kafka answers; until then docking.events is written as before"
    async with relaying(config, producing, url):
        await emptied(producing, 60)
        await until(lambda: shared_out(conn, 6), 60, "six partitions taken up")
        await publish_round(producing, 2)
        await emptied(producing, 60)
    conn.terminate()
    records = await raw_log(kafka, config.model_copy(update={"topic_partitions": 6}))
    assert len(records) == 3 * len(SUBJECTS)
    assert all(record.partition < 3 for record in records if b'"unfilled":2' not in record.value)
    firsts = {record.partition: growth_of(record) for record in records if record.partition >= 3 and record.offset == 0}
    assert set(firsts) == {3, 4, 5}
    assert all(found is not None and found.parent == partition - 3 for partition, found in firsts.items())


async def shared_out(conn: Any, total: int) -> bool:
    return (await growth.layout(conn))[DOCKING] == (total, None)


async def test_a_database_from_before_shares_subjects_out_as_the_log_does(
    config: Settings, producing: Database, url: str, make_database_url: MakeDatabaseUrl
) -> None:
    six = await six_partitions_log(config, producing, url)
    older = await connect(await make_database_url("docking"), application="test")
    await older.execute("INSERT INTO relay_topic (topic, partitions) VALUES ($1, 3)", DOCKING)
    await restoring.begin(older, await restoring.compare(older, six, "docking"))
    async with producing.connection() as conn:
        assert await growth.growths(older) == await growth.growths(conn)
        assert await growth.layout(older) == await growth.layout(conn) == {DOCKING: (6, None)}
    older.terminate()


@pytest.mark.parametrize(
    "header", [b"", b"1", b"1@2", b"1@2 of ", b"-1@2 of 6", b"5@2 of 6", b"1@99999999999999999999 of 6", b"01@2 of 6", "１@2 of 6".encode()]
)
def test_a_header_that_no_relay_wrote_keeps_nobody_waiting(header: bytes) -> None:
    record = SimpleNamespace(partition=4, headers=(("content-type", b""), ("sequence", b"1.0"), ("after", header)))
    assert growth_of(record) is None
