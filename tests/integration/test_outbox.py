"""The relay against a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.db import Database, close_database, connect, open_database
from shared.delivery import kafka as topics
from shared.delivery import outbox, relay, restoring
from shared.delivery.event_log import read_log
from shared.delivery.numbering import number_of
from shared.events import DOCKING, SNAPSHOT, decode
from shared.settings import Settings
from shared.values import new_id
from tests.conftest import MakeDatabaseUrl
from tests.support import delivery, stats_process
from tests.support.delivery import an_event, emptied, publish, raw_log, recount, relaying
from tests.support.wait import until


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database("docking", url, size=4)
    yield opened
    await close_database(opened)


@pytest_asyncio.fixture(loop_scope="session")
async def other(url: str) -> AsyncIterator[Database]:
    """The same database, as another process of the service has it open."""
    opened = await open_database("docking", url, size=4)
    yield opened
    await close_database(opened)


async def test_what_is_rolled_back_is_never_published(database: Database) -> None:
    async def publish_and_fail() -> None:
        async with database.transaction(database.system_cause()) as tx:
            outbox.publish(tx, an_event(new_id()))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await publish_and_fail()
    async with database.connection() as conn:
        assert await outbox.backlog(conn) == 0


async def test_events_reach_the_log_in_order_and_numbered_without_a_gap(kafka: str, config: Settings, database: Database, url: str) -> None:
    orders = [new_id() for _ in range(7)]
    async with relaying(config, database, url):
        for n in range(30):
            await publish(database, *(an_event(order, n) for order in orders))
        await emptied(database)
    records = await raw_log(kafka, config)
    for partition in range(3):
        numbers = [str(number_of(record)) for record in records if record.partition == partition]
        assert numbers == [f"1.{n}" for n in range(len(numbers))]
    assert (await recount(kafka, config)).order == {str(order): list(range(30)) for order in orders}


async def test_the_envelope_names_who_why_and_when(config: Settings, database: Database, url: str) -> None:
    order = new_id()
    (event_id,) = await publish(database, an_event(order))
    async with relaying(config, database, url):
        await emptied(database)
    (entry,) = [entry async for entry in read_log(config, (DOCKING,))]
    event = decode(entry.record.value)
    assert (event.subject, event.id, event.source, event.actor) == (str(order), event_id, "/docking", "service:docking")  # type: ignore[union-attr]
    assert dict(entry.record.headers)["content-type"].startswith(b"application/cloudevents+json")
    assert entry.record.key == str(order).encode()


async def test_a_batch_that_was_being_sent_is_sent_again_with_the_same_numbers(
    kafka: str, config: Settings, database: Database, url: str
) -> None:
    """The relay died after Kafka had everything and before its transaction: rows and in-flight ids are as they were before."""
    orders = [new_id() for _ in range(5)]
    ids = await publish(database, *(an_event(order, n) for n in range(10) for order in orders))
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT * FROM outbox ORDER BY id")
    async with relaying(config, database, url):
        await emptied(database)
    async with database.transaction(database.system_cause()) as tx:
        await tx.conn.execute(
            "INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1::outbox[])", [tuple(row.values()) for row in rows]
        )
        await tx.conn.execute("UPDATE relay SET inflight = (SELECT ARRAY[int8range(min(id), max(id), '[]')] FROM outbox)")
        await tx.conn.execute("UPDATE relay_sequence SET next_number = 0")
        # A transaction with a lower id committed late: it must not shift the numbers of what was sent.
        await tx.conn.execute(
            "INSERT INTO outbox (id, event_id, topic, key, value) OVERRIDING SYSTEM VALUE VALUES (0, $1, $2, $3, $4)",
            UUID(int=7),
            DOCKING,
            str(orders[0]),
            delivery.value_of(orders[0], 99),
        )
    async with relaying(config, database, url):
        await emptied(database)
    found = await recount(kafka, config)
    assert (found.records, found.repeats, len(found.ids)) == (101, 50, 51)
    assert {str(one) for one in ids} < set(found.ids)
    assert found.order[str(orders[0])] == [*range(10), 99]


async def test_rows_that_commit_late_under_lower_ids_are_not_skipped(
    kafka: str, config: Settings, database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holes = 5
    monkeypatch.setattr(relay, "GONE_RANGES", holes // 2)
    slow, quick = [new_id() for _ in range(holes)], [new_id() for _ in range(holes)]
    async with relaying(config, database, url):
        async with database.transaction(database.system_cause()) as tx:
            for late, early in zip(slow, quick, strict=True):
                outbox.publish(tx, an_event(late))
                await outbox.write_pending(tx)
                await publish(database, an_event(early))

            async def quick_are_out() -> bool:
                return {str(early) for early in quick} <= set((await recount(kafka, config)).order)

            await until(quick_are_out)
            await emptied(database)  # of what is committed
        await emptied(database)
    log = await recount(kafka, config)
    assert (set(log.order), log.repeats) == ({str(one) for one in (*slow, *quick)}, 0)


async def test_only_one_relay_works_and_another_takes_over(kafka: str, config: Settings, database: Database, url: str) -> None:
    async with relaying(config, database, url) as first, relaying(config, database, url) as second:
        for n in range(20):
            await publish(database, an_event(UUID(int=5), n))
        await emptied(database)
        await _end_holder(database)
        for n in range(20, 40):
            await publish(database, an_event(UUID(int=5), n))
        await emptied(database)
        await until(lambda: first.ready and second.ready, what="both well again")
    assert (await recount(kafka, config)).order == {str(UUID(int=5)): list(range(40))}


async def test_what_another_process_commits_wakes_the_relay_that_works(
    config: Settings, database: Database, other: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "IDLE_SECONDS", (3600.0, 3600.0))  # it looks by itself no more
    async with relaying(config, database, url):
        await publish(database, an_event(new_id()))
        await emptied(database)  # by the one that has the lock now
        async with relaying(config, other, url):
            await publish(other, an_event(new_id()))
            await emptied(database)


async def test_what_is_committed_where_the_session_is_lost_wakes_the_relay_that_has_the_lock_now(
    config: Settings, database: Database, other: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "IDLE_SECONDS", (3600.0, 3600.0))
    async with relaying(config, database, url):
        await publish(database, an_event(new_id()))
        await emptied(database)  # by the one that has the lock now
        async with relaying(config, other, url):
            await _end_holder(database)
            await publish(other, an_event(new_id()))
            await emptied(database)  # by the other, which has the lock and looks by itself no more
            await publish(database, an_event(new_id()))
            await emptied(database)


async def _end_holder(database: Database) -> None:
    """End the session that has the lock, as a server does that starts again."""
    async with database.connection() as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


async def test_an_event_too_large_for_the_log_is_refused_before_it_can_block_the_others(database: Database) -> None:
    huge = delivery.an_event(new_id()).model_copy(update={"occupation": "7" * outbox.MAX_EVENT_BYTES})
    with pytest.raises(outbox.EventTooLarge):
        await publish(database, huge)
    async with database.connection() as conn:
        assert await outbox.backlog(conn) == 0


async def test_the_largest_event_passes(kafka: str, config: Settings, database: Database, url: str) -> None:
    room = outbox.MAX_EVENT_BYTES - len(delivery.value_of(new_id())) - 200
    large = delivery.an_event(new_id()).model_copy(update={"occupation": "7" * room})
    await publish(database, *[large] * 5)
    async with relaying(config, database, url):
        await emptied(database)
    assert (await recount(kafka, config)).records == 5


async def test_without_kafka_events_wait_and_a_condition_is_raised(config: Settings, database: Database, url: str) -> None:
    nowhere = config.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    await publish(database, an_event(new_id()))
    async with relaying(nowhere, database, url) as health:
        await until(lambda: "relay" in health.conditions)
    async with relaying(config, database, url) as health:
        await emptied(database)
        assert health.ready


async def test_a_missing_topic_raises_a_condition_and_is_not_created(config: Settings, database: Database, url: str) -> None:
    other = config.model_copy(update={"topic_prefix": config.topic_prefix + "other."})
    await publish(database, an_event(new_id()))
    async with relaying(other, database, url) as health:
        await until(lambda: "is not there" in health.conditions.get("relay", ""), 20)
        await topics.create_topics(other, (DOCKING,))
        await emptied(database)
        await until(lambda: health.ready)


async def test_a_new_epoch_numbers_from_zero_and_leaves_out_what_is_in_the_log(
    kafka: str, config: Settings, database: Database, url: str
) -> None:
    order = new_id()
    known, _ = await publish(database, an_event(order, 1), an_event(order, 2))
    conn = await connect(url, application="test")
    try:
        assert await restoring.begin(conn, restoring.Compared(1, in_log={known})) == 2
    finally:
        await conn.close()
    async with relaying(config, database, url):
        await emptied(database)
        again = await connect(url, application="test")
        try:
            with pytest.raises(restoring.RelayRunning):
                await restoring.begin(again, restoring.Compared(1))
        finally:
            await again.close()
    (record,) = await raw_log(kafka, config)
    assert str(number_of(record)) == "2.0"


@asynccontextmanager
async def administering(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def created(kafka: str, name: str, **settings: str) -> None:
    """A topic as somebody else makes it; `retention_ms` is retention.ms."""
    configs = {setting.replace("_", "."): value for setting, value in settings.items()}
    async with administering(kafka) as admin:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])

    async def there() -> bool:
        return bool(await configured(kafka, name))

    await until(there)


async def configured(kafka: str, name: str) -> dict[str, str]:
    """Every setting of the topic, the cluster's defaults included; none while the broker does not know of it yet."""
    async with administering(kafka) as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    ((*_, entries),) = answer.resources
    return {entry[0]: entry[1] for entry in entries}


async def test_topics_are_created_once_with_unlimited_retention_and_keep_their_partitions(kafka: str, topic_prefix: str) -> None:
    made = delivery.settings(kafka, topic_prefix)
    await topics.create_topics(made, (DOCKING, SNAPSHOT))
    await topics.create_topics(made.model_copy(update={"topic_partitions": 9}), (DOCKING, SNAPSHOT))
    async with administering(kafka) as admin:
        described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics([topic_prefix + DOCKING])}
        assert described == {topic_prefix + DOCKING: 3}
    kept, snapshot = await configured(kafka, topic_prefix + DOCKING), await configured(kafka, topic_prefix + SNAPSHOT)
    assert (kept["cleanup.policy"], kept["retention.ms"], kept["retention.bytes"]) == ("delete", "-1", "-1")
    assert snapshot["cleanup.policy"] == "compact"


async def test_topics_cannot_be_created_without_kafka(topic_prefix: str) -> None:
    with pytest.raises(topics.Unavailable):
        await topics.create_topics(delivery.settings("127.0.0.1:1", topic_prefix))


KEPT = {"cleanup_policy": "delete", "retention_ms": "-1", "retention_bytes": "-1"}
LOSING = [
    (DOCKING, KEPT | {"retention_ms": "604800000"}, "retention.ms is 604800000 and must be -1", "retention.ms=-1"),
    (DOCKING, KEPT | {"retention_bytes": "1073741824"}, "retention.bytes is 1073741824 and must be -1", "retention.bytes=-1"),
    (DOCKING, KEPT | {"cleanup_policy": "compact"}, "cleanup.policy is compact and must be delete", "cleanup.policy=delete"),
    (
        DOCKING,
        {"cleanup_policy": "compact", "retention_ms": "1"},
        "cleanup.policy is compact and must be delete, retention.ms is 1 and must be -1",
        "cleanup.policy=delete,retention.ms=-1",
    ),
    (SNAPSHOT, KEPT, "cleanup.policy is delete and must be compact", "cleanup.policy=compact"),
]


@pytest.mark.parametrize(("topic", "made", "what", "mend"), LOSING)
async def test_field_case_f21_a_topic_that_would_lose_data_is_refused_and_left_as_it_is(
    kafka: str, topic_prefix: str, topic: str, made: dict[str, str], what: str, mend: str
) -> None:
    name = topic_prefix + topic
    await created(kafka, name, **made)
    before = await configured(kafka, name)
    with pytest.raises(topics.TopicLosesData) as refused:
        await topics.create_topics(delivery.settings(kafka, topic_prefix))
    command = f"kafka-configs.sh --bootstrap-server {kafka} --alter --entity-type topics --entity-name {name} --add-config {mend}"
    assert str(refused.value) == f"topic {name}: {what}; mend it: {command}"
    assert await configured(kafka, name) == before


async def test_field_case_f21_every_topic_that_would_lose_data_is_named(kafka: str, topic_prefix: str) -> None:
    for topic in (DOCKING, SNAPSHOT):
        await created(kafka, topic_prefix + topic, cleanup_policy="compact,delete")
    with pytest.raises(topics.TopicLosesData) as refused:
        await topics.create_topics(delivery.settings(kafka, topic_prefix))
    assert f"topic {topic_prefix}{DOCKING}: " in str(refused.value)
    assert f"topic {topic_prefix}{SNAPSHOT}: " in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_field_case_f21_a_topic_that_keeps_everything_is_taken_as_it_is(kafka: str, topic_prefix: str) -> None:
    await created(kafka, topic_prefix + DOCKING, **KEPT)
    await created(kafka, topic_prefix + SNAPSHOT, cleanup_policy="compact", retention_ms="604800000")
    await topics.create_topics(delivery.settings(kafka, topic_prefix))


def test_field_case_f21_one_replica_may_not_acknowledge_for_several() -> None:
    for topic in (DOCKING, SNAPSHOT):
        made = topics.needed(topic, replicas=3)
        assert made["min.insync.replicas"] == "2"
        assert topics.losing(topic, 3, made | {"min.insync.replicas": "1"}) == {"min.insync.replicas": "2"}
        assert not topics.losing(topic, 3, made | {"min.insync.replicas": "3"})
        assert not topics.losing(topic, 1, made | {"min.insync.replicas": "1"})
        assert topics.losing(topic, 3, made | {"unclean.leader.election.enable": "true"}) == {"unclean.leader.election.enable": "false"}
        assert topics.losing(topic, 3, made | {"max.message.bytes": "1000"}) == {"max.message.bytes": str(topics.MAX_REQUEST_BYTES)}


async def test_field_case_f21_a_service_does_not_start_on_such_a_topic(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    await created(kafka, topic_prefix + DOCKING, **KEPT | {"retention_ms": "604800000"})
    stats = stats_process.configure(kafka, topic_prefix, await make_database_url("stats"), tmp_path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.stats"), env=os.environ | stats.environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, stderr = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    (line,) = stderr.decode().splitlines()
    assert f"cannot start: TopicLosesData: topic {topic_prefix}{DOCKING}: retention.ms is 604800000 and must be -1; mend it: " in line
    assert process.returncode == 1


async def test_a_producer_that_is_given_up_while_it_connects_leaves_no_connection_open(config: Settings) -> None:
    for turns in range(0, 60, 4):  # of the event loop, each some way further into the connection
        opening = asyncio.create_task(topics.open_producer(config))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await topics.stop_producer(await opening, 3)
    gc.collect()  # what was left open says so, and a warning fails the test
