"""The pool under bad luck."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg.pool import PoolConnectionHolder

from tests.conftest import MakeDatabase


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
