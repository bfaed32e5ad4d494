"""A database that becomes read-only while it is used, as when what was the primary is a standby after a failover."""

from __future__ import annotations

from shared.db import Database

_SWITCH = """
BEGIN READ WRITE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {}', current_database()); END $$;
COMMIT
"""
_CUT_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def make_read_only(database: Database) -> None:
    """Every connection of every process is lost, and its successor is read-only."""
    async with database.connection() as conn:
        await conn.execute(_SWITCH.format("on"))
        await conn.execute(_CUT_OTHERS)
        await database.pool.expire_connections()


async def make_writable(database: Database) -> None:
    """Connections from now on; those that are open stay read-only, as those that lead to a standby."""
    async with database.connection() as conn:
        await conn.execute(_SWITCH.format("off"))
