"""Kafka as every service uses it: explicit topics, one kind of producer, and every wait bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from shared.delivery import aiokafka_internals
from shared.delivery.positions import TopicPartition
from shared.events import SNAPSHOT, TOPICS
from shared.kafka_access import client_options
from shared.kafka_settings import KafkaSettings

COMPACTED = frozenset({SNAPSHOT})
REQUEST_MS = 8_000
# The broker's default message.max.bytes; an event is at most half of it (outbox.MAX_EVENT_BYTES), so Kafka never refuses one for size.
MAX_REQUEST_BYTES = 1024 * 1024
_TOPICS_SECONDS = 30.0
_IN_SYNC = "min.insync.replicas"
_LARGEST = "max.message.bytes"
SAFE_REPLICAS = 3
# What aiokafka raises when the cluster does not do what it is asked.
ERRORS = (KafkaError, OSError, TimeoutError)


class Unavailable(Exception):
    """Kafka does not answer, or refuses what the protocol needs. The caller may try again."""


class TopicLosesData(Exception):
    """A topic deletes what it must keep, or may lose it. It is left as it is; the message has the command that mends it."""


AWAY = (*ERRORS, Unavailable)


def own_topics(service: str) -> list[str]:
    """Logical names of the topics that the service writes."""
    return [topic for topic in TOPICS if topic.startswith(f"{service}.")]


def topic_name(settings: KafkaSettings, logical: str) -> str:
    """The topic's name on the cluster."""
    return settings.topic_prefix + logical


def logical_name(settings: KafkaSettings, topic: str) -> str:
    """The inverse of topic_name."""
    return topic.removeprefix(settings.topic_prefix)


def on_cluster(settings: KafkaSettings, partition: TopicPartition) -> KafkaTopicPartition:
    """The partition as aiokafka names it."""
    return KafkaTopicPartition(topic_name(settings, partition.topic), partition.partition)


def logical(settings: KafkaSettings, partition: KafkaTopicPartition) -> TopicPartition:
    """The inverse of on_cluster."""
    return TopicPartition(logical_name(settings, partition.topic), partition.partition)


# --- topics -------------------------------------------------------------------------------------------------------
async def create_topics(settings: KafkaSettings, topics: Sequence[str] = TOPICS) -> None:
    """Create what is missing; an existing topic keeps its partitions. Returns when every topic is writable.

    Raises Unavailable; TopicLosesData when the settings of one that was there before would lose data.
    """
    names = {topic_name(settings, topic): topic for topic in topics}
    try:
        async with asyncio.timeout(_TOPICS_SECONDS), administering(settings, REQUEST_MS) as admin:
            replicas = settings.topic_replication or _replicas(len((await admin.describe_cluster())["brokers"]))
            existing = set(await admin.list_topics())
            missing = [_new_topic(settings, topic, replicas) for name, topic in names.items() if name not in existing]
            if missing:
                _check((await admin.create_topics(missing)).topic_errors)
            while (described := await _described(admin, names)) is None:  # noqa: ASYNC110  # Kafka does not announce elections
                await asyncio.sleep(0.05)
            _refuse_loss(settings, described, replicas)
    except ERRORS as error:
        raise Unavailable(f"topics could not be created on {settings.kafka_bootstrap_servers}: {error!r}") from error


@contextlib.asynccontextmanager
async def administering(settings: KafkaSettings, request_ms: int) -> AsyncIterator[AIOKafkaAdminClient]:
    """Raises ERRORS where Kafka is away or lets nobody of this name in."""
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=request_ms)
    try:
        await admin.start()
        yield admin
    finally:
        await stopped(admin.close(), 3)


def _replicas(brokers: int) -> int:
    """What a topic gets where nothing else is asked for: one broker may be away and one more break without a loss."""
    return SAFE_REPLICAS if brokers >= SAFE_REPLICAS else 1


def _new_topic(settings: KafkaSettings, topic: str, replicas: int) -> NewTopic:
    return NewTopic(topic_name(settings, topic), settings.topic_partitions, replicas, topic_configs=needed(topic, replicas))


def needed(topic: str, replicas: int) -> dict[str, str]:
    """The settings without which the topic would lose data; what is created has them whatever the cluster's defaults are."""
    # Every figure is recounted from the domain topics, so nothing in them is ever deleted.
    forever = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
    kept = {"cleanup.policy": "compact"} if topic in COMPACTED else forever
    # What one replica alone has acknowledged, or a leader has that was behind, is gone when another becomes the leader.
    return kept if replicas == 1 else kept | {_IN_SYNC: "2", "unclean.leader.election.enable": "false"}


def losing(topic: str, replicas: int, found: Mapping[str, str]) -> dict[str, str]:
    """Of the settings found, those that would lose data, with the value each needs."""
    wrong = {name: value for name, value in needed(topic, replicas).items() if found.get(name) != value}
    if int(found.get(_IN_SYNC, 1)) > 1:
        wrong.pop(_IN_SYNC, None)
    if int(found.get(_LARGEST, MAX_REQUEST_BYTES)) < MAX_REQUEST_BYTES:  # a larger event would never be taken, and hold up all behind it
        wrong[_LARGEST] = str(MAX_REQUEST_BYTES)
    return wrong


def _check(answers: Sequence[tuple[str, int, str | None]]) -> None:
    """Raises the error of the first topic that has one, except that it exists already: another process may have created it meanwhile."""
    for name, code, message in answers:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message or error.description}")


@dataclass(frozen=True, slots=True)
class _Topic:
    logical: str
    name: str
    replicas: int  # of the partition that has fewest
    configured: Mapping[str, str]  # every setting as it is in force, the cluster's defaults included


async def _described(admin: AIOKafkaAdminClient, topics: Mapping[str, str]) -> list[_Topic] | None:
    """The topics, given by their names on the cluster; None until all have leaders and are known to whichever broker answers."""
    described = await admin.describe_topics(list(topics))
    if any(topic["error_code"] or any(part["leader"] < 0 for part in topic["partitions"]) for topic in described):
        return None
    replicas = {topic["topic"]: min(len(part["replicas"]) for part in topic["partitions"]) for topic in described}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in topics])
    resources = [resource for answer in answers for resource in answer.resources]
    try:
        _check([(name, code, message) for code, message, _, name, _ in resources])
    except UnknownTopicOrPartitionError:
        return None
    return [_Topic(topics[name], name, replicas[name], {entry[0]: entry[1] for entry in entries}) for *_, name, entries in resources]


def _refuse_loss(settings: KafkaSettings, topics: Sequence[_Topic], replicas: int) -> None:
    """Raises TopicLosesData, which names every topic and setting in one line."""
    refused = []
    servers = settings.kafka_bootstrap_servers
    for topic in topics:
        if topic.replicas < replicas:
            refused.append(
                f"topic {topic.name}: a partition has {topic.replicas} of {replicas} replicas; mend it with kafka-reassign-partitions.sh "
                f"--bootstrap-server {servers}, or set TOPIC_REPLICATION={topic.replicas} to accept it"
            )
        wrong = losing(topic.logical, topic.replicas, topic.configured)
        if wrong:
            what = ", ".join(f"{setting} is {topic.configured.get(setting)} and must be {value}" for setting, value in wrong.items())
            config = ",".join(f"{setting}={value}" for setting, value in wrong.items())
            command = f"kafka-configs.sh --bootstrap-server {servers} --alter --entity-type topics"
            refused.append(f"topic {topic.name}: {what}; mend it: {command} --entity-name {topic.name} --add-config {config}")
    if refused:
        raise TopicLosesData("; ".join(refused))


# --- partitions added to topics in use ----------------------------------------------------------------------------------
async def partition_counts(settings: KafkaSettings, topics: Sequence[str]) -> dict[str, int]:
    """Of the topics that are there. Raises Unavailable."""
    names = {topic_name(settings, topic): topic for topic in topics}
    try:
        async with asyncio.timeout(_TOPICS_SECONDS), administering(settings, REQUEST_MS) as admin:
            there = sorted(names.keys() & set(await admin.list_topics()))
            described = await admin.describe_topics(there) if there else []
            return {names[topic["topic"]]: len(topic["partitions"]) for topic in described}
    except ERRORS as error:
        raise Unavailable(f"partitions could not be counted on {settings.kafka_bootstrap_servers}: {error!r}") from error


async def add_partitions(settings: KafkaSettings, topics: Sequence[str], total: int) -> None:
    """To topics that have fewer. Returns when each has a leader for every partition. Raises Unavailable."""
    names = {topic_name(settings, topic): topic for topic in topics}
    try:
        async with asyncio.timeout(_TOPICS_SECONDS), administering(settings, REQUEST_MS) as admin:
            answer = await admin.create_partitions({name: NewPartitions(total) for name in names})
            _check(answer.topic_errors)
            while not await _have_leaders(admin, names, total):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.05)
    except ERRORS as error:
        raise Unavailable(f"no partitions could be added on {settings.kafka_bootstrap_servers}: {error!r}") from error


async def _have_leaders(admin: AIOKafkaAdminClient, names: Mapping[str, str], total: int) -> bool:
    described = await admin.describe_topics(list(names))
    return all(sum(part["leader"] >= 0 for part in topic["partitions"]) >= total for topic in described)


async def groups_missing_partitions(settings: KafkaSettings, topics: Sequence[str], total: int) -> dict[str, list[str]]:
    """Groups at work that read a topic, and do not read all of its partitions yet: group -> topics. Raises Unavailable."""
    names = {topic_name(settings, topic): topic for topic in topics}
    found: dict[str, list[str]] = {}
    try:
        async with asyncio.timeout(_TOPICS_SECONDS), administering(settings, REQUEST_MS) as admin:
            groups = [group for group, *_ in await admin.list_consumer_groups() if group.startswith(settings.topic_prefix)]
            for group in groups:  # one at a time: aiokafka 0.14 misreads an answer about several
                ((answer,),) = [answer.groups for answer in await admin.describe_consumer_groups([group])]
                read = _assigned([member[4] for member in answer[5]])
                if missing := sorted(names[name] for name, count in read.items() if name in names and count < total):
                    found[group] = missing
    except ERRORS as error:
        raise Unavailable(f"who reads the topics is not known on {settings.kafka_bootstrap_servers}: {error!r}") from error
    return found


def _assigned(assignments: Sequence[bytes]) -> Counter[str]:
    """How many partitions of each topic the members of a group read."""
    found: Counter[str] = Counter()
    for assignment in filter(None, assignments):
        for name, partitions in ConsumerProtocolMemberAssignment.decode(assignment).assignment:
            found[name] += len(partitions)
    return found


# --- producer -----------------------------------------------------------------------------------------------------
async def open_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """An idempotent producer: within one session nothing is repeated or reordered, and an ack means every in-sync replica has it."""
    producer = AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        linger_ms=5,
        max_batch_size=512 * 1024,
        max_request_size=MAX_REQUEST_BYTES,
        request_timeout_ms=REQUEST_MS,
        retry_backoff_ms=100,
    )
    starting = asyncio.ensure_future(producer.start())
    try:
        async with asyncio.timeout(15):
            await asyncio.shield(starting)
    except BaseException:
        # Cut off while it connects, aiokafka forgets the connection and leaves it open.
        await asyncio.wait({starting}, timeout=2)
        starting.cancel()
        await stop_producer(producer, 2)
        raise
    return producer


async def stopped(stopping: Awaitable[Any], seconds: float) -> bool:
    """Whether a client has stopped within the time, and without an error of Kafka's: one that has lost its broker may hang."""
    with contextlib.suppress(*ERRORS):
        async with asyncio.timeout(seconds):
            await stopping
            return True
    return False


async def stop_producer(producer: AIOKafkaProducer, seconds: float) -> None:
    """Bounded, as stop() of an idempotent producer that lost its broker never returns. The relay resends what was not acknowledged."""
    if not await stopped(producer.stop(), seconds):
        aiokafka_internals.cancel_sender(producer)  # stop() was cut short; the sender would go on retrying in the background
        await stopped(producer.client.close(), seconds)


async def partition_count(producer: AIOKafkaProducer, topic: str) -> int:
    """How many partitions the topic really has. Raises Unavailable when it does not exist."""
    try:
        async with asyncio.timeout(REQUEST_MS / 1000):
            return len(await producer.partitions_for(topic))
    except ERRORS as error:
        raise Unavailable(f"topic {topic} is not there: {error!r}") from error


async def answers(settings: KafkaSettings) -> bool:
    """Whether a fresh client gets an answer from Kafka."""
    try:
        async with asyncio.timeout(5), administering(settings, 3_000) as admin:
            await admin.list_topics()
    except ERRORS:
        return False
    return True
