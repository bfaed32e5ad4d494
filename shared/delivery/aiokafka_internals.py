"""The only file that touches private names of aiokafka: what its public interface does not offer.

tests/unit/test_aiokafka_internals.py fails when the library renames or changes one of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import ConnectionGroup
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

T = TypeVar("T")
_HEAD_BYTES = 12  # of a batch: its offset, and in the last four how many bytes follow
_FETCHING = max(ConnectionGroup) + 1  # beside the connections to a broker that aiokafka makes itself


def is_started(consumer: AIOKafkaConsumer) -> bool:
    """Whether start() has come as far as making the fetcher: before it, every request fails with an AttributeError."""
    return consumer._fetcher is not None  # noqa: SLF001


async def partitions_of_topic(consumer: AIOKafkaConsumer, topic: str) -> Collection[int]:
    """Partitions of a topic that exists on the cluster; partitions_for_topic() knows only subscribed topics.

    Waits until metadata names the topic; bound it by a time-out. Raises KafkaError.
    """
    partitions: Collection[int] = await consumer._client._wait_on_metadata(topic)  # noqa: SLF001
    return partitions


async def ask(admin: AIOKafkaAdminClient, request: Any) -> Any:
    """The answer to a request that the client knows and has no method for, such as those about ACLs. Raises KafkaError."""
    return await admin._send_request(request)  # noqa: SLF001


def fetch_apart(consumer: AIOKafkaConsumer) -> None:
    """Fetches get a connection of their own: a broker answers one after the other, so others would wait behind a fetch that it holds."""
    send = consumer._client.send  # noqa: SLF001

    async def send_apart(node: int, request: Any, *, group: int = ConnectionGroup.DEFAULT) -> Any:
        return await send(node, request, group=_FETCHING if isinstance(request, FetchRequest) else group)

    consumer._client.send = send_apart  # noqa: SLF001


def set_fetch_wait(consumer: AIOKafkaConsumer, milliseconds: int) -> None:
    """For how long the broker holds the fetches from now on, while it has nothing to answer them with."""
    consumer._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001


def hand_over_batches(consumer: AIOKafkaConsumer, most: int) -> None:
    """From now on getmany() answers with StoredBatches of at most so many records (or one batch), and `max_records` limits their number.

    To be called after start() and before seek(), after which all is fetched anew.
    """
    _hand_over(consumer, partial(_BatchesTogether, most))


def hand_over_light_records(consumer: AIOKafkaConsumer) -> None:
    """From now on getmany() answers with a LightRecord in the place of each ConsumerRecord. To be called as hand_over_batches()."""
    _hand_over(consumer, _LightRecords)


def _hand_over(consumer: AIOKafkaConsumer, kind: Callable[[Any, bytes], _Fetch[Any]]) -> None:
    fetched = consumer._fetcher._records = _Fetched(kind)  # noqa: SLF001
    send = consumer._client.send  # noqa: SLF001

    async def send_and_keep(node: int, request: Any, **options: Any) -> Any:
        response = await send(node, request, **options)
        if isinstance(request, FetchRequest):
            fetched.keep(response)
        return response

    consumer._client.send = send_and_keep  # noqa: SLF001


class LightRecord(NamedTuple):
    """What is read of a ConsumerRecord, made in a quarter of the time."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class StoredBatch(NamedTuple):
    """A batch of records as the broker stores it, its checksum compared; those before the offset `begin` are not wanted."""

    stored: bytes
    decoder: Any
    begin: int

    @property
    def whole(self) -> bool:
        """Whether all of it is wanted."""
        return bool(self.begin <= self.decoder.base_offset)

    def records(self, topic: str, partition: int) -> Iterator[LightRecord]:
        """As aiokafka decodes them, for once."""
        try:
            decoded = list(self.decoder)
        except UnicodeDecodeError:  # the broker takes any bytes for the name of a header
            decoded = _decode_odd_names(self.stored)
        for record in decoded:
            if record.offset >= self.begin:
                yield LightRecord._make((topic, partition, record.offset, record.timestamp, record.key, record.value, record.headers))


def _decode_odd_names(stored: bytes) -> list[Any]:
    """The records of a batch in which aiokafka refuses the name of a header: what is no UTF-8 in it is replaced."""
    decoder = _DefaultRecordBatchPy(stored)
    decoder._maybe_uncompress()  # noqa: SLF001
    decoder._buffer = _ReadableBytes(decoder._buffer)  # noqa: SLF001
    return list(decoder)


class _ReadableBytes(bytearray):
    """Decodes any bytes."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _ReadableBytes(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


class StoredBatches(NamedTuple):
    """Batches of a partition in order."""

    topic: str  # as the cluster names it
    partition: int
    batches: Sequence[StoredBatch]


class _Fetched(OrderedDict[Any, Any]):
    """What has been fetched of each partition, until getmany() takes it as `kind`."""

    def __init__(self, kind: Callable[[Any, bytes], _Fetch[Any]]) -> None:
        super().__init__()
        self._kind = kind
        self._kept: dict[Any, bytes] = {}

    def keep(self, response: Any) -> None:
        """What the answer to a fetch holds of each partition: aiokafka puts it here next, and keeps no way to the bytes themselves."""
        for topic, partitions in response.topics:
            for partition, *_, stored in partitions:
                self._kept[TopicPartition(topic, partition)] = stored

    def __setitem__(self, partition: Any, fetched: Any) -> None:
        if isinstance(fetched, FetchResult):  # it may be an error
            replaced = fetched._partition_records  # noqa: SLF001
            fetched._partition_records = self._kind(replaced, self._kept.pop(partition))  # noqa: SLF001
            replaced._records_iterator = None  # noqa: SLF001  # it refers back, and would keep the bytes until the garbage collector runs
        super().__setitem__(partition, fetched)


class _Fetch(ABC, Generic[T]):
    """Takes the place of a PartitionRecords, for a reader that does not care for transactions, as ours."""

    def __init__(self, fetched: Any, stored: bytes) -> None:
        self._partition, self._stored = fetched._tp, stored  # noqa: SLF001
        self.next_fetch_offset = fetched.next_fetch_offset
        self._read = self._items()

    def __iter__(self) -> Iterator[T]:
        return self._read

    @abstractmethod
    def _items(self) -> Iterator[T]:
        """What getmany() answers with; `next_fetch_offset` is that after the last one."""

    def _sound_batches(self) -> Iterator[StoredBatch]:
        """Ends before a damaged batch: what has been read is handed over, and the batch is fetched again. Raises where it is the first."""
        begin = self.next_fetch_offset
        for stored in _cut(self._stored):
            batch = MemoryRecords(stored).next_batch()
            if not batch.validate_crc():
                if self.next_fetch_offset > begin:
                    return
                raise CorruptRecordException(f"the checksum of a batch of {self._partition} after {self.next_fetch_offset} is wrong")
            if not batch.is_control_batch and batch.next_offset > self.next_fetch_offset:
                yield StoredBatch(stored, batch, self.next_fetch_offset)
            self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)


def _cut(stored: bytes) -> Iterator[bytes]:
    """The batches in an answer, each with its offset and length before it; of the last one there may be only a part."""
    begin = 0
    while begin + _HEAD_BYTES <= len(stored):
        end = begin + _HEAD_BYTES + int.from_bytes(stored[begin + _HEAD_BYTES - 4 : begin + _HEAD_BYTES], "big")
        if end <= len(stored):
            yield stored[begin:end]
        begin = end


class _BatchesTogether(_Fetch[StoredBatches]):
    def __init__(self, most: int, fetched: Any, stored: bytes) -> None:
        super().__init__(fetched, stored)
        self._most = most

    def _items(self) -> Iterator[StoredBatches]:
        (topic, partition), together, records = self._partition, list[StoredBatch](), 0
        for batch in self._sound_batches():
            more = batch.decoder.next_offset - batch.begin
            if together and records + more > self._most:
                yield StoredBatches(topic, partition, together)
                together, records = [], 0
            together.append(batch)
            records += more
        if together:
            yield StoredBatches(topic, partition, together)


class _LightRecords(_Fetch[LightRecord]):
    def _items(self) -> Iterator[LightRecord]:
        for batch in self._sound_batches():
            for record in batch.records(*self._partition):
                self.next_fetch_offset = record.offset + 1
                yield record


def cancel_sender(producer: AIOKafkaProducer) -> None:
    """End the task that sends batches; there is no public way to abandon what a producer still holds."""
    if producer._sender is not None and producer._sender.sender_task is not None:  # noqa: SLF001
        producer._sender.sender_task.cancel()  # noqa: SLF001
