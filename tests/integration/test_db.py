"""The pool under bad luck."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionHolder

from shared import db, pauses
from shared.db import SHARED_MIGRATIONS, Database, Tx, Unavailable, Work, migrate
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.read_only import make_read_only
from tests.support.tcp_proxy import postgres_proxy
from tests.support.wait import until


async def test_a_connection_lost_while_it_is_given_back_takes_nothing_along(
    make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncpg says InternalClientError then; what was committed before must not look as if it had failed."""
    database, release, lost = await make_database("docking"), PoolConnectionHolder.release, []

    async def late(holder: Any, seconds: float | None) -> None:
        lost.append(holder)
        holder._con.terminate()
        await release(holder, seconds)

    with monkeypatch.context() as patched:
        patched.setattr(PoolConnectionHolder, "release", late)
        async with database.transaction(database.system_cause()) as tx:
            await tx.conn.execute("CREATE TABLE kept ()")
    assert len(lost) == 1
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT to_regclass('kept')::text") == "kept"


async def in_a_transaction(database: Database, work: Work[None]) -> None:
    async with database.transaction(database.system_cause()) as tx:
        await work(tx)


async def in_a_savepoint(database: Database, work: Work[None]) -> None:
    async with database.transaction(database.system_cause()) as tx, tx.savepoint():
        await work(tx)


async def in_a_dry_run(database: Database, work: Work[None]) -> None:
    await database.dry_run(database.system_cause(), work)


async def in_a_snapshot(database: Database, work: Work[None]) -> None:
    await database.read(database.system_cause(), work)


@pytest.mark.parametrize("done", [in_a_transaction, in_a_savepoint, in_a_dry_run, in_a_snapshot])
async def test_what_ended_a_transaction_is_known_although_its_connection_is_lost(
    make_database: MakeDatabase, done: Callable[[Database, Work[None]], Awaitable[None]]
) -> None:
    """A defect that took the connection along looked as if the database were away: asked again for ever, and never logged."""
    database = await make_database("docking")

    async def wrong(tx: Tx) -> None:
        await tx.conn.fetch(7)  # asyncpg takes text, and closes a connection that is given anything else

    async def refused(tx: Tx) -> None:
        tx.conn.terminate()
        raise LookupError

    async def lost(tx: Tx) -> None:
        tx.conn.terminate()
        await tx.conn.execute("SELECT 1")

    for work, raised in ((wrong, TypeError), (refused, LookupError), (lost, Unavailable)):
        with pytest.raises(raised):
            await done(database, work)
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT 1") == 1


async def test_a_connection_that_could_not_be_made_ready_keeps_no_session(make_database_url: MakeDatabaseUrl) -> None:
    url = await make_database_url("docking")
    with pytest.raises(asyncpg.InvalidParameterValueError, match="statement_timeout"):
        await db.connect(url, application="never-ready", seconds=3_000_000)  # more than the server takes, which it says after the login
    conn = await db.connect(url, application="test")
    try:

        async def is_gone() -> bool:
            return bool(await conn.fetchval("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'never-ready')"))

        await until(is_gone, 20, "the session has ended")
    finally:
        conn.terminate()


@pytest.mark.parametrize(("array", "value", "asked"), [("macaddr8[]", "08:00:2b:01:02:03:04:05", [1, 0]), ("colour[]", "red", [1, 1])])
async def test_postgresqls_own_types_are_asked_for_by_the_first_connection_alone(
    make_database_url: MakeDatabaseUrl, array: str, value: str, asked: list[int]
) -> None:
    url = await make_database_url("docking")
    queries: list[list[str]] = []
    for _ in range(2):
        conn = await db.connect(url, application="test")
        queries.append([])
        try:
            await conn.execute("DROP TYPE IF EXISTS colour; CREATE TYPE colour AS ENUM ('red')")
            conn.add_query_logger(lambda logged: queries[-1].append(logged.query))
            assert await conn.fetchval(f"SELECT $1::{array}", [value]) == [value]
        finally:
            conn.terminate()
    assert [sum("typeinfo_tree" in query for query in those) for those in queries] == asked


async def test_field_case_f10_missing_migrations_on_a_read_only_database_are_reported_in_one_line(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    database, folder = await make_database("docking"), tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_new.sql").write_text("CREATE TABLE new ()")
    await make_read_only(database)
    async with database.connection() as conn:
        assert await migrate(conn, SHARED_MIGRATIONS) == 0
        with pytest.raises(Unavailable, match="migrations are missing and cannot be applied: cannot execute CREATE TABLE in a read-only"):
            await migrate(conn, SHARED_MIGRATIONS, folder)


async def test_a_migration_that_waits_for_a_table_lets_those_that_write_to_it_pass(
    make_database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(db, "LOCK_PAUSE", 0.2)
    database, folder = await make_database("docking"), tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_wider.sql").write_text("ALTER TABLE outbox ADD COLUMN wider text")
    async with database.connection() as reader, database.connection() as writer, database.connection() as migrating:
        reading = reader.transaction()
        await reading.start()
        await reader.fetch("SELECT FROM outbox")
        waiting = asyncio.create_task(migrate(migrating, SHARED_MIGRATIONS, folder))

        async def waits() -> bool:
            return bool(await writer.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'outbox'::regclass AND NOT granted)"))

        await until(waits, what="the migration to wait for its lock")
        await writer.execute("UPDATE outbox SET topic = topic", timeout=5)
        assert not waiting.done()
        await reading.rollback()
        assert await waiting == 1


async def test_a_migration_gives_up_where_a_table_is_never_free(
    make_database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(db, "LOCK_TRIES", 1)
    database, folder = await make_database("docking"), tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_wider.sql").write_text("ALTER TABLE outbox ADD COLUMN wider text")
    async with database.connection() as reader, database.connection() as migrating, reader.transaction():
        await reader.fetch("SELECT FROM outbox")
        with pytest.raises(Unavailable, match="a session holds a lock on a table that they change"):
            await migrate(migrating, SHARED_MIGRATIONS, folder)


async def test_a_write_in_a_transaction_for_reading_is_a_defect_and_not_an_outage(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.connection() as conn, conn.transaction(readonly=True):
            await conn.execute("CREATE TABLE written ()")


async def test_of_two_transactions_that_wait_for_each_other_one_is_to_be_repeated(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.connection() as conn:
        await conn.execute(
            "CREATE TABLE counted (name text PRIMARY KEY, n integer NOT NULL); INSERT INTO counted VALUES ('a', 0), ('b', 0)"
        )
    both_hold_one = asyncio.Barrier(2)

    async def count(*names: str) -> None:
        async with database.transaction(database.system_cause()) as tx:
            for name in names:
                await tx.conn.execute("UPDATE counted SET n = n + 1 WHERE name = $1", name)
                if name == names[0]:
                    await both_hold_one.wait()

    outcomes = await asyncio.gather(count("a", "b"), count("b", "a"), return_exceptions=True)
    assert sorted(str(type(outcome).__name__) for outcome in outcomes) == ["NoneType", "Unavailable"]
    async with database.connection() as conn:
        assert [row["n"] for row in await conn.fetch("SELECT n FROM counted")] == [1, 1]


async def test_a_savepoint_rolls_back_what_was_written_since_it_and_no_less(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.transaction(database.system_cause()) as tx:
        await tx.conn.execute("CREATE TABLE kept (what text)")
        with contextlib.suppress(ZeroDivisionError):
            async with tx.savepoint():
                await tx.conn.execute("INSERT INTO kept VALUES ('before the inner one')")
                with contextlib.suppress(ZeroDivisionError):
                    async with tx.savepoint():
                        await tx.conn.execute("INSERT INTO kept VALUES ('in the inner one')")
                        raise ZeroDivisionError
                await tx.conn.execute("INSERT INTO kept VALUES ('after the inner one')")
                raise ZeroDivisionError
        async with tx.savepoint():
            await tx.conn.execute("INSERT INTO kept VALUES ('in one that ended well')")
    async with database.connection() as conn:
        assert [row["what"] for row in await conn.fetch("SELECT what FROM kept")] == ["in one that ended well"]


async def test_a_transaction_whose_turn_does_not_come_in_time_is_to_be_repeated(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.transaction(database.system_cause(), turn=1), database.transaction(database.system_cause(), turn=2) as other:
        await other.conn.execute("CREATE TABLE kept ()")
        async with database.connection() as conn:
            await conn.execute("SET lock_timeout = '100ms'")
        with pytest.raises(Unavailable):
            async with database.transaction(database.system_cause(), turn=1):
                pytest.fail("two at a time")
    async with database.transaction(database.system_cause(), turn=1) as tx:  # over the connection that waited
        assert await tx.conn.fetchval("SELECT to_regclass('kept')::text") == "kept"


async def test_a_row_that_was_changed_since_the_snapshot_is_to_be_read_again(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.connection() as conn:
        await conn.execute("CREATE TABLE counted (n integer NOT NULL); INSERT INTO counted VALUES (0)")

    async def count_what_was_read() -> None:
        async with database.transaction(database.system_cause(), snapshot=True) as tx:
            await tx.conn.fetch("SELECT n FROM counted")
            async with database.connection() as other:
                await other.execute("UPDATE counted SET n = 5")
            await tx.conn.execute("UPDATE counted SET n = n + 1")

    with pytest.raises(Unavailable):
        await count_what_was_read()
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT n FROM counted") == 5


async def test_a_commit_ends_the_pauses_of_all_loops_and_one_that_only_publishes_ends_none(
    make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "IDLE_SECONDS", 3600.0)
    database = await make_database("docking")
    pausing = [asyncio.create_task(pauses.pause(database, database.commits, 0)) for _ in range(2)]
    async with database.transaction(database.system_cause(), snapshot=True) as tx:
        await tx.conn.execute("SELECT 1")
    assert not any(one.done() for one in pausing)
    async with database.transaction(database.system_cause()) as tx:
        await tx.conn.execute("SELECT 1")
    async with asyncio.timeout(10):
        await asyncio.gather(*pausing)


async def test_a_connection_over_which_nothing_comes_is_given_up_and_its_pool_works_again(
    make_database_url: MakeDatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off without a FIN: nobody says that the other side is gone."""
    monkeypatch.setattr(db, "COMMAND_SECONDS", 1)
    async with postgres_proxy(await make_database_url("docking")) as (proxy, through):
        database = await db.open_database("docking", through, size=4)

        async def works() -> bool:
            with contextlib.suppress(Unavailable):
                async with database.connection() as conn:
                    return bool(await conn.fetchval("SELECT true"))
            return False

        try:
            proxy.stall()
            async with asyncio.timeout(20):
                with pytest.raises(Unavailable):
                    async with database.connection() as conn:
                        await conn.fetchval("SELECT 1")
            proxy.drop()
            proxy.resume()
            await until(works, 10)
        finally:
            await db.close_database(database)
