"""Private names of aiokafka that the delivery protocol relies on: an upgrade that changes one of them fails here, not in production."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import UnknownTopicOrPartitionError

from shared.delivery import aiokafka_internals
from tests.contracts.code import name, python_files

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
