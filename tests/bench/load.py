"""Many different events, as the outbox holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from shared import reference
from shared.events import REGISTRATION, EventEnvelope, Origin, WorkerRegistered, encode
from shared.values import HouseholdStatus, Occupation, Sex, WorkerId, new_id

TOPIC = REGISTRATION
Row = tuple[UUID, str, str, bytes]  # as the outbox holds it: event id, topic, key, value


def rows(count: int) -> list[Row]:
    """`count` different events, each of another subject, as publish() would write them."""
    origin = reference.origin("621126", date(2019, 3, 1))
    return [_row(n, origin) for n in range(count)]


def _row(n: int, origin: Origin) -> Row:
    event_id, worker = new_id(), WorkerId(new_id())
    data = WorkerRegistered(
        worker=worker,
        worker_no=f"W{n:08d}-{n % 10}",
        birth_year=1960 + n % 40,
        sex=Sex.MALE if n % 3 else Sex.FEMALE,
        origin=origin,
        residence_basis="household_register",
        education=n % 9,
        occupations=(Occupation("7112"), Occupation("7212")),
        assurance="verified",
        source="assisted",
        household_status=HouseholdStatus.UNKNOWN,
        effective=date(2019, 3, 1),
    )
    recorded = EventEnvelope(
        id=event_id,
        source="/registration",
        time=datetime(2019, 3, 1, 8, tzinfo=UTC),
        correlation_id=str(event_id),
        causation_id=None,
        actor="clerk:bench",
        traceparent=None,
        data=data,
    )
    return event_id, TOPIC, str(worker), encode(recorded)


async def fill(conn: asyncpg.Connection, filling: Sequence[Row]) -> None:
    """An outbox with these rows and numbers from 0, its pages written to disk, so that filling it is not measured."""
    await conn.execute("TRUNCATE outbox; DELETE FROM relay_sequence; DELETE FROM relay_topic; UPDATE relay SET inflight = '{}'")
    await conn.copy_records_to_table("outbox", records=filling, columns=["event_id", "topic", "key", "value"])
    await conn.execute("VACUUM (ANALYZE) outbox")
    await conn.execute("CHECKPOINT")
