"""The consumer against a real Kafka and a real PostgreSQL: every kind of record that a log may hold."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.db import Database, Tx
from shared.delivery import subscription
from shared.delivery.batch_taking import BatchTaker
from shared.delivery.batches import Decoded, chunks
from shared.delivery.consumer import Apply, Bulk, Consumer, Reject, each
from shared.delivery.delivery_state import PartitionState, delivery_state
from shared.delivery.inbox import BULK_ABOVE
from shared.delivery.kafka import topic_name
from shared.delivery.subscription import FetchedBatch
from shared.errors import NotFound
from shared.events import DOCKING, Event, EventEnvelope, JobOrderClosed, decode
from shared.health import Health
from shared.settings import Settings
from tests.conftest import MakeDatabase
from tests.support.delivery import Raw, caught_up, consuming, counting, dead_letters, numbered, tallied, tally, value_of, write
from tests.support.wait import until

A, B, C = UUID(int=0xA), UUID(int=0xB), UUID(int=0xC)
TALLY = each({JobOrderClosed: tally})


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


async def read_all(config: Settings, database: Database, apply: Any = TALLY) -> None:
    async with consuming(config, database, apply) as running:
        await caught_up(running)


# --- acceptance -------------------------------------------------------------------------------------------------------
async def test_repeats_are_dropped_and_a_gap_closes_when_the_batch_is_sent_again(kafka: str, config: Settings, database: Database) -> None:
    first, second, third = (numbered(A, n, n) for n in range(3))
    await write(kafka, config, first, first, third, first, second, third)
    await read_all(config, database)
    assert await tallied(database) == [(str(A), 0), (str(A), 1), (str(A), 2)]
    async with database.connection() as conn:
        state = await delivery_state(conn)
    assert state.positions["docking.events/0"] == PartitionState(next_offset=6, epoch=1, next_number=3, gap_since=None)
    assert state.parked == 0


async def test_a_higher_epoch_is_taken_at_its_beginning_only_and_a_lower_one_never_again(
    kafka: str, config: Settings, database: Database
) -> None:
    await write(
        kafka,
        config,
        numbered(A, 0, 10),
        numbered(A, 1, 99, epoch=2),
        numbered(A, 1, 11),
        numbered(A, 0, 20, epoch=2),
        numbered(A, 2, 99),
        numbered(A, 1, 21, epoch=2),
    )
    await read_all(config, database)
    assert [n for _, n in await tallied(database)] == [10, 11, 20, 21]


async def test_a_gap_that_does_not_close_is_an_alarm_and_nothing_is_skipped(kafka: str, config: Settings, database: Database) -> None:
    quick = config.model_copy(update={"gap_alarm_seconds": 0.2})
    await write(kafka, config, numbered(A, 0, 0), numbered(A, 2, 2))
    async with consuming(quick, database, TALLY) as running:
        await until(lambda: "gap" in running.health.conditions)
        assert await tallied(database) == [(str(A), 0)]
    async with consuming(quick, database, TALLY) as running:  # the alarm survives a restart
        await until(lambda: "gap" in running.health.conditions)
        await write(kafka, config, numbered(A, 1, 1), numbered(A, 2, 2))
        await until(lambda: "gap" not in running.health.conditions)
        await caught_up(running)
    assert [n for _, n in await tallied(database)] == [0, 1, 2]


async def test_a_restart_reads_on_from_the_stored_position_not_from_kafka_s(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, *(numbered(A, n, n) for n in range(4)))
    await read_all(config, database)
    async with database.connection() as conn:  # as restored from a backup; Kafka's committed offset is 4
        await conn.execute("UPDATE consumed SET next_offset = 1, next_number = 1")
        await conn.execute("DELETE FROM tally WHERE n > 0")
    await read_all(config, database)
    assert [n for _, n in await tallied(database)] == [0, 1, 2, 3]


async def test_a_position_beyond_the_log_is_refused(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, numbered(A, 0))
    async with database.connection() as conn:
        await conn.execute("INSERT INTO consumed (topic, partition, next_offset) VALUES ($1, 0, 7)", DOCKING)
    async with consuming(config, database, TALLY) as running:
        await until(lambda: "offset 7 is to be read, the log holds 0 to 1" in running.health.conditions.get("log", ""))
    assert await tallied(database) == []


async def test_a_position_before_the_log_is_refused(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, *(numbered(A, n) for n in range(3)))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(topic_name(config, DOCKING), 0): RecordsToDelete(before_offset=2)})
    await admin.close()
    async with consuming(config, database, TALLY) as running:
        await until(lambda: "offset 0 is to be read, the log holds 2 to 3" in running.health.conditions.get("log", ""))
    assert await tallied(database) == []


# --- dead letters -----------------------------------------------------------------------------------------------------
async def test_every_kind_of_bad_record_is_parked_with_its_bytes_and_the_ones_between_are_applied(
    kafka: str, config: Settings, database: Database
) -> None:
    good = iter(range(100))

    def neighbour(number: int) -> Raw:
        return numbered(C, number, next(good))

    surrogate = value_of(A).replace(b'"actor":"officer:test"', b'"actor":"\\ud800"')
    bad = [  # value, key, sequence, reason
        (b"\xff\x00 not json", b"k1", "1.1", "undecodable"),
        (b"{}", b"k2", "1.3", "undecodable"),
        (b"[" * 100_000, b"k3", "1.5", "undecodable"),
        (None, b"k4", "1.7", "no_value"),
        (b"", b"k5", "1.9", "undecodable"),
        (surrogate, str(A).encode(), "1.11", "undecodable"),
        (value_of(B).replace(b'"unfilled":1', b'"unfilled":"many"'), str(B).encode(), "1.13", "undecodable"),
        (value_of(B), b"k6", "1.15", "misfiled"),
        (value_of(B, 10**30), str(B).encode(), "1.17", "behind"),
        (value_of(UUID(int=9), 10**30), str(UUID(int=9)).encode(), "1.19", "failed"),
        (b"no key", None, "1.21", "undecodable"),
        (value_of(A), str(A).encode(), None, "no_sequence"),
        (value_of(A), str(A).encode(), b"\xff", "no_sequence"),
        (value_of(A), str(A).encode(), "1.-1", "no_sequence"),
        (value_of(A), str(A).encode(), "1." + "9" * 40, "no_sequence"),
        (value_of(A), b"\xff\x00", "0.0", "no_sequence"),
        (b"\x00" * 1000, None, None, "no_sequence"),
    ]
    records, number = [], 0
    for value, key, sequence, _ in bad:
        records.append(neighbour(number))
        number += 1
        records.append(Raw(value, key, sequence, headers=(("trace\x00", b"\x00\xff"),)))
        number += sequence is not None and sequence == f"1.{number}"
    records.append(neighbour(number))
    await write(kafka, config, *records)
    await read_all(config, database)
    assert await tallied(database) == [(str(C), n) for n in range(len(bad) + 1)]
    letters = await dead_letters(database)
    assert [letter["reason"] for letter in letters] == [reason for *_, reason in bad]
    assert [(letter["value"], letter["key"]) for letter in letters] == [(value, key) for value, key, *_ in bad]
    assert all(letter["headers"][0][1] == base64.b64encode(b"\x00\xff").decode() for letter in letters)
    assert [letter["offset"] for letter in letters] == [2 * n + 1 for n in range(len(bad))]
    assert all(letter["detail"] for letter in letters)


async def test_later_events_of_a_parked_subject_wait_behind_it_in_order(kafka: str, config: Settings, database: Database) -> None:
    async def refuses_a_second(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        if recorded.subject == str(A) and recorded.data.unfilled == 1:
            await tally(tx, recorded)  # undone with the rest of it
            raise Reject("unknown_worker", "no worker\x00 of that id")
        await tally(tx, recorded)

    apply = each({JobOrderClosed: refuses_a_second})
    await write(kafka, config, numbered(A, 0, 0), numbered(B, 1, 0), numbered(A, 2, 1), numbered(B, 3, 1), numbered(A, 4, 2))
    await read_all(config, database, apply)
    await write(kafka, config, numbered(A, 5, 3), numbered(B, 6, 2))  # in another batch, after a restart
    await read_all(config, database, apply)
    assert await tallied(database) == [(str(A), 0), (str(B), 0), (str(B), 1), (str(B), 2)]
    letters = await dead_letters(database)
    assert [(one["reason"], one["sequence"], one["event_type"], one["subject"]) for one in letters] == [
        ("unknown_worker", "1.2", "docking.JobOrderClosed.v1", str(A)),
        ("behind", "1.4", "docking.JobOrderClosed.v1", str(A)),
        ("behind", "1.5", "docking.JobOrderClosed.v1", str(A)),
    ]
    assert letters[0]["event_id"] is not None
    assert letters[0]["detail"] == "no worker\ufffd of that id"


async def test_a_subject_is_applied_again_once_its_dead_letters_are_decided(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, Raw(b"?", str(A).encode(), "1.0"), numbered(A, 1, 1))
    await read_all(config, database)
    async with database.connection() as conn:
        await conn.execute(
            "UPDATE dead_letter SET state = 'discarded', decided_at = now(), decided_by = 'operator:test', decided_why = 'test'"
        )
    await write(kafka, config, numbered(A, 2, 2))
    await read_all(config, database)
    assert await tallied(database) == [(str(A), 2)]


async def test_a_record_without_a_number_does_not_block_the_subject_it_names(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, Raw(b"?", str(A).encode(), None), numbered(A, 0, 5))
    await read_all(config, database)
    assert await tallied(database) == [(str(A), 5)]


async def test_a_refusal_is_parked_under_its_slug(kafka: str, config: Settings, database: Database) -> None:
    async def not_found(_tx: Tx, _recorded: EventEnvelope[Any]) -> None:
        raise NotFound("no such order")

    await write(kafka, config, numbered(A, 0))
    await read_all(config, database, each({JobOrderClosed: not_found}))
    assert [one["reason"] for one in await dead_letters(database)] == ["not_found"]


async def test_one_bad_event_among_many_costs_a_binary_search_of_savepoints(kafka: str, config: Settings, database: Database) -> None:
    calls: list[int] = []

    async def fold(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        calls.append(len(events))
        if any(getattr(event.data, "unfilled", 0) == 321 for event in events):
            raise ValueError("321")
        for event in events:
            await tally(tx, event)

    await write(kafka, config, *(numbered(UUID(int=1 + n), n, n) for n in range(512)))
    await read_all(config, database, fold)
    assert [n for _, n in await tallied(database)] == [n for n in range(512) if n != 321]
    assert len(calls) <= 2 * 10 * 8  # two per level of the search; the log may have been read in a few batches


async def test_too_many_failures_in_a_row_park_nothing_and_stop_the_consumer(kafka: str, config: Settings, database: Database) -> None:
    strict = config.model_copy(update={"max_diverted": 3})

    async def broken(_tx: Tx, _recorded: EventEnvelope[Any]) -> None:
        raise ValueError("a defect of this build")

    await write(kafka, config, *(numbered(UUID(int=1 + n), n, n) for n in range(10)))
    async with consuming(strict, database, each({JobOrderClosed: broken})) as running:
        await until(lambda: "diverted" in running.health.conditions)
        assert not running.task.done()  # alive, unready
        assert sum((await running.consumer.lag()).values()) == 10
    assert await dead_letters(database) == []
    await read_all(strict, database)  # a repaired build takes them all
    assert [n for _, n in await tallied(database)] == list(range(10))


async def test_records_behind_a_parked_one_do_not_count_as_failures(kafka: str, config: Settings, database: Database) -> None:
    strict = config.model_copy(update={"max_diverted": 3})
    await write(kafka, config, Raw(b"?", str(A).encode(), "1.0"), *(numbered(A, n, n) for n in range(1, 20)), numbered(B, 20, 7))
    await read_all(strict, database)
    assert await tallied(database) == [(str(B), 7)]
    assert len(await dead_letters(database)) == 20


async def test_an_unknown_type_is_skipped_and_its_number_is_accepted(kafka: str, config: Settings, database: Database) -> None:
    unknown = value_of(A).replace(b"docking.JobOrderClosed.v1", b"docking.JobOrderPaused.v1")
    await write(kafka, config, Raw(unknown, str(A).encode(), "1.0"), numbered(A, 1, 5))
    await read_all(config, database)
    assert await tallied(database) == [(str(A), 5)]
    assert await dead_letters(database) == []


# --- connecting -------------------------------------------------------------------------------------------------------
async def test_a_consumer_that_is_stopped_while_it_connects_leaves_no_connection(
    config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    stopped: list[object] = []
    connecting, stop_is_over, let_consumers_wait = asyncio.Event(), asyncio.Event(), subscription._let_consumers_wait

    class Watched(subscription._WaitingConsumer):
        async def start(self) -> None:
            made.append(self)
            await super().start()

        async def stop(self) -> None:
            stopped.append(self)
            await super().stop()

    async def late(*arguments: Any) -> None:
        connecting.set()
        await stop_is_over.wait()
        await let_consumers_wait(*arguments)

    monkeypatch.setattr(subscription, "_WaitingConsumer", Watched)
    monkeypatch.setattr(subscription, "_let_consumers_wait", late)
    consumer = Consumer(config.model_copy(update={"drain_seconds": 0.2}), database, "counter", (DOCKING,), TALLY, health=Health())
    running = asyncio.create_task(consumer.run())
    await connecting.wait()
    await consumer.stop()
    stop_is_over.set()
    await asyncio.wait_for(running, 60)
    assert len(made) == 1
    assert stopped == made


# --- causes and clocks --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("simulated", [True, False])
async def test_a_reaction_acts_for_the_service_because_of_the_event(
    kafka: str, config: Settings, database: Database, simulated: bool
) -> None:
    seen: list[Tx] = []
    times: list[datetime] = []

    async def look(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        seen.append(Tx(tx.conn, tx.service, tx.cause))
        times.append(tx.clock.now())
        assert tx.cause.causation_id == str(recorded.id)
        assert tx.cause.correlation_id == recorded.correlation_id

    await write(kafka, config, numbered(A, 0))
    await read_all(config.model_copy(update={"simulation": simulated}), database, each({JobOrderClosed: look}))
    assert str(seen[0].principal) == "service:rights"
    assert (times[0] == datetime(2020, 2, 1, tzinfo=UTC)) is simulated


# --- transient errors ---------------------------------------------------------------------------------------------------
async def test_a_lost_connection_a_deadlock_and_a_timeout_park_nothing(kafka: str, config: Settings, database: Database) -> None:
    errors = iter(
        [
            "SELECT pg_terminate_backend(pg_backend_pid())",
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$",
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$",
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$",
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$",
            "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55P03'; END $$",
        ]
    )
    raised = 0

    async def failing(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        nonlocal raised
        await tally(tx, recorded)
        error = next(errors, None)
        if error:
            raised += 1
            await tx.conn.execute(error)

    await write(kafka, config, *(numbered(A, n, n) for n in range(5)))
    async with consuming(config, database, each({JobOrderClosed: failing})) as running:
        await caught_up(running, 25)
        assert running.health.ready
    assert raised == 6
    assert [n for _, n in await tallied(database)] == list(range(5))
    assert await dead_letters(database) == []


async def _wrong(tx: Tx, *_: Any) -> Any:
    tx.conn.terminate()
    raise TypeError("a defect of this build")


async def _nothing(*_: Any) -> None:
    pass


@pytest.mark.parametrize("apply", [each({JobOrderClosed: _wrong}), Bulk(events=_nothing, prepare=_nothing, records=_wrong)])
async def test_a_defect_that_takes_the_connection_along_ends_the_consumer_and_is_no_outage(
    kafka: str, config: Settings, database: Database, apply: Apply
) -> None:
    await write(kafka, config, *(numbered(A, n, n) for n in range(BULK_ABOVE + 10)))
    async with consuming(config, database, apply) as running:
        await asyncio.wait({running.task}, timeout=20)
        assert running.task.done()
        assert isinstance(running.task.exception(), TypeError)
    assert await dead_letters(database) == []
    await read_all(config, database)  # a repaired build takes them all
    assert [n for _, n in await tallied(database)] == list(range(BULK_ABOVE + 10))


async def test_what_was_fetched_behind_a_batch_that_failed_is_read_again_after_it(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, take = [], BatchTaker.handle

    async def handle(taker: BatchTaker, batch: FetchedBatch) -> None:
        handed.append([record.offset for chunk in chunks(config.topic_prefix, batch.records) for record in chunk.records])
        await take(taker, batch)

    async def failing(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        if len(handed) < 3:
            await until(lambda: len(handed) > 1)  # the next batch is there
            raise OSError("gone for a moment")
        await tally(tx, recorded)

    monkeypatch.setattr(BatchTaker, "handle", handle)
    await write(kafka, config, *(numbered(A, n, n) for n in range(4)))
    async with consuming(config, database, each({JobOrderClosed: failing}), max_records=2) as running:
        await caught_up(running)
        assert running.consumer._taker._empty_after == set()
    assert handed == [[0, 1], [2, 3], [0, 1], [2, 3]]
    assert [n for _, n in await tallied(database)] == [0, 1, 2, 3]


async def test_the_next_batch_is_decoded_while_the_present_one_is_taken(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = list[bytes | None]()

    def noting(value: bytes | None, wanted: frozenset[str] | None = None) -> Decoded:
        decoded.append(value)
        return decode(value, wanted)

    async def waiting(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        await until(lambda: len(decoded) == len(records), what="the batch behind this one is decoded")
        await tally(tx, recorded)

    monkeypatch.setattr("shared.delivery.batches.decode", noting)
    records = [numbered(A, n, n) for n in range(4)]
    await write(kafka, config, *records)
    async with consuming(config, database, each({JobOrderClosed: waiting}), max_records=2) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(A), n) for n in range(4)]
    assert decoded == [record.value for record in records]  # each once
