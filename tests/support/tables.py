"""What is in a database: how many rows each table has, the transaction that wrote last to it, and which tables hold a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


ROWS = """
SELECT count(*) FROM %s AS one
WHERE EXISTS (SELECT FROM unnest($1::text[]) AS needle WHERE strpos(lower(one::text), needle) > 0)
"""


async def tables_with(conn: Any, texts: Sequence[str]) -> list[str]:
    """Tables of which a row has one of the texts, in lower case, in whatever column: bytea is looked through as hex."""
    tables = [row[0] for row in await conn.fetch(TABLES)]
    patterns = [*texts, *(text.encode().hex() for text in texts)]
    return [table for table in tables if await conn.fetchval(ROWS % table, patterns)]
