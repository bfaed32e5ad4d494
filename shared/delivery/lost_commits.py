"""Whether the log is ahead of the database: a backup was restored, or a standby that was behind was promoted.

Its relay would give numbers out again that other events have, and every consumer would drop the new events as repeats. A service asks
when it starts, and its relay when the database has another history than it had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from shared.delivery import kafka
from shared.delivery.event_log import read_tails
from shared.delivery.numbering import KafkaRecord, Number, number_of
from shared.delivery.partitioning import partitions_of
from shared.delivery.positions import TopicPartition
from shared.kafka_settings import KafkaSettings

# NULL on a standby. Where a server does not say, as some that are offered as a service do not, nothing can be compared.
_HISTORY = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/'
        || (SELECT oid FROM pg_database WHERE datname = current_database())
END
"""
EPOCH = "SELECT epoch FROM relay"
NUMBERS = "SELECT topic, partition, next_number FROM relay_sequence"
PARTITIONS = "SELECT topic, partitions FROM relay_topic"
INFLIGHT = """
SELECT outbox.topic, outbox.key, outbox.value FROM relay CROSS JOIN unnest(relay.inflight) WITH ORDINALITY AS sent (ids, rank)
    JOIN outbox ON outbox.id >= lower(sent.ids) AND outbox.id < upper(sent.ids)
ORDER BY sent.rank, outbox.id
"""
_NOT_SAID = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedFunctionError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)


class LogAhead(Exception):
    """The log has events of this service that its database does not know. Nothing is accepted or sent until an operator has decided."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a database knows of its log: the epoch, the next number of each partition, and the values that may be there from it on."""

    epoch: int
    following: Mapping[TopicPartition, int]
    in_flight: Mapping[TopicPartition, Sequence[bytes]]

    def next_number(self, partition: TopicPartition) -> Number:
        return Number(self.epoch, self.following.get(partition, 0))

    def is_done_with(self, partition: TopicPartition, number: Number) -> bool:
        """Whether the record was sent and acknowledged."""
        return number < self.next_number(partition)

    def sent(self, partition: TopicPartition, number: Number, record: KafkaRecord) -> bool:
        """Whether the record is one that it sent, or is sending."""
        if self.is_done_with(partition, number):
            return True
        sending, place = self.in_flight.get(partition, ()), number.number - self.next_number(partition).number
        return number.epoch == self.epoch and place < len(sending) and record.value == sending[place]


async def known_numbers(conn: Any) -> Known:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        epoch = await conn.fetchval(EPOCH)
        partitions = {row["topic"]: row["partitions"] for row in await conn.fetch(PARTITIONS)}
        following = {TopicPartition(row["topic"], row["partition"]): row["next_number"] for row in await conn.fetch(NUMBERS)}
        rows = await conn.fetch(INFLIGHT)
    in_flight = defaultdict(list)
    for row in rows:
        if row["topic"] in partitions:  # else nothing of it was sent
            (partition,) = partitions_of([row["key"].encode()], partitions[row["topic"]])
            in_flight[TopicPartition(row["topic"], partition)].append(row["value"])
    return Known(epoch, following, in_flight)


async def history(conn: asyncpg.Connection) -> str | None:
    """Server, time line and database; another one after every failover and restore. None: not to be had."""
    try:
        found: str | None = await conn.fetchval(_HISTORY)
    except _NOT_SAID:
        return None
    return found


async def require_none(conn: Any, settings: KafkaSettings, service: str) -> None:
    """Raises LogAhead, kafka.Unavailable. The log is read first: whatever is sent meanwhile was in the database before."""
    tails = await read_tails(settings, kafka.own_topics(service))
    known = await known_numbers(conn)
    ahead = []
    for partition, records in sorted(tails.items()):
        unknown = [number for record in records if (number := number_of(record)) is not None and not known.sent(partition, number, record)]
        if unknown:
            ahead.append(f"{partition} holds number {max(unknown)}, and {known.next_number(partition)} would be next")
    if ahead:
        raise LogAhead(
            f"{'; '.join(ahead)}: the log has events that this database lost: it was restored from a backup, or is a copy that was behind. "
            "Nothing is accepted or sent before it is decided what becomes of them: "
            f"laowu relay new-epoch {service} (without a local stack: python -m services.{service} new-epoch --yes), "
            f"then laowu lost-events list --service {service} (GET /lost-events)"
        )
