"""The only file that touches private names of aiokafka: what its public interface does not offer.

tests/unit/test_aiokafka_internals.py fails when the library renames or changes one of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import ConnectionGroup
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException
from aiokafka.protocol.fetch import FetchRequest

T = TypeVar("T")
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


def hand_over_batches(consumer: AIOKafkaConsumer) -> None:
    """From now on getmany() answers with lists of records, each a stored batch as it was decoded, and `max_records` limits their number.

    Such a record has no topic and partition: a ConsumerRecord, which has, takes longer to make than all the rest of reading.
    To be called after start() and before seek(), after which all is fetched anew.
    """
    consumer._fetcher._records = _Fetched(_StoredBatches)  # noqa: SLF001


def hand_over_light_records(consumer: AIOKafkaConsumer) -> None:
    """From now on getmany() answers with a LightRecord in the place of each ConsumerRecord. To be called as hand_over_batches()."""
    consumer._fetcher._records = _Fetched(_StoredRecords)  # noqa: SLF001


class LightRecord(NamedTuple):
    """What is read of a ConsumerRecord, made in a quarter of the time."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class _Fetched(OrderedDict[Any, Any]):
    """What has been fetched of each partition, until getmany() takes it as `kind`."""

    def __init__(self, kind: type[_Stored[Any]]) -> None:
        super().__init__()
        self._kind = kind

    def __setitem__(self, partition: Any, fetched: Any) -> None:
        if isinstance(fetched, FetchResult):  # it may be an error
            fetched._partition_records = self._kind(fetched._partition_records)  # noqa: SLF001
        super().__setitem__(partition, fetched)


class _Stored(ABC, Generic[T]):
    """Takes the place of a PartitionRecords, for a reader that does not care for transactions, as ours."""

    def __init__(self, fetched: Any) -> None:
        self._partition, self._batches = fetched._tp, fetched._records  # noqa: SLF001
        self.next_fetch_offset = fetched.next_fetch_offset
        self._read = self._items()

    def __iter__(self) -> Iterator[T]:
        return self._read

    @abstractmethod
    def _items(self) -> Iterator[T]:
        """What getmany() answers with; `next_fetch_offset` is that after the last one."""

    def _sound_batches(self) -> Iterator[Any]:
        while self._batches.has_next():
            batch = self._batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException(f"the checksum of a batch of {self._partition} after {self.next_fetch_offset} is wrong")
            if not batch.is_control_batch:
                yield batch
            self.next_fetch_offset = batch.next_offset


class _StoredBatches(_Stored[list[Any]]):
    def _items(self) -> Iterator[list[Any]]:
        for batch in self._sound_batches():
            begin, self.next_fetch_offset = self.next_fetch_offset, batch.next_offset
            if records := [record for record in batch if record.offset >= begin]:
                yield records


class _StoredRecords(_Stored[LightRecord]):
    def _items(self) -> Iterator[LightRecord]:
        topic, partition = self._partition
        for batch in self._sound_batches():
            for record in batch:
                offset = record.offset
                if offset >= self.next_fetch_offset:
                    self.next_fetch_offset = offset + 1
                    yield LightRecord._make((topic, partition, offset, record.timestamp, record.key, record.value, record.headers))


def cancel_sender(producer: AIOKafkaProducer) -> None:
    """End the task that sends batches; there is no public way to abandon what a producer still holds."""
    if producer._sender is not None and producer._sender.sender_task is not None:  # noqa: SLF001
        producer._sender.sender_task.cancel()  # noqa: SLF001
