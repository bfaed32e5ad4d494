"""A service under a role that owns nothing: it does all it has to, and cannot change the form of a table."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from console.commands import postgres as command
from console.local import postgres as postgres_local
from console.services import SERVICES
from services.stats.replay.rebuild import rebuild
from shared.db import SHARED_MIGRATIONS, MigrationsMissing, close_database, connect, migrate, open_database
from shared.principals import Role
from shared.settings import Settings
from tests.conftest import ROOT, MakeDatabaseUrl
from tests.contracts.code import part, python_files
from tests.contracts.test_sql import sql, statements
from tests.support import stats_process

PASSWORD = "of-a-role"
FORBIDDEN = {
    "CREATE TABLE mine ()": "permission denied for schema public",
    "CREATE TEMPORARY TABLE mine ()": "permission denied to create temporary tables",
    "CREATE SCHEMA mine": "permission denied for database",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'": "permission denied for schema public",
    "ALTER TABLE outbox ADD COLUMN mine integer": "must be owner of table outbox",
    "CREATE INDEX ON outbox (topic)": "must be owner of table outbox",
    "DROP TABLE outbox": "must be owner of table outbox",
    "TRUNCATE outbox": "permission denied for table outbox",
    "ALTER TABLE outbox DISABLE TRIGGER ALL": "must be owner of table outbox",
}


@dataclass(frozen=True, slots=True)
class Roles:
    """URLs of one database for its two roles."""

    owner: str
    service: str


async def psql(server: str, script: str) -> None:
    """Run by the real one, as an administrator would."""
    program = postgres_local._programs() / "psql"
    process = await asyncio.create_subprocess_exec(
        program, "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", server, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate(script.encode())
    assert (process.returncode, errors) == (0, b"")


MakeRoles = Callable[[str], Awaitable[Roles]]


@pytest_asyncio.fixture(loop_scope="session")
async def make_roles(postgres: str) -> AsyncIterator[MakeRoles]:
    """Of a service: made by the script that `laowu postgres roles` prints. The owner has migrated nothing yet."""
    prefix, parts, made = f"t{uuid.uuid4().hex[:12]}_", urlsplit(postgres), set[str]()

    async def make(service: str) -> Roles:
        name = f"{prefix}{service}"
        made.add(name)
        await psql(postgres, command.sql(service, prefix))
        await psql(postgres, f"ALTER ROLE {name} PASSWORD '{PASSWORD}'; ALTER ROLE {name}_owner PASSWORD '{PASSWORD}'")
        own = parts._replace(path=f"/{name}")
        urls = [own._replace(netloc=f"{role}:{PASSWORD}@{parts.hostname}:{parts.port}").geturl() for role in (f"{name}_owner", name)]
        return Roles(*urls)

    yield make
    for name in made:
        await psql(postgres, f"DROP DATABASE {name} WITH (FORCE);\nDROP ROLE {name}; DROP ROLE {name}_owner")


async def migrated(service: str, url: str) -> int:
    conn = await connect(url, application="laowu-test")
    try:
        return await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / service / "migrations")
    finally:
        await conn.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_role_may_run_every_statement_of_its_service_and_change_no_table(service: str, make_roles: MakeRoles) -> None:
    roles = await make_roles(service)
    with pytest.raises(MigrationsMissing, match="permission denied for schema public"):
        await migrated(service, roles.service)
    assert await migrated(service, roles.owner) > 0
    assert await migrated(service, roles.service) == 0
    texts = {place: text for file in [*part(service, "queries"), *python_files("shared")] for place, text in statements(file).items()}
    conn = await connect(roles.service, application="laowu-test")
    try:
        assert texts
        for text in texts.values():  # a plan is made without arguments, and rights are checked as for a run
            await conn.execute(f"EXPLAIN (GENERIC_PLAN) {sql(text)}")
        for statement, reason in FORBIDDEN.items():
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=reason):
                await conn.execute(statement)
    finally:
        await conn.close()


async def test_a_role_may_not_enter_the_database_of_another_service(make_roles: MakeRoles) -> None:
    rights, docking = await make_roles("rights"), await make_roles("docking")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(urlsplit(rights.service)._replace(path=urlsplit(docking.service).path).geturl())


# --- a whole process --------------------------------------------------------------------------------------------------
async def ran(module: str, *arguments: str, **environment: str) -> tuple[int | None, str]:
    """Exit status and output of a command with these variables."""
    command, variables = [sys.executable, "-m", module, *arguments], {**os.environ, **environment}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=variables, stdout=asyncio.subprocess.PIPE)
    shown, _ = await process.communicate()
    return process.returncode, shown.decode()


async def test_the_owner_migrates_and_the_service_commands_publishes_consumes_sweeps_and_rebuilds(
    config: Settings, topic_prefix: str, make_roles: MakeRoles, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    kafka, own = config.kafka_bootstrap_servers, await make_roles("stats")
    status, shown = await ran("services.stats", "migrate", DATABASE_URL=own.service, MIGRATION_DATABASE_URL=own.owner)
    assert (status, shown.startswith("stats: "), shown.endswith(" migrations applied\n")) == (0, True, True)
    stats = stats_process.configure(kafka, topic_prefix, own.service, tmp_path, partitions=3, role=Role.OFFICER)
    url = await make_database_url("docking")
    docking = await open_database("docking", url, size=4)
    process = await stats.start()
    try:
        await stats.until_closed(process, config, docking, url)
        counting = await open_database("stats", own.service, size=3)
        try:
            assert (await rebuild(config, counting, processes=1)).swapped
        finally:
            await close_database(counting)
    finally:
        await close_database(docking)
        if process.returncode is None:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 30) == 0
