"""Kafka as every service uses it: explicit topics, one kind of producer, and every wait bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from shared.delivery import aiokafka_internals
from shared.delivery.positions import TopicPartition
from shared.events import SNAPSHOT, TOPICS
from shared.settings import Settings

COMPACTED = frozenset({SNAPSHOT})
REQUEST_MS = 8_000
# The broker's default message.max.bytes; an event is at most half of it (outbox.MAX_EVENT_BYTES), so Kafka never refuses one for size.
MAX_REQUEST_BYTES = 1024 * 1024
_TOPICS_SECONDS = 30.0
# What aiokafka raises when the cluster does not do what it is asked.
ERRORS = (KafkaError, OSError, TimeoutError)


class Unavailable(Exception):
    """Kafka does not answer, or refuses what the protocol needs. The caller may try again."""


AWAY = (*ERRORS, Unavailable)


def topic_name(settings: Settings, logical: str) -> str:
    """The topic's name on the cluster."""
    return settings.topic_prefix + logical


def logical_name(settings: Settings, topic: str) -> str:
    """The inverse of topic_name."""
    return topic.removeprefix(settings.topic_prefix)


def on_cluster(settings: Settings, partition: TopicPartition) -> KafkaTopicPartition:
    """The partition as aiokafka names it."""
    return KafkaTopicPartition(topic_name(settings, partition.topic), partition.partition)


def logical(settings: Settings, partition: KafkaTopicPartition) -> TopicPartition:
    """The inverse of on_cluster."""
    return TopicPartition(logical_name(settings, partition.topic), partition.partition)


@lru_cache(maxsize=65_536)
def partition_for(key: bytes, partitions: int) -> int:
    """The partition every Kafka client gives the key: murmur2, positive, modulo."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


# --- topics -------------------------------------------------------------------------------------------------------
async def create_topics(settings: Settings, topics: Sequence[str] = TOPICS) -> None:
    """Create what is missing; an existing topic keeps its partitions. Returns when every topic is writable. Raises Unavailable."""
    names = [topic_name(settings, topic) for topic in topics]
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers, request_timeout_ms=REQUEST_MS)
    try:
        async with asyncio.timeout(_TOPICS_SECONDS):
            await admin.start()
            existing = set(await admin.list_topics())
            missing = [_new_topic(settings, topic) for topic, name in zip(topics, names, strict=True) if name not in existing]
            if missing:
                _check((await admin.create_topics(missing)).topic_errors)
            while not await _all_have_leaders(admin, names):  # noqa: ASYNC110  # Kafka does not announce elections
                await asyncio.sleep(0.05)
    except ERRORS as error:
        raise Unavailable(f"topics could not be created on {settings.kafka_bootstrap_servers}: {error!r}") from error
    finally:
        with contextlib.suppress(*ERRORS):
            async with asyncio.timeout(3):
                await admin.close()


def _new_topic(settings: Settings, topic: str) -> NewTopic:
    # Every figure is recounted from the domain topics, so nothing in them is ever deleted.
    retention = {"cleanup.policy": "compact"} if topic in COMPACTED else {"retention.ms": "-1", "retention.bytes": "-1"}
    return NewTopic(topic_name(settings, topic), settings.topic_partitions, settings.topic_replication, topic_configs=retention)


def _check(answers: Sequence[tuple[str, int, str | None]]) -> None:
    """Raises the error of the first topic that was not created; another process may have created it meanwhile."""
    for name, code, message in answers:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message or error.description}")


async def _all_have_leaders(admin: AIOKafkaAdminClient, names: Sequence[str]) -> bool:
    described = await admin.describe_topics(list(names))
    return all(not topic["error_code"] and all(part["leader"] >= 0 for part in topic["partitions"]) for topic in described)


# --- producer -----------------------------------------------------------------------------------------------------
async def open_producer(settings: Settings) -> AIOKafkaProducer:
    """An idempotent producer: within one session nothing is repeated or reordered, and an ack means every in-sync replica has it."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        linger_ms=5,
        max_batch_size=256 * 1024,
        max_request_size=MAX_REQUEST_BYTES,
        request_timeout_ms=REQUEST_MS,
        retry_backoff_ms=100,
    )
    try:
        async with asyncio.timeout(15):
            await producer.start()
    except BaseException:
        await stop_producer(producer, 2)
        raise
    return producer


async def stop_producer(producer: AIOKafkaProducer, seconds: float) -> None:
    """Bounded, as stop() of an idempotent producer that lost its broker never returns. The relay resends what was not acknowledged."""
    with contextlib.suppress(*ERRORS):
        async with asyncio.timeout(seconds):
            await producer.stop()
            return
    aiokafka_internals.cancel_sender(producer)  # stop() was cut short; the sender would go on retrying in the background
    with contextlib.suppress(*ERRORS):
        async with asyncio.timeout(seconds):
            await producer.client.close()


async def partition_count(producer: AIOKafkaProducer, topic: str) -> int:
    """How many partitions the topic really has. Raises Unavailable when it does not exist."""
    try:
        async with asyncio.timeout(REQUEST_MS / 1000):
            return len(await producer.partitions_for(topic))
    except ERRORS as error:
        raise Unavailable(f"topic {topic} is not there: {error!r}") from error


async def answers(settings: Settings) -> bool:
    """Whether a fresh client gets an answer from Kafka."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers, request_timeout_ms=3_000)
    try:
        async with asyncio.timeout(5):
            await admin.start()
            await admin.list_topics()
    except ERRORS:
        return False
    else:
        return True
    finally:
        with contextlib.suppress(*ERRORS):
            async with asyncio.timeout(2):
                await admin.close()
