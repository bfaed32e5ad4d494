"""One member of a service's consumer group, through FastStream: batches of raw records come out, partitions have their logical names.

FastStream and the consumer group decide who reads what; which offset is read next is decided by the Seeker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaTopicPartition
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.middlewares import AckPolicy
from faststream.security import BaseSecurity, SASLOAuthBearer, SASLPlaintext, SASLScram256, SASLScram512

from shared.delivery import aiokafka_internals, event_log, kafka
from shared.delivery.aiokafka_internals import StoredBatches
from shared.delivery.kafka import logical, on_cluster, topic_name
from shared.delivery.numbering import KafkaRecord
from shared.delivery.positions import TopicPartition
from shared.kafka_access import issued_tokens, tls_context
from shared.settings import Settings

CONNECT_SECONDS = 20.0
DISCONNECT_SECONDS = 3.0
SESSION_MS = 6_000  # the shortest that brokers allow: so long are the partitions of a killed process not read
# Joining a group waits for members that are gone, for as long as a session lasts; a shorter bound would abandon every attempt.
JOIN_MS = 30_000
METADATA_MS = 30_000  # so long are partitions that were added to a topic not read
# The broker answers a fetch as soon as there is something, or after so long. A partition whose records wait to be taken, or that is sought
# anew, is read again only once the fetch of the others is answered: the wait grows by as much while nothing comes, up to the second.
FETCH_MS, IDLE_FETCH_MS, IDLE_GROWTH = 100, 4_000, 3
# FastStream warns on every start that it creates no topics; only its errors are of use.
_faststream_logger = logging.getLogger("laowu.faststream")
_faststream_logger.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """The records of one fetch, one by one or as they are stored. `rereads`: how often records had been sent back to be read again when it
    arrived.
    """

    records: Sequence[KafkaRecord | StoredBatches]
    rereads: int


class Reader(Protocol):
    """What takes the batches."""

    rereads: int

    async def handle(self, batch: FetchedBatch, /) -> None: ...


class Assignee(Protocol):
    """Called on a rebalance. Exceptions raised here would be swallowed by aiokafka."""

    def hold(self, partitions: Collection[TopicPartition], /) -> None: ...

    def revoke(self, partitions: Collection[TopicPartition], /) -> None: ...


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much is read at a time: records of a batch; bytes of a partition in one fetch, compressed; and how many records are handed over
    together, as they are stored. None: each by itself.
    """

    records: int
    partition_bytes: int
    together: int | None = None


class Subscription:
    """The topics as this process reads them: connection, assignment, and the offsets of the partitions."""

    def __init__(self, settings: Settings, service: str, topics: Iterable[str], limits: FetchLimits) -> None:
        self._settings = settings
        self._group = settings.topic_prefix + service
        self._names = [topic_name(settings, topic) for topic in topics]
        self._limits = limits
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None

    # --- connection -------------------------------------------------------------------------------------------------
    @property
    def connected(self) -> bool:
        return self._broker is not None

    async def connect(self, reader: Reader, assignee: Assignee) -> None:
        """Join the group. Raises kafka.ERRORS; then nothing stays connected, nor where it is cancelled or disconnected meanwhile."""
        broker = KafkaBroker(
            **_broker_options(self._settings),
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            request_timeout_ms=JOIN_MS,
            metadata_max_age_ms=METADATA_MS,
            graceful_timeout=1.0,
            logger=_faststream_logger,
            log_level=logging.DEBUG,  # of a line per batch
        )
        subscriber = self._subscribe(broker, reader, assignee)
        self._broker, self._subscriber = broker, subscriber
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await _let_consumers_wait(broker, self._limits)
                await broker.start()
        except BaseException:  # a cancellation too
            self._broker = self._subscriber = None
            raise
        finally:
            if self._broker is not broker:  # or disconnected meanwhile, when there was no consumer to stop yet
                await _stop(broker, subscriber)

    def _subscribe(self, broker: KafkaBroker, reader: Reader, assignee: Assignee) -> Any:
        async def parse(records: tuple[KafkaRecord | StoredBatches, ...]) -> _BatchMessage:
            return _BatchMessage(FetchedBatch(records, reader.rereads), self._consumer)

        subscriber = broker.subscriber(
            *self._names,
            group_id=self._group,
            batch=True,
            max_records=max(1, self._limits.records // (self._limits.together or 1)),
            fetch_max_wait_ms=FETCH_MS,
            consumer_timeout_ms=1_000,  # whatever makes a fetch possible wakes the loop that fetches; this only looks once more
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=parse,
            decoder=_decode,
            listener=_Listener(self._settings, assignee),
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=2_000,
            max_partition_fetch_bytes=self._limits.partition_bytes,
        )
        subscriber(reader.handle)
        return subscriber

    async def disconnect(self) -> None:
        """Leave the group, within a bound."""
        broker, subscriber = self._broker, self._subscriber
        self._broker = self._subscriber = None
        if broker is not None:
            await _stop(broker, subscriber)

    @property
    def _consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer if self._subscriber is not None else None

    @property
    def _started(self) -> AIOKafkaConsumer:
        """Raises kafka.Unavailable."""
        consumer = self._consumer
        if consumer is None or not aiokafka_internals.is_started(consumer):
            raise kafka.Unavailable("not connected")
        return consumer

    # --- assigned partitions ----------------------------------------------------------------------------------------
    def assignment(self) -> set[TopicPartition]:
        """The partitions that the group has assigned to this process."""
        consumer = self._consumer
        return {logical(self._settings, partition) for partition in consumer.assignment()} if consumer is not None else set()

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Hand over nothing of these assigned partitions until resumed."""
        if self._consumer is not None:
            self._consumer.pause(*self._on_cluster(partitions))

    def seek_and_resume(self, partition: TopicPartition, offset: int) -> None:
        """Read the assigned partition on from the offset."""
        consumer, (found,) = self._started, self._on_cluster([partition])
        consumer.seek(found, offset)
        consumer.resume(found)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the offsets in Kafka. Raises kafka.ERRORS."""
        await self._started.commit({on_cluster(self._settings, partition): offset for partition, offset in offsets.items()})

    # --- offsets ----------------------------------------------------------------------------------------------------
    async def partitions(self) -> list[TopicPartition]:
        """Every partition of the topics, whoever reads it. Raises kafka.ERRORS, kafka.Unavailable."""
        return [logical(self._settings, partition) for partition in await event_log.partitions_of(self._started, self._names)]

    async def begin_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Offset of the first record that each still holds. Raises kafka.ERRORS, kafka.Unavailable."""
        return self._logical(await event_log.begin_offsets(self._started, self._on_cluster(partitions)))

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Offset after the last record of each. Raises kafka.ERRORS, kafka.Unavailable."""
        return self._logical(await event_log.end_offsets(self._started, self._on_cluster(partitions)))

    def _on_cluster(self, partitions: Collection[TopicPartition]) -> list[KafkaTopicPartition]:
        return [on_cluster(self._settings, partition) for partition in sorted(partitions)]

    def _logical(self, offsets: Mapping[KafkaTopicPartition, int]) -> dict[TopicPartition, int]:
        return {logical(self._settings, partition): offset for partition, offset in offsets.items()}


async def _stop(broker: KafkaBroker, subscriber: Any) -> None:
    """Both bounded: what FastStream waits for before it stops the consumer may take all of the time."""
    await kafka.stopped(broker.stop(), DISCONNECT_SECONDS)
    if subscriber.consumer is not None:
        await kafka.stopped(subscriber.consumer.stop(), DISCONNECT_SECONDS)


class _WaitingConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Answers once there are records. FastStream would ask again and again, and sleep as long after every answer without any."""

    def __init__(self, limits: FetchLimits, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._limits = limits
        aiokafka_internals.fetch_apart(self)

    async def start(self) -> None:
        await super().start()
        if self._limits.together is None:
            aiokafka_internals.hand_over_light_records(self)
        else:
            aiokafka_internals.hand_over_batches(self, self._limits.together)

    async def getmany(self, *partitions: KafkaTopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Any:  # noqa: ARG002
        wait_ms = FETCH_MS
        while not (found := await super().getmany(*partitions, timeout_ms=wait_ms, max_records=max_records)):
            wait_ms = min(wait_ms * IDLE_GROWTH, IDLE_FETCH_MS)
            aiokafka_internals.set_fetch_wait(self, wait_ms)
        aiokafka_internals.set_fetch_wait(self, FETCH_MS)
        return found


async def _let_consumers_wait(broker: KafkaBroker, limits: FetchLimits) -> None:
    """Of all that subscribe at the broker, before it starts."""
    builder: Any = await broker.connect()  # makes the consumers, with what they need to connect
    broker.config.broker_config.builder = partial(_WaitingConsumer, limits, **builder.keywords)


class _BatchMessage(KafkaAckableMessage):
    """Carries raw records past FastStream's parser, which loses a whole batch to one bad header."""

    def __init__(self, batch: FetchedBatch, consumer: Any) -> None:
        super().__init__(
            body=b"",
            raw_message=batch.records,
            headers={},
            batch_headers=[],
            content_type=None,
            message_id="",
            correlation_id="",
            reply_to="",
            consumer=consumer,
        )
        self.batch = batch


async def _decode(message: _BatchMessage) -> FetchedBatch:
    return message.batch


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Every assigned partition is held until its stored position has been looked up."""

    def __init__(self, settings: Settings, assignee: Assignee) -> None:
        self._settings = settings
        self._assignee = assignee

    async def on_partitions_revoked(self, revoked: Collection[KafkaTopicPartition]) -> None:
        self._assignee.revoke({logical(self._settings, partition) for partition in revoked})

    async def on_partitions_assigned(self, assigned: Collection[KafkaTopicPartition]) -> None:
        self._assignee.hold({logical(self._settings, partition) for partition in assigned})


def _broker_options(settings: Settings) -> dict[str, Any]:
    """`client_options` as FastStream's KafkaBroker takes them. Raises WrongAccess."""
    # One string with commas would be one host name to FastStream.
    servers = [server.strip() for server in settings.kafka_bootstrap_servers.split(",")]
    options: dict[str, Any] = {"bootstrap_servers": servers, "security": _security(settings)}
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        options["sasl_oauth_token_provider"] = issued_tokens(settings)
    return options


def _security(settings: Settings) -> BaseSecurity:
    context = tls_context(settings)
    if settings.kafka_sasl_mechanism is None:
        return BaseSecurity(ssl_context=context, use_ssl=context is not None)
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        return SASLOAuthBearer(ssl_context=context, use_ssl=context is not None)
    kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}[settings.kafka_sasl_mechanism]
    password = settings.kafka_sasl_password
    return kind(
        username=settings.kafka_sasl_username or "",
        password="" if password is None else password.get_secret_value(),
        ssl_context=context,
        use_ssl=context is not None,
    )
