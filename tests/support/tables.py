"""What is in a database: how many rows each table has, and the transaction that wrote last to it."""

from __future__ import annotations

from shared.db import Database

TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def contents(database: Database) -> dict[str, tuple[int, int]]:
    """Table -> (rows, newest transaction in it): equal before and after means that nothing was inserted, changed or deleted."""
    async with database.connection() as conn:
        tables = [row[0] for row in await conn.fetch(TABLES)]
        return {
            table: tuple(await conn.fetchrow(f"SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM {table}"))  # noqa: S608
            for table in tables
        }
