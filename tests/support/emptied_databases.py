"""Databases that are emptied and used again: a fifth of what it takes to make one as a copy of the template, and to drop it.

A database that a test has altered beyond its rows, or filled with many, is not used again. Neither are the connections of one where any is
still in use, or was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg

USES = 50  # of one database: what was deleted still takes room
MANY_ROWS = 2_000  # of one table

# Everything about the schema that a statement can alter; the rows of TRUNCATE and of statistics are no part of it.
_SCHEMA = """
SELECT md5(concat(
    (SELECT string_agg(concat_ws(' ', relname, relnamespace, relkind, relpersistence, relhastriggers, reloptions, relacl), ',' ORDER BY oid)
     FROM pg_class WHERE relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema')),
    (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, atthasdef, attacl), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute WHERE attrelid >= 16384),
    (SELECT string_agg(concat_ws(' ', oid, conname, convalidated, pg_get_constraintdef(oid)), ',' ORDER BY oid)
     FROM pg_constraint WHERE conrelid >= 16384),
    (SELECT string_agg(concat_ws(' ', oid, tgname, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat_ws(' ', oid, md5(prosrc)), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
    (SELECT string_agg(concat_ws(' ', oid, adrelid, pg_get_expr(adbin, adrelid)), ',' ORDER BY oid) FROM pg_attrdef),
    (SELECT string_agg(concat_ws(' ', nspname, nspacl), ',' ORDER BY oid) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%temp\\_%'),
    (SELECT string_agg(setconfig::text, ',' ORDER BY setrole) FROM pg_db_role_setting
     WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
    (SELECT datacl::text FROM pg_database WHERE datname = current_database())
))
"""
_TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL($1::integer[])
"""


@dataclass(frozen=True, slots=True)
class Pristine:
    """A migrated database that nobody has used. `rows`: what the migrations inserted, as text, by table."""

    schema: str
    tables: Sequence[str]
    rows: Mapping[str, Sequence[str]]
    sequences: Mapping[str, int | None]


async def look(conn: asyncpg.Connection) -> Pristine:
    tables = [row[0] for row in await conn.fetch(_TABLES)]
    filled = await _filled(conn, tables)
    return Pristine(
        schema=await conn.fetchval(_SCHEMA),
        tables=tables,
        rows={table: await _rows(conn, table) for table in filled},
        sequences=dict([tuple(row) for row in await conn.fetch(_SEQUENCES)]),
    )


async def emptied(url: str, pristine: Pristine) -> bool:
    """Whether the database is as it was before anybody used it; if not it has to be dropped. Everybody else's connection is ended."""
    conn = await asyncpg.connect(url)
    try:
        return await _emptied(conn, (), pristine)
    finally:
        await conn.close()


async def emptied_open(pool: asyncpg.Pool, pristine: Pristine) -> bool:
    """Whether the database is as it was before anybody used it, with this pool still open: what its connections know of it is half of what
    a short test takes. Everybody else's connection is ended.
    """
    if pool.is_closing() or pool.get_idle_size() < pool.get_size():
        return False
    try:
        async with AsyncExitStack() as held:
            every = [await held.enter_async_context(pool.acquire(timeout=5)) for _ in range(pool.get_max_size())]
            return await _emptied(every[0], [conn.get_server_pid() for conn in every], pristine)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False


async def _emptied(conn: Any, kept: Sequence[int], pristine: Pristine) -> bool:
    await conn.execute(_END_OTHERS, kept)
    if await conn.fetchval(_SCHEMA) != pristine.schema:
        return False
    async with conn.transaction():
        return await _empty(conn, pristine)


async def _empty(conn: asyncpg.Connection, pristine: Pristine) -> bool:
    await conn.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
    for table in await _filled(conn, [table for table in pristine.tables if table not in pristine.rows]):
        if int((await conn.execute(f"DELETE FROM {table}")).split()[1]) > MANY_ROWS:  # noqa: S608  # a name out of the catalogue
            return False
    for table, rows in pristine.rows.items():
        if await _rows(conn, table) != rows:
            await conn.execute(f"DELETE FROM {table}")  # noqa: S608
            await conn.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (one::{table}).* FROM unnest($1::text[]) AS one", rows)  # noqa: S608
    for sequence, value in await conn.fetch(_SEQUENCES):
        if value != pristine.sequences[sequence]:
            await conn.execute("SELECT setval($1::regclass, $2, $3)", sequence, *_as_set(pristine.sequences[sequence]))
    return True


def _as_set(value: int | None) -> tuple[int, bool]:
    """None: nothing was taken from the sequence yet."""
    return (1, False) if value is None else (value, True)


async def _filled(conn: asyncpg.Connection, tables: Sequence[str]) -> list[str]:
    """Which tables hold a row."""
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)  # noqa: S608
    return [row[0] for row in await conn.fetch(asked)]


async def _rows(conn: Any, table: str) -> list[str]:
    return [row[0] for row in await conn.fetch(f"SELECT one::text FROM {table} AS one ORDER BY 1")]  # noqa: S608
