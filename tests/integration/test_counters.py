"""Statements are counted, not timed: a command takes a known number of round trips, a batch as many whatever its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.stats import consumers
from shared import db
from shared.db import Database
from shared.delivery import kafka, relay
from shared.principals import Role
from shared.settings import Settings
from tests.bench import load, writing
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.delivery import take
from tests.support.http import Start

WARM = 3  # the first statements of a connection also look up types and prepare
PLANNED_ANEW = 7  # PostgreSQL plans the first five executions of a statement, then decides whether one plan will do
PLANS = "SELECT statement, custom_plans FROM pg_prepared_statements WHERE statement !~ 'pg_prepared_statements|typeinfo_tree'"

ROWS_READ = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'outbox'"
READ_THROUGH = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('personal', 'verified_document', 'worker')"


@asynccontextmanager
async def counted(database: Database) -> AsyncIterator[list[str]]:
    """Every statement the pool sends meanwhile, first line each."""
    sent: list[str] = []

    def note(query: Any) -> None:
        sent.append(query.query.strip().splitlines()[0])

    async with AsyncExitStack() as held:
        every = [await held.enter_async_context(database.pool.acquire()) for _ in range(database.pool.get_max_size())]
        for conn in every:
            conn.add_query_logger(note)
    yield sent


# --- commands ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("service", "role", "path", "body", "statements"),
    [
        ("docking", Role.OFFICER, "/enterprises", writing.an_enterprise, 4),
        ("registration", Role.CLERK, "/workers", writing.a_registration, 4),
    ],
)
async def test_a_command_takes_this_many_round_trips(
    client: Start, service: str, role: Role, path: str, body: Any, statements: int
) -> None:
    caller = (await client(service)).speaking_as(role)
    for number in range(WARM):
        assert (await caller.post(path, body(number + 1))).status == 201
    async with counted(caller.database) as sent:
        assert (await caller.post(path, body(WARM + 1))).status == 201
    assert len(sent) == statements, sent


@pytest.mark.parametrize(
    ("service", "role", "path", "body"),
    [
        ("docking", Role.OFFICER, "/enterprises", writing.an_enterprise),
        ("registration", Role.CLERK, "/workers", writing.a_registration),
    ],
)
async def test_no_statement_of_a_command_is_planned_anew_each_time(client: Start, service: str, role: Role, path: str, body: Any) -> None:
    caller = (await client(service)).speaking_as(role)
    planned: list[dict[str, int]] = []
    for number in range(1, 2 * PLANNED_ANEW + 1):
        assert (await caller.post(path, body(number))).status == 201
        if number % PLANNED_ANEW == 0:
            async with caller.database.connection() as conn:
                planned.append({row["statement"]: row["custom_plans"] for row in await conn.fetch(PLANS)})
    assert any("INSERT INTO idempotency" in statement for statement in planned[0]), "another connection than that of the commands"
    assert planned[1] == planned[0]


async def test_a_registration_reads_no_table_through_even_while_it_is_small(client: Start) -> None:
    """A function's plans are kept by its connection, too: they are made while a new service has no rows."""
    caller = (await client("registration")).speaking_as(Role.CLERK)
    counts = []
    for number in range(1, 2 * PLANNED_ANEW + 1):
        assert (await caller.post("/workers", writing.a_registration(number))).status == 201
        if number % PLANNED_ANEW == 0:
            async with caller.database.connection() as conn:
                await conn.execute("SELECT pg_stat_force_next_flush()")
                counts.append(dict(await conn.fetch(READ_THROUGH)))
    assert counts[1] == counts[0]


# --- batches ----------------------------------------------------------------------------------------------------------
def records(rows: Sequence[load.Row], first: int) -> list[ConsumerRecord]:
    """As the relay would have written them to one partition, from offset and number `first`."""
    return [
        ConsumerRecord(
            load.TOPIC, 0, first + index, 0, 0, key.encode(), value, None, len(key), len(value), (("sequence", b"1.%d" % (first + index)),)
        )
        for index, (_, _, key, value) in enumerate(rows)
    ]


async def test_stats_takes_a_batch_of_any_size_with_as_many_statements(make_database: MakeDatabase) -> None:
    database = await make_database("stats")
    rows, first, counts = load.rows(6_103), 0, []
    for size in (1, 1, 1, 100, 1_000, 5_000):
        async with counted(database) as sent:
            batch = records(rows[first : first + size], first)
            taken = await take(database, batch, consumers.apply, max_diverted=10)
        assert taken.applied.total() == size
        counts.append(len(sent))
        first += size
    assert len(set(counts[WARM - 1 :])) == 1, counts
    assert counts[-1] <= 15, sent


async def test_the_relay_moves_a_batch_of_any_size_with_as_many_statements(config: Settings, make_database_url: MakeDatabaseUrl) -> None:
    url = await make_database_url("registration")
    conn = await db.connect(url, application="test")
    producer = await kafka.open_producer(config)
    rounds: list[list[str]] = []  # read at the end: asyncpg calls its loggers after the statement's caller
    try:
        session = await relay._resume(conn, producer, config, "registration")
        for size in (1, 1, 1, 100, 1_000):
            await conn.copy_records_to_table("outbox", records=load.rows(size), columns=["event_id", "topic", "key", "value"])
            assert await relay._forward(session) == size
            rounds.append([])
            with conn.query_logger(lambda query: rounds[-1].append(query.query.strip().splitlines()[0])):
                assert await relay._forward(session) == 0
    finally:
        await kafka.stop_producer(producer, 5)
        await conn.close()
    assert [len(sent) for sent in rounds[WARM - 1 :]] == [1, 1, 1], rounds


async def rows_read(conn: Any) -> Sequence[int]:
    """Of the outbox, until now: by reading all of it, and by its index."""
    await conn.execute("SELECT pg_stat_force_next_flush()")
    return tuple(await conn.fetchrow(ROWS_READ))


async def test_the_relay_reads_a_row_three_times_however_many_wait(config: Settings, make_database_url: MakeDatabaseUrl) -> None:
    url, count = await make_database_url("registration"), 3 * relay.BATCH_ROWS
    conn = await db.connect(url, application="test")
    producer = await kafka.open_producer(config)
    try:
        await conn.execute(relay._PREPARE_SESSION, "1min")
        session = await relay._resume(conn, producer, config, "registration")
        await conn.execute("VACUUM (ANALYZE) outbox")
        for _ in range(PLANNED_ANEW):  # for an empty outbox
            assert await relay._forward(session) == 0
        await conn.copy_records_to_table("outbox", records=load.rows(count), columns=["event_id", "topic", "key", "value"])
        before = await rows_read(conn)
        while await relay._forward(session):
            pass
        await relay._forward(session, choose=False)
        after = await rows_read(conn)
    finally:
        await kafka.stop_producer(producer, 5)
        await conn.close()
    # To choose it, to send it, to delete it.
    assert [late - early for early, late in zip(before, after, strict=True)] == [0, 3 * count]
