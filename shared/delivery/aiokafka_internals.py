"""The only file that touches private names of aiokafka: what its public interface does not offer.

tests/unit/test_aiokafka_internals.py fails when the library renames or changes one of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import ConnectionGroup
from aiokafka.protocol.fetch import FetchRequest

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


def cancel_sender(producer: AIOKafkaProducer) -> None:
    """End the task that sends batches; there is no public way to abandon what a producer still holds."""
    if producer._sender is not None and producer._sender.sender_task is not None:  # noqa: SLF001
        producer._sender.sender_task.cancel()  # noqa: SLF001
