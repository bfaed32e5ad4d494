"""Whether the database lost commits whose events are in the log: a standby that was behind was promoted, or a backup restored.

Its relay would give numbers out again that other events have, and every consumer would drop the new events as repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from shared.delivery.event_log import read_tails
from shared.delivery.numbering import Number, number_of
from shared.delivery.positions import TopicPartition
from shared.kafka_settings import KafkaSettings

# NULL on a standby. Where a server does not say, as some that are offered as a service do not, nothing can be compared.
_HISTORY = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/'
        || (SELECT oid FROM pg_database WHERE datname = current_database())
END
"""
_NOT_SAID = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedFunctionError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)


class LogAhead(Exception):
    """The log has events of this service that its database does not know. Nothing is sent until an operator has decided."""


async def history(conn: asyncpg.Connection) -> str | None:
    """Server, time line and database; another one after every failover and restore. None: not to be had."""
    try:
        found: str | None = await conn.fetchval(_HISTORY)
    except _NOT_SAID:
        return None
    return found


async def require_none(
    settings: KafkaSettings, next_numbers: Mapping[TopicPartition, Number], in_flight: Mapping[Any, Sequence[bytes]]
) -> None:
    """`in_flight`: values that may be in the log from the next number on, by partition. Raises LogAhead, kafka.Unavailable."""
    ahead = []
    for partition, records in (await read_tails(settings, list(next_numbers))).items():
        expected, sent = next_numbers[partition], in_flight.get(partition, ())
        for record in records:
            found = number_of(record)
            if found is None or found < expected:
                continue
            place = found.number - expected.number
            if found.epoch > expected.epoch or place >= len(sent) or record.value != sent[place]:
                ahead.append(f"{partition} has {found}, and {expected} would be next")
                break
    if ahead:
        raise LogAhead(f"the log has events that this database lost: {'; '.join(sorted(ahead))}: see docs/operations.md, A failover")
