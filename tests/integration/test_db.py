"""The pool under bad luck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionHolder

from shared.db import SHARED_MIGRATIONS, Unavailable, migrate
from tests.conftest import MakeDatabase
from tests.support.read_only import make_read_only


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


async def test_a_write_in_a_transaction_for_reading_is_a_defect_and_not_an_outage(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.connection() as conn, conn.transaction(readonly=True):
            await conn.execute("CREATE TABLE written ()")
