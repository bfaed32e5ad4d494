"""The receiving half of the delivery protocol: every event of the subscribed topics is applied exactly once, in order.

FastStream and the consumer group decide who reads what; where to read on, and whether a record is new, is decided by the
service's own database (inbox.take). Offsets committed to Kafka are a hint for lag tools and nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.middlewares import AckPolicy

from shared.db import Database, Unavailable
from shared.delivery import event_log, inbox, kafka, outbox
from shared.delivery.event_log import KafkaRecord
from shared.delivery.inbox import Apply, Bulk, Each, Handler, Handlers, Misplaced, Reject, TooManyDiverted, caused_by, each
from shared.delivery.kafka import logical_name, topic_name
from shared.delivery.positions import Place, Position, positions
from shared.health import Health
from shared.settings import Settings

__all__ = ["Apply", "Bulk", "Consumer", "Handler", "Handlers", "Reject", "Stuck", "caused_by", "delivery_state", "each"]

MAX_RECORDS = 2_000  # of a batch; of one that is applied in bulk BULK_RECORDS
BULK_RECORDS = 50_000
FETCH_BYTES = 2 * 1024 * 1024  # of a partition at a time, compressed
BULK_FETCH_BYTES = 8 * 1024 * 1024
LOOK_SECONDS = 1.0  # between two looks at positions and lag
UNASSIGNED_FACTOR = 3  # without partitions, patience is longer: a peer may be at work
_SESSION_MS = 6_000  # the least a broker grants: how long the partitions of a killed process lie idle
_JOIN_MS = 30_000
# FastStream says on every start that it creates no topics; its errors are wanted.
_faststream_log = logging.getLogger("laowu.faststream")
_faststream_log.setLevel(logging.ERROR)
_KAFKA_AWAY = (KafkaError, OSError, TimeoutError, kafka.Unavailable)


class Stuck(Exception):
    """There are records to read and nothing moves: the process must end, its successor gets a fresh client."""


async def delivery_state(conn: Any) -> dict[str, Any]:
    """What is on its way in this database: rows in the outbox, how far each log is applied, open dead letters."""
    return {
        "outbox": await outbox.backlog(conn),
        "positions": {
            f"{topic}/{partition}": {
                "next_offset": position.next_offset,
                "epoch": position.expected.epoch,
                "next_number": position.expected.number,
                "gap_since": position.gap_since.isoformat() if position.gap_since else None,
            }
            for (topic, partition), position in (await positions(conn)).items()
        },
        "parked": await inbox.parked(conn),
    }


class Consumer:
    """Applies the topics' events through `apply` until stopped. Conditions it raises: kafka, consumer, log, gap, diverted."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        service: str,
        topics: Sequence[str],
        apply: Apply,
        health: Health,
        *,
        max_records: int | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._apply = apply
        self._wanted = apply.wanted if isinstance(apply, Each) else None
        self._health = health
        self._names = [topic_name(settings, topic) for topic in topics]
        self._group = settings.topic_prefix + service
        bulk = isinstance(apply, Bulk)
        self._max_records = max_records or (BULK_RECORDS if bulk else MAX_RECORDS)
        self._fetch_bytes = BULK_FETCH_BYTES if bulk else FETCH_BYTES
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self._listener = _Listener(self)
        self._fatal: asyncio.Future[None] | None = None
        self._kick = asyncio.Event()
        self._busy = asyncio.Lock()  # held while a batch is being taken
        self._taking: asyncio.Task[None] | None = None  # the newest batch; the one after it is fetched meanwhile
        self._replaced = 0  # how often a batch was not taken and has to be read again
        self._tending = asyncio.Lock()  # held while run() looks after things
        self._stopping = False
        self._halted = False  # the limit of diversions was reached
        self._unplaced: set[TopicPartition] = set()  # assigned, paused, to be put where the database says
        self._holes: set[tuple[Place, int]] = set()
        self._gaps: dict[Place, float] = {}  # monotonic time at which each missing number becomes an alarm
        self._applied: dict[TopicPartition, int] = {}  # next offset, stored
        self._hinted: dict[TopicPartition, int] = {}
        self._diverted = 0
        self._failures = 0
        self._steps = 0  # rises with every sign of life of the handler
        self._watch = _Watch()

    # --- life ---------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Join the group and apply, until cancelled. Without Kafka it goes on trying, and the condition "kafka" tells.

        Raises Stuck, and whatever a defect of this house raises: the process must end.
        """
        attempts = 0
        while not self._stopping:
            async with self._tending:
                connected = self._broker is not None or await self._connect()
                if connected:
                    await self._tend()
            if not connected:
                attempts += 1
                await asyncio.sleep(min(0.2 * 2**attempts, 5.0) * random.uniform(0.5, 1.0))
                continue
            attempts = 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wait_kick()

    async def stop(self) -> None:
        """Take no further batch, let the present one commit, leave the group: each bounded."""
        self._stopping = True
        self._kick.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds / 2):
                async with self._busy, self._tending:
                    pass
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.wait({self._taking}, timeout=3)
        await self._hint()
        await self._disconnect()

    async def lag(self) -> dict[str, int]:
        """Records of each "topic/partition" not yet taken, by the broker's end and the database's position. Raises Unavailable."""
        try:
            consumer = self._consumer
            if consumer is None or consumer._fetcher is None:  # noqa: SLF001  # there from the constructor on, useful only once started
                raise kafka.Unavailable("not connected")
            places = await event_log.partitions_of(consumer, self._names)
            ends = await event_log.end_offsets(consumer, places)
        except _KAFKA_AWAY as error:
            raise Unavailable(f"Kafka does not tell the end of the log: {error!r}") from error
        async with self._database.connection() as conn:
            stored = await positions(conn)
        lags = {}
        for place, end in ends.items():
            position = stored.get(self._place(place))
            lags["{}/{}".format(*self._place(place))] = end - (position.next_offset if position else 0)
        return lags

    # --- connection ---------------------------------------------------------------------------------------------
    @property
    def _consumer(self) -> Any:
        return self._subscriber.consumer if self._subscriber is not None else None

    def _place(self, partition: TopicPartition) -> Place:
        return logical_name(self._settings, partition.topic), partition.partition

    async def _connect(self) -> bool:
        broker = KafkaBroker(
            self._settings.kafka_bootstrap_servers,
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            # Joining a group waits for members that are gone, as long as a session lasts; a shorter bound would begin again and again.
            request_timeout_ms=_JOIN_MS,
            graceful_timeout=1.0,
            logger=_faststream_log,
            log_level=logging.DEBUG,  # of a line per batch
        )
        subscriber = broker.subscriber(
            *self._names,
            group_id=self._group,
            batch=True,
            max_records=self._max_records,
            batch_timeout_ms=20,
            fetch_max_wait_ms=100,  # a partition put back in place waits for the fetch under way
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=self._parse,
            decoder=_decode,
            listener=self._listener,
            auto_offset_reset="earliest",
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=1_000,
            max_partition_fetch_bytes=self._fetch_bytes,
        )
        subscriber(self._handle)
        self._broker, self._subscriber = broker, subscriber
        try:
            async with asyncio.timeout(20):
                await broker.start()
        except _KAFKA_AWAY as error:
            self._health.raise_condition("kafka", f"{type(error).__name__}: {error}")
            await self._disconnect()
            return False
        self._health.clear_condition("kafka")
        return True

    async def _disconnect(self) -> None:
        broker, self._broker, self._subscriber = self._broker, None, None
        if broker is not None:
            with contextlib.suppress(*_KAFKA_AWAY):
                async with asyncio.timeout(3):
                    await broker.stop()

    async def _wait_kick(self) -> None:
        kicked = asyncio.ensure_future(self._kick.wait())
        fatal = self._fatal_future()
        waited: set[asyncio.Future[Any]] = {kicked, fatal}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            kicked.cancel()
        if fatal.done():
            fatal.result()
        self._kick.clear()

    def _fatal_future(self) -> asyncio.Future[None]:
        if self._fatal is None:
            self._fatal = asyncio.get_running_loop().create_future()
        return self._fatal

    # --- one batch ----------------------------------------------------------------------------------------------
    async def _parse(self, records: tuple[KafkaRecord, ...]) -> KafkaAckableMessage:
        """Hands over the raw records: FastStream's own parser lets one bad header take its whole batch along."""
        return KafkaAckableMessage(
            body=b"",
            raw_message=records,
            headers={},
            batch_headers=[],
            content_type=None,
            message_id=str(self._replaced),
            correlation_id="",
            reply_to="",
            consumer=self._consumer,
        )

    async def _handle(self, fetched: tuple[int, Sequence[KafkaRecord]]) -> None:
        """Returns while the batch is being taken, so that the next one is fetched meanwhile; one at a time is taken.

        A batch that was fetched behind one that has to be read again is itself read again, after it.
        """
        replaced, records = fetched
        if self._taking is not None:
            await asyncio.wait({self._taking})
        if replaced == self._replaced:
            self._taking = asyncio.create_task(self._take_or_replace(records))
        else:
            self._replace(records)

    async def _take_or_replace(self, records: Sequence[KafkaRecord]) -> None:
        """Never raises: nobody would hear of it."""
        async with self._busy:
            if self._stopping or self._halted:
                return
            self._steps += 1
            try:
                await self._take(records)
            except Misplaced as error:
                self._holes |= error.places
                self._replace(records)
            except TooManyDiverted as error:
                self._halt(error)
            except (*inbox.PASSING, *_KAFKA_AWAY, asyncpg.PostgresError) as error:
                await self._retry_later(records, error)
            except Exception as error:  # noqa: BLE001  # a defect: run() raises it
                if not self._fatal_future().done():
                    self._fatal_future().set_exception(error)

    async def _take(self, records: Sequence[KafkaRecord]) -> None:
        taken = await inbox.take(
            self._database,
            self._settings.topic_prefix,
            records,
            self._apply,
            simulated=self._settings.simulation,
            max_diverted=self._settings.max_diverted,
            wanted=self._wanted,
            diverted=self._diverted,
            holes=frozenset(self._holes),
            progress=self._progress,
        )
        self._diverted = taken.diverted
        self._failures = 0
        self._holes = {hole for hole in self._holes if hole[0] not in taken.positions}
        self._health.clear_condition("consumer")
        for (topic, partition), position in taken.positions.items():
            self._applied[TopicPartition(topic_name(self._settings, topic), partition)] = position.next_offset
            self._know_gap((topic, partition), position)

    def _progress(self) -> None:
        self._steps += 1

    def _know_gap(self, place: Place, position: Position) -> None:
        if position.gap_since is None:
            self._gaps.pop(place, None)
        elif place not in self._gaps:
            age = time.time() - position.gap_since.timestamp()
            self._gaps[place] = time.monotonic() + self._settings.gap_alarm_seconds - max(age, 0.0)

    def _halt(self, error: TooManyDiverted) -> None:
        self._halted = True
        self._health.raise_condition("diverted", f"more than {self._settings.max_diverted} records in a row: {error}")
        self._consumer.pause(*self._consumer.assignment())

    async def _retry_later(self, records: Sequence[KafkaRecord], error: Exception) -> None:
        self._health.raise_condition("consumer", f"{type(error).__name__}: {error}")
        await asyncio.sleep(min(0.05 * 2 ** min(self._failures, 10), 5.0) * random.uniform(0.5, 1.0))
        self._failures += 1
        self._replace(records)

    def _replace(self, records: Sequence[KafkaRecord]) -> None:
        """Back to where the database says, before anything else of these partitions is read."""
        self._replaced += 1
        self._unplace({TopicPartition(record.topic, record.partition) for record in records})

    def _unplace(self, partitions: set[TopicPartition]) -> None:
        if self._consumer is None:
            return
        mine = partitions & self._consumer.assignment()
        if mine:
            self._consumer.pause(*mine)
        self._unplaced |= mine
        self._kick.set()

    def _revoked(self, partitions: set[TopicPartition]) -> None:
        self._unplaced -= partitions
        for partition in partitions:
            self._applied.pop(partition, None)
            self._hinted.pop(partition, None)
            self._gaps.pop(self._place(partition), None)

    # --- places, liveness, gaps -----------------------------------------------------------------------------------
    async def _tend(self) -> None:
        """One look. Raises Stuck."""
        if self._halted or self._stopping:
            return
        try:
            await self._put_in_place()
            await self._look()
        except _KAFKA_AWAY as error:
            await self._kafka_silent(error)
        except (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._health.raise_condition("consumer", f"{type(error).__name__}: {error}")
            self._watch = _Watch()
        else:
            self._health.clear_condition("kafka")
            self._watch.silent_since = None
        self._alarm_gaps()

    async def _put_in_place(self) -> None:
        """Seek what was assigned to where the database says; what lies outside the log stays paused and is told."""
        waiting = self._unplaced & self._consumer.assignment()
        self._unplaced = set(waiting)
        if not waiting:
            return
        begins = await event_log.begin_offsets(self._consumer, sorted(waiting))
        ends = await event_log.end_offsets(self._consumer, sorted(waiting))
        async with self._database.connection() as conn:
            stored = await positions(conn)
        outside = []
        for partition in sorted(waiting & self._unplaced & self._consumer.assignment()):
            position = stored.get(self._place(partition), Position(0, event_log.START, None))
            if not begins[partition] <= position.next_offset <= ends[partition]:
                outside.append(
                    f"{partition.topic}/{partition.partition}: offset {position.next_offset} is to be read, "
                    f"the log holds {begins[partition]} to {ends[partition]}"
                )
                continue
            self._consumer.seek(partition, position.next_offset)
            self._consumer.resume(partition)
            self._unplaced.discard(partition)
            self._applied[partition] = position.next_offset
            self._know_gap(self._place(partition), position)
        if outside:
            self._health.raise_condition("log", "; ".join(outside))
        else:
            self._health.clear_condition("log")

    async def _look(self) -> None:
        """Compare what is applied with what there is. Raises Stuck, what Kafka or Postgres raises."""
        assigned = self._consumer.assignment()
        if assigned:
            ends = await event_log.end_offsets(self._consumer, sorted(assigned))
            behind = {p: self._applied.get(p, 0) for p, end in ends.items() if p not in self._unplaced and end > self._applied.get(p, 0)}
            patience = self._settings.stuck_seconds
        else:
            behind = await self._behind_in_group()
            patience = self._settings.stuck_seconds * UNASSIGNED_FACTOR
        if not behind and not self._unplaced:
            self._health.clear_condition("consumer")
        stuck = self._watch.unmoved(behind, self._steps, patience)
        if stuck:
            raise Stuck(f"nothing was read for {patience:g} s although there is more: {stuck}")
        await self._hint()

    async def _behind_in_group(self) -> dict[TopicPartition, int]:
        """Without partitions of our own: where the whole group stands. Standing still, it has lost us without telling."""
        places = await event_log.partitions_of(self._consumer, self._names)
        ends = await event_log.end_offsets(self._consumer, places)
        async with self._database.connection() as conn:
            stored = await positions(conn)
        at = {place: stored.get(self._place(place), Position(0, event_log.START, None)).next_offset for place in places}
        return {place: at[place] for place in places if ends[place] > at[place]}

    async def _kafka_silent(self, error: BaseException) -> None:
        """Kafka is away for everybody: wait. It answers others but not this client: Stuck after a while."""
        self._health.raise_condition("kafka", f"{type(error).__name__}: {error}")
        now = time.monotonic()
        if not await kafka.answers(self._settings):
            self._watch = _Watch()
        elif self._watch.silent_since is None:
            self._watch.silent_since = now
        elif now - self._watch.silent_since > self._settings.stuck_seconds:
            raise Stuck(f"Kafka answers, but not this client: {error!r}") from error

    def _alarm_gaps(self) -> None:
        overdue = sorted(place for place, due in self._gaps.items() if time.monotonic() > due)
        if overdue:
            places = ", ".join(f"{topic}/{partition}" for topic, partition in overdue)
            self._health.raise_condition("gap", f"numbers are missing in {places}: the log lost data, or a relay does not finish its batch")
        else:
            self._health.clear_condition("gap")

    async def _hint(self) -> None:
        """Commit to Kafka for tools that show lag; whether it succeeds does not matter."""
        consumer = self._consumer
        if consumer is None:
            return
        offsets = {p: offset for p, offset in self._applied.items() if p in consumer.assignment() and self._hinted.get(p) != offset}
        if offsets:
            with contextlib.suppress(*_KAFKA_AWAY):
                async with asyncio.timeout(2):
                    await consumer.commit(offsets)
                    self._hinted |= offsets


class _Watch:
    """Notices that positions with records after them do not move."""

    def __init__(self) -> None:
        self._seen: dict[TopicPartition, tuple[int, int, float]] = {}  # position, steps, since
        self.silent_since: float | None = None

    def unmoved(self, behind: Mapping[TopicPartition, int], steps: int, patience: float) -> list[str]:
        """Partitions that stand at the same position, the handler giving no sign of life, for longer than `patience` seconds."""
        now = time.monotonic()
        seen = {}
        for partition, position in behind.items():
            before = self._seen.get(partition)
            seen[partition] = before if before and before[:2] == (position, steps) else (position, steps, now)
        self._seen = seen
        return [f"{p.topic}/{p.partition}@{position}" for p, (position, _, since) in sorted(seen.items()) if now - since > patience]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Every assigned partition is paused until it has been put where the database says. Exceptions here would be swallowed by aiokafka."""

    def __init__(self, consumer: Consumer) -> None:
        self._owner = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._owner._revoked(set(revoked))  # noqa: SLF001  # the two are one

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._owner._unplace(set(assigned))  # noqa: SLF001


async def _decode(message: KafkaAckableMessage) -> Any:
    return int(message.message_id), message.raw_message
