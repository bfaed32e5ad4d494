"""Private names of aiokafka that the delivery protocol relies on: an upgrade that changes one of them fails here, not in production."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException, UnknownTopicOrPartitionError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from shared.delivery import aiokafka_internals
from tests.contracts.code import name, python_files
from tests.support.delivery import a_producer

NOBODY = "127.0.0.1:1"  # nothing listens there


async def test_a_consumer_that_was_not_started_says_so_and_a_started_one_too(kafka: str) -> None:
    waiting, started = AIOKafkaConsumer(bootstrap_servers=NOBODY), AIOKafkaConsumer(bootstrap_servers=kafka)
    await started.start()
    try:
        assert not aiokafka_internals.is_started(waiting)
        assert aiokafka_internals.is_started(started)
        await started.topics()  # a consumer that is stopped before its tasks have begun raises CancelledError
    finally:
        await started.stop()
        await waiting.stop()


async def test_partitions_of_a_topic_are_found_without_a_subscription(kafka: str, config: Any) -> None:
    topic = f"{config.topic_prefix}docking.events"
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, request_timeout_ms=300)
    await consumer.start()
    try:
        assert set(await aiokafka_internals.partitions_of_topic(consumer, topic)) == {0, 1, 2}
        with pytest.raises(UnknownTopicOrPartitionError):
            await aiokafka_internals.partitions_of_topic(consumer, f"{config.topic_prefix}nowhere")
    finally:
        await consumer.stop()


async def test_the_sender_of_a_producer_can_be_abandoned(kafka: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    aiokafka_internals.cancel_sender(producer)  # not started: there is none
    await producer.start()
    sender = producer._sender.sender_task
    aiokafka_internals.cancel_sender(producer)
    await asyncio.wait({sender}, timeout=1)
    assert sender.done()
    await producer.client.close()
    await producer.stop()


async def test_whole_batches_are_handed_over_from_an_offset_within_one_on(kafka: str, config: Any) -> None:
    topic = f"{config.topic_prefix}docking.events"
    partition, headers = TopicPartition(topic, 0), [("sequence", b"1.0")]
    async with a_producer(kafka) as producer:
        for keys in ((b"a", b"b", b"c"), (b"d", b"e")):
            batch = producer.create_batch()
            for key in keys:
                batch.append(key=key, value=b"value of " + key, timestamp=None, headers=headers)
            await (await producer.send_batch(batch, topic, partition=0))
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="none")
    await consumer.start()
    try:
        aiokafka_internals.hand_over_batches(consumer, 2)
        consumer.assign([partition])
        consumer.seek(partition, 1)
        found = []
        while await consumer.position(partition) < 5:
            found += (await consumer.getmany(timeout_ms=5_000, max_records=1)).get(partition, [])
        assert [(stored.topic, stored.partition, len(stored.batches)) for stored in found] == [(topic, 0, 1)] * 2
        read = [list(batch.records(topic, 0)) for stored in found for batch in stored.batches]
        assert [[(record.offset, record.key) for record in batch] for batch in read] == [[(1, b"b"), (2, b"c")], [(3, b"d"), (4, b"e")]]
        assert [stored.batches[0].whole for stored in found] == [False, True]
        assert (read[1][1].value, list(read[1][1].headers)) == (b"value of e", headers)
    finally:
        await consumer.stop()


async def test_light_records_are_those_that_aiokafka_makes_as_many_at_a_time_as_asked_for(kafka: str, config: Any) -> None:
    topic = f"{config.topic_prefix}docking.events"
    async with a_producer(kafka) as producer:
        batch = producer.create_batch()
        for number in range(5):
            batch.append(key=b"key %d" % number, value=None, timestamp=1_000 + number, headers=[("sequence", b"1.%d" % number)])
        await (await producer.send_batch(batch, topic, partition=0))
    found: list[list[list[Any]]] = []
    for light in (False, True):
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="none")
        await consumer.start()
        try:
            if light:
                aiokafka_internals.hand_over_light_records(consumer)
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            consumer.seek(partition, 1)
            found.append([])
            while await consumer.position(partition) < 5:
                found[-1].append((await consumer.getmany(timeout_ms=5_000, max_records=3)).get(partition, []))
        finally:
            await consumer.stop()
    plain, light_ones = ([batch for batch in batches if batch] for batches in found)
    assert [len(batch) for batch in light_ones] == [3, 1]
    names = aiokafka_internals.LightRecord._fields[:-1]
    for one, other in zip(chain(*plain), chain(*light_ones), strict=True):
        assert [getattr(one, name) for name in names] == list(other[:-1])
        assert list(one.headers) == list(other.headers)


def fetched(stored: bytes, most: int = 1, kind: Any = None) -> Any:
    """What aiokafka makes of an answer that holds this, from offset 0 on, as it stands among what was fetched."""
    partition = TopicPartition("docking.events", 0)
    records = PartitionRecords(partition, MemoryRecords(stored), [], 0, None, None, True, 0)
    waiting = aiokafka_internals._Fetched(kind or partial(aiokafka_internals._BatchesTogether, most))
    waiting.keep(SimpleNamespace(topics=[(partition.topic, [(partition.partition, 0, 1, stored)])]))
    waiting[partition] = FetchResult(partition, assignment=None, partition_records=records, backoff=0)
    return waiting[partition]._partition_records


def a_batch(first: int) -> bytes:
    """One record, with this offset."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=1_000
    )
    builder.append(0, 1, b"key", b"value", [])
    return first.to_bytes(8, "big") + bytes(builder.build())[8:]  # as the broker writes it in front: no checksum covers it


def test_a_damaged_batch_is_refused_and_the_next_offset_stays_before_it() -> None:
    whole = a_batch(0)
    sound, damaged = fetched(whole), fetched(whole[:-2] + b"??")
    [[batch]] = [stored.batches for stored in sound]
    assert ([record.value for record in batch.records("docking.events", 0)], sound.next_fetch_offset) == ([b"value"], 1)
    with pytest.raises(CorruptRecordException):
        next(iter(damaged))
    assert damaged.next_fetch_offset == 0


def test_what_was_read_before_a_damaged_batch_is_handed_over_and_reading_goes_on_there() -> None:
    stored = a_batch(0) + a_batch(1) + a_batch(2)[:-2] + b"??"
    batches, records = fetched(stored, most=100), fetched(stored, kind=aiokafka_internals._LightRecords)
    assert ([len(together.batches) for together in batches], batches.next_fetch_offset) == ([2], 2)
    assert ([record.offset for record in records], records.next_fetch_offset) == ([0, 1], 2)


def test_a_batch_that_the_broker_has_cut_short_is_left_for_the_next_fetch() -> None:
    whole, more = (a_batch(first) for first in (0, 1))
    for cut in (1, 11, 12, 30, len(more) - 1):
        waiting = fetched(whole + more[:cut])
        assert ([batch.stored for stored in waiting for batch in stored.batches], waiting.next_fetch_offset) == ([whole], 1)


def test_batches_come_together_up_to_so_many_records_and_the_next_offset_is_that_after_them() -> None:
    waiting = fetched(b"".join(map(a_batch, range(5))), most=2)
    found = [(len(stored.batches), waiting.next_fetch_offset) for stored in waiting]
    assert found == [(2, 2), (2, 4), (1, 5)]


def test_an_answer_that_has_been_read_is_freed_without_the_garbage_collector() -> None:
    stored = a_batch(0) + a_batch(1)
    held = sys.getrefcount(stored)
    gc.disable()
    try:
        assert len(list(fetched(stored))) == 2
        assert sys.getrefcount(stored) == held
    finally:
        gc.enable()


def test_the_private_names_are_still_there() -> None:
    assert asyncio.iscoroutinefunction(AIOKafkaClient._wait_on_metadata)
    assert asyncio.iscoroutinefunction(AIOKafkaAdminClient._send_request)
    assert "_fetcher" in AIOKafkaConsumer.__init__.__code__.co_names
    assert "_fetch_max_wait_ms" in Fetcher._get_actions_per_node.__code__.co_names  # as each fetch is made
    assert "_sender" in AIOKafkaProducer.__init__.__code__.co_names


def test_no_other_file_touches_private_names_of_a_library() -> None:
    """Ruff refuses a private member access (SLF001) unless the line says otherwise."""
    exempt = {name(file) for file in python_files("shared", "services", "console") if re.search(r"noqa:.*SLF001", file.read_text())}
    assert exempt == {"shared/delivery/aiokafka_internals.py"}
