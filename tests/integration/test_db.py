"""The pool under bad luck."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionHolder

from shared import db
from shared.db import SHARED_MIGRATIONS, Unavailable, migrate
from tests.conftest import MakeDatabase
from tests.support.read_only import make_read_only
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
