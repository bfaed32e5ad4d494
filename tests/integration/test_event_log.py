"""The log is read to its end where no record is left there: what ends a transaction takes an offset, as what was compacted away has one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.delivery import event_log
from shared.delivery.event_log import Mark, ReadRun
from shared.delivery.kafka import topic_name
from shared.delivery.numbering import Number, number_of
from shared.delivery.positions import TopicPartition
from shared.settings import Settings
from shared.values import new_id
from tests.support.delivery import TOPIC, value_of

PARTITION, END = TopicPartition(TOPIC, 0), 5  # records at 0, 1 and 3
NUMBERS = ["1.0", "1.1", "1.2"]
T = TypeVar("T")


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def two_transactions(kafka: str, config: Settings) -> None:
    """Of two records and of one."""
    topic, order = topic_name(config, TOPIC), new_id()
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=config.topic_prefix) as producer:
        for sequences in (NUMBERS[:2], NUMBERS[2:]):
            async with producer.transaction():
                for sequence in sequences:
                    headers = [("sequence", sequence.encode())]
                    await producer.send_and_wait(topic, value_of(order), key=str(order).encode(), partition=0, headers=headers)
    assert await event_log.read_end_offsets(config, [PARTITION]) == {PARTITION: END}


async def read(found: AsyncIterator[T]) -> list[T]:
    async with asyncio.timeout(20):
        return [one async for one in found]


async def read_runs(config: Settings, mark: Mark) -> list[ReadRun]:
    return [
        run for found in await read(event_log.read_runs(config, {PARTITION: mark}, {PARTITION: END}, most=100)) for run in found[PARTITION]
    ]


async def test_runs_are_read_to_an_end_after_the_last_record(config: Settings) -> None:
    found = await read_runs(config, Mark())
    assert [str(number_of(record)) for run in found for record in run.records] == NUMBERS
    assert found[-1].mark == Mark(END, Number(1, 3))
    assert await read_runs(config, found[-1].mark) == []


async def test_runs_are_read_from_a_mark_after_which_no_record_is_left(config: Settings) -> None:
    mark = Mark(END - 1, Number(1, 3))
    assert await read_runs(config, mark) == [ReadRun(Mark(END, Number(1, 3)), [])]


async def test_events_are_read_up_to_an_end_after_the_last_record(config: Settings) -> None:
    for end, numbers in ((END, NUMBERS), (3, NUMBERS[:2])):
        found = await read(event_log.read_upto(config, {PARTITION: end}))
        assert [str(entry.number) for _, entries in found for entry in entries] == numbers
        assert sum(records for records, _ in found) == end


async def test_the_whole_log_and_its_tails_are_read_where_no_record_is_last(config: Settings) -> None:
    assert [str(entry.number) for entry in await read(event_log.read_log(config, (TOPIC,)))] == NUMBERS
    assert [str(number_of(record)) for record in (await event_log.read_tails(config, (TOPIC,)))[PARTITION]] == NUMBERS


async def test_a_partition_without_any_record_left_has_no_parent(kafka: str, config: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        before = RecordsToDelete(before_offset=END - 1)
        await admin.delete_records({KafkaTopicPartition(topic_name(config, TOPIC), 0): before}, timeout_ms=10_000)
    finally:
        await admin.close()
    async with asyncio.timeout(20):
        assert await event_log.read_parents(config, [PARTITION]) == {}
