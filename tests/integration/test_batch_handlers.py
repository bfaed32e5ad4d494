"""Events of a class that are handled together: nothing but the number of statements tells it from one by one."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from services.docking import consumers as docking
from shared.db import Database
from shared.delivery.consumer import Together
from shared.delivery.inbox import groups
from shared.events import Event, EventEnvelope, WorkerErased, WorkerRegistered, WorkerVerified, decode
from shared.values import Clock
from tests.conftest import MakeDatabase
from tests.integration.test_counters import counted
from tests.support.delivery import take
from tests.support.lives import LifeEvent, lives, register
from tests.support.tables import TABLES

FEW, MANY = 12, 48  # people
SERVICES = ("registration", "docking", "training", "rights")
NOW = datetime(2018, 10, 1, 4, tzinfo=UTC)
# Drawn while the events are applied, and numbers that stand for their order.
DRAWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
# A need looks for a seat by itself; a connection's first statements also look up types.
BESIDES = ("SELECT session AS id", "WITH RECURSIVE typeinfo_tree(")
ORDERED = {"id", "event_id", "xid", "value"}


def heard(service: str, people: int, *, per_day: float) -> list[EventEnvelope[Event]]:
    """What the service reads of the lives of some people, all of it in one batch."""
    topics = importlib.import_module(f"services.{service}.consumers").TOPICS
    read = [decode(event.value) for event in lives(people, per_day=per_day) if event.topic in topics]
    return [event for event in read if isinstance(event, EventEnvelope)]


async def applied(database: Database, batches: Sequence[Sequence[EventEnvelope[Event]]]) -> dict[str, Counter[str]]:
    """Table -> its rows afterwards, without what is another each time."""
    await apply(database, batches)
    async with database.connection() as conn:
        tables = [row[0] for row in await conn.fetch(TABLES) if row[0] != "migration"]
        return {table: Counter(_text(row) for row in await conn.fetch(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608


async def apply(database: Database, batches: Sequence[Sequence[EventEnvelope[Event]]]) -> None:
    consumers = importlib.import_module(f"services.{database.service}.consumers")
    for batch in batches:
        async with database.transaction(replace(database.system_cause(), clock=Clock(NOW))) as tx:
            await consumers.apply(tx, batch)


def _text(row: Any) -> str:
    kept = {name: value for name, value in row.items() if name not in ORDERED}
    return DRAWN.sub(lambda found: found[0] if found[0].startswith("019a0000") else "drawn", repr(kept))


@pytest_asyncio.fixture(loop_scope="session")
async def database_of(make_database: MakeDatabase) -> MakeDatabase:
    """A service's database in which everybody is registered who has to be."""

    async def make(service: str) -> Database:
        database = await make_database(service)
        if service == "registration":
            await register(database, MANY)
        return database

    return make


@pytest.mark.parametrize("service", SERVICES)
async def test_a_batch_leaves_what_its_events_leave_one_by_one(service: str, database_of: MakeDatabase) -> None:
    events = heard(service, FEW, per_day=0.5)
    together = await applied(await database_of(service), [events])
    alone = await applied(await database_of(service), [[event] for event in events])
    assert sum(rows.total() for rows in alone.values()) > FEW // 2
    for table, expected in alone.items():
        assert together[table] == expected, table


@pytest.mark.parametrize("service", SERVICES)
async def test_a_batch_takes_as_many_statements_whatever_its_size(service: str, database_of: MakeDatabase) -> None:
    sent = []
    for people in (FEW, MANY):
        database = await database_of(service)
        async with counted(database) as statements:
            await apply(database, [heard(service, people, per_day=1e6)])
        sent.append(Counter(one for one in statements if not (one == "SELECT" or one.startswith(BESIDES))))
    assert sent[0] == sent[1]


async def test_what_cannot_be_applied_is_parked_alone(database_of: MakeDatabase) -> None:
    database, registered = (
        await database_of("docking"),
        [one for one in lives(FEW, per_day=1e6) if "WorkerRegistered" in one.value.decode()],
    )
    twice = registered[3]
    taken = await take(database, records([*registered[:8], twice, *registered[8:]]), docking.apply)
    assert [(one.reason, one.record.offset) for one in taken.parked] == [("failed", 8)]
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM worker") == FEW


def records(events: Sequence[LifeEvent]) -> list[Any]:
    """As they stand in one partition."""
    headers = [("sequence", f"1.{number}".encode()) for number in range(len(events))]
    return [
        ConsumerRecord(one.topic, 0, number, 0, 0, one.key, one.value, None, len(one.key), len(one.value), [headers[number]])
        for number, one in enumerate(events)
    ]


# --- in which order ---------------------------------------------------------------------------------------------------
KINDS = (WorkerRegistered, WorkerVerified, WorkerErased)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4)), max_size=40), st.sets(st.sampled_from(KINDS)))
def test_events_of_a_subject_stay_in_order_and_no_group_has_two(stated: list[tuple[type[Event], int]], together: set[type[Event]]) -> None:
    given_order = [Stated(kind, subject, number) for number, (kind, subject) in enumerate(stated)]
    handlers: Any = {kind: Together(_unused) if kind in together else _unused for kind in KINDS}
    found = groups([one.envelope for one in given_order], handlers)
    flat = [event for group in found for event in group]
    assert sorted(event.correlation_id for event in flat) == sorted(str(one.number) for one in given_order)
    for group in found:
        assert len({type(event.data) for event in group}) == 1
        assert len({event.subject for event in group}) == len(group)
        assert len(group) == 1 or type(group[0].data) in together
    for subject in range(5):
        numbers = [int(event.correlation_id) for event in flat if event.subject == str(UUID(int=subject))]
        assert numbers == sorted(numbers)


async def _unused(_tx: Any, _events: Any) -> None:
    """Never called."""


@dataclass(frozen=True, slots=True)
class Stated:
    kind: type[Event]
    subject: int
    number: int

    @property
    def envelope(self) -> EventEnvelope[Event]:
        return EventEnvelope(
            id=UUID(int=self.number),
            source="/registration",
            time=NOW,
            correlation_id=str(self.number),
            causation_id=None,
            actor="clerk:test",
            traceparent=None,
            data=self.kind.model_construct(worker=UUID(int=self.subject)),
        )
