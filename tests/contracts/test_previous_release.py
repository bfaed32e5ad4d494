"""While a release is rolled out, processes of the one before run on its schema: expand first, contract in the release after.

released.json has the SQL of the release before (released.py); the processes themselves are taken from this repository's history.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from console.services import SERVICES
from shared.db import close_database, open_database
from shared.principals import Role
from shared.settings import Settings
from tests.conftest import ROOT, MakeDatabase, MakeDatabaseUrl
from tests.contracts import released
from tests.contracts.test_sql import refused
from tests.support import stats_process

RELEASED = released.load()
Before = Callable[[str], Awaitable[asyncpg.Connection]]
# Constraints, unique indexes and triggers on what the release before writes too, and why what it writes passes them.
PASSED_BY_THE_RELEASE_BEFORE: Mapping[str, str] = {"settled.settled_without_number": "it changes a column that the release before has not"}

COLUMNS = """
SELECT table_name || '.' || column_name AS name,
    is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER' AS needed
FROM information_schema.columns WHERE table_schema = 'public'
"""
# What may refuse a row, with the columns that it looks at; a trigger looks at the whole row.
CHECKS = """
WITH found AS (
    SELECT conrelid AS relation, conname AS name, conkey::smallint[] AS keys FROM pg_constraint WHERE contype IN ('c', 'u', 'p', 'f', 'x')
    UNION ALL
    SELECT i.indrelid, r.relname, i.indkey::smallint[] FROM pg_index AS i JOIN pg_class AS r ON r.oid = i.indexrelid
    WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    UNION ALL
    SELECT tgrelid, tgname, NULL FROM pg_trigger WHERE NOT tgisinternal
)
SELECT r.relname || '.' || found.name AS name, ARRAY(
    SELECT r.relname || '.' || attname FROM pg_attribute
    WHERE attrelid = found.relation AND attnum > 0 AND (found.keys IS NULL OR attnum = ANY (found.keys))) AS columns
FROM found JOIN pg_class AS r ON r.oid = found.relation WHERE r.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Form:
    """Of a schema: column -> whether a row must name it; check -> the columns that it looks at."""

    columns: dict[str, bool]
    checks: dict[str, list[str]]

    def refuses(self, before: Form) -> set[str]:
        """What may refuse a row that the other form accepts: columns to be named that were not, checks on columns that were there."""
        tables = {name.partition(".")[0] for name in before.columns}
        needed = {name for name, must in self.columns.items() if must and not before.columns.get(name, False)}
        checks = {name for name in self.checks.keys() - before.checks.keys() if set(self.checks[name]) & before.columns.keys()}
        return {name for name in needed | checks if name.partition(".")[0] in tables}


async def form(conn: Any) -> Form:
    columns = {row["name"]: row["needed"] for row in await conn.fetch(COLUMNS)}
    return Form(columns, {row["name"]: list(row["columns"]) for row in await conn.fetch(CHECKS)})


def texts_of(service: str) -> dict[str, str]:
    statements = RELEASED["statements"]
    return {**statements["shared"], **statements[service]}


async def migrated_as_released(conn: asyncpg.Connection, service: str) -> None:
    """An empty database in the form of the release before: a migration's file never changes, so it is the same today."""
    for owner, folder in (("shared", ROOT / "shared"), (service, ROOT / "services" / service)):
        for name in RELEASED["migrations"][owner]:
            await conn.execute((folder / "migrations" / name).read_text())


@pytest_asyncio.fixture(loop_scope="session")
async def before(postgres: str) -> AsyncIterator[Before]:
    """`await before("docking")`: a connection to a database in the form of the release before."""
    admin, opened = await asyncpg.connect(postgres), dict[str, asyncpg.Connection]()

    async def make(service: str) -> asyncpg.Connection:
        name = f"released_{uuid.uuid4().hex[:12]}"
        await admin.execute(f"CREATE DATABASE {name}")
        opened[name] = await asyncpg.connect(postgres, database=name)
        await migrated_as_released(opened[name], service)
        return opened[name]

    yield make
    for name, conn in opened.items():
        conn.terminate()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_statement_of_the_release_before_runs_on_this_schema(service: str, make_database: MakeDatabase) -> None:
    assert not await refused(make_database, service, texts_of(service)), "drop or rename it in the next release"


@pytest.mark.parametrize("service", SERVICES)
async def test_what_the_release_before_writes_is_accepted_by_this_schema(service: str, before: Before, make_database: MakeDatabase) -> None:
    async with (await make_database(service)).connection() as conn:
        now = await form(conn)
    refusing = now.refuses(await form(await before(service)))
    assert refusing == {name for name in PASSED_BY_THE_RELEASE_BEFORE if name in now.checks}, (
        "give it a default, say why, or wait a release"
    )


@pytest.mark.parametrize(
    ("contraction", "refuses"),
    [
        ("ALTER TABLE outbox ADD COLUMN region text", set()),
        ("ALTER TABLE outbox ADD COLUMN region text NOT NULL DEFAULT '-'", set()),
        ("CREATE TABLE brand_new (id integer PRIMARY KEY CHECK (id > 0))", set()),
        ("ALTER TABLE outbox ADD COLUMN region text NOT NULL", {"outbox.region"}),
        ("ALTER TABLE relay ALTER COLUMN epoch DROP DEFAULT", {"relay.epoch"}),
        ("ALTER TABLE outbox ADD CONSTRAINT short CHECK (length(key) < 5)", {"outbox.short"}),
        ("CREATE UNIQUE INDEX once ON outbox (key)", {"outbox.once"}),
    ],
)
async def test_a_migration_that_would_refuse_old_rows_is_noticed(contraction: str, refuses: set[str], before: Before) -> None:
    conn = await before("stats")
    was = await form(conn)
    await conn.execute(contraction)
    assert (await form(conn)).refuses(was) == refuses


# --- the processes ----------------------------------------------------------------------------------------------------
def code_of_the_release_before(folder: Path) -> None:
    """Its shared/ and services/, from this repository's history. Skips where a clone has none of it."""
    archive = subprocess.run(["git", "archive", RELEASED["commit"], "shared", "services"], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode != 0:
        pytest.skip(f"this clone has no commit {RELEASED['commit'][:12]}: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


async def test_a_process_of_the_release_before_counts_commands_and_publishes_on_this_schema(
    config: Settings, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    code_of_the_release_before(tmp_path / "code")
    kafka, url = config.kafka_bootstrap_servers, await make_database_url("docking")
    stats = stats_process.configure(kafka, topic_prefix, await make_database_url("stats"), tmp_path, partitions=3, role=Role.OFFICER)
    docking = await open_database("docking", url, size=2)
    command, variables = [sys.executable, "-m", "services.stats"], {**os.environ, **stats.environment}
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path / "code", env=variables)
    try:
        await stats.until_closed(process, config, docking, url)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        await close_database(docking)
        if process.returncode is None:
            process.kill()
            await process.wait()
