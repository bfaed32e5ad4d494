"""The databases of docker-compose.yml: the script that makes them is run, on a real server, and what runs their migrations is called."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from console.commands import postgres as roles
from console.local import postgres, processes
from console.local.postgres import Postgres
from console.services import SERVICES
from tests.contracts.compose import COMPOSE, JOB, PARTS, environment


@pytest.fixture(scope="module")
def fresh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of its own: the script makes databases and accounts of fixed names."""
    node, process = postgres.start(tmp_path_factory.mktemp("compose-postgres"), durable=False)
    yield node
    processes.stop(process, postgres.spec(node))


@pytest.fixture(scope="module")
def _databases(fresh_server: Postgres, variables: dict[str, str]) -> None:
    """The script has run, as the image's entry point runs it on an empty volume."""
    url = urlsplit(fresh_server.url())
    script = str(COMPOSE["configs"]["databases"]["content"]).replace("$$", "$")
    subprocess.run(
        ["bash", "-Eeuo", "pipefail", "-c", script],
        check=True,
        env={
            **environment("postgres", variables),
            "PATH": f"{postgres._programs()}:{os.environ['PATH']}",
            "POSTGRES_USER": str(url.username),
            "PGPASSWORD": str(url.password),
            "PGHOST": str(url.hostname),
            "PGPORT": str(url.port),
        },
    )


def address_of(server: Postgres, role: str, password: str, database: str) -> str:
    url = urlsplit(server.url())
    return url._replace(netloc=f"{role}:{password}@{url.hostname}:{url.port}", path=f"/{database}").geturl()


@pytest.mark.usefixtures("_databases")
async def test_a_service_may_enter_its_own_database_only_and_alter_nothing_there(fresh_server: Postgres, variables: dict[str, str]) -> None:
    for service in SERVICES:
        own, owners = variables[f"{service.upper()}_PASSWORD"], variables[f"{service.upper()}_OWNER_PASSWORD"]
        owner = await asyncpg.connect(address_of(fresh_server, f"{service}_owner", owners, service))
        await owner.execute("CREATE TABLE made_by_owner (id integer)")
        await owner.close()
        conn = await asyncpg.connect(address_of(fresh_server, service, own, service))
        await conn.execute("INSERT INTO made_by_owner VALUES (1)")
        for statement in ("CREATE TABLE mine (id integer)", "DROP TABLE made_by_owner", "TRUNCATE made_by_owner"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
        await conn.close()
        for other in set(SERVICES) - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(address_of(fresh_server, service, own, other))


def test_databases_and_roles_are_made_as_on_any_server() -> None:
    script = str(COMPOSE["configs"]["databases"]["content"])
    made = script.partition("<<'SQL'\n")[2].partition("\nSQL\n")[0] + "\n"
    assert re.sub(r" PASSWORD :'\w+'", "", made) == roles.ROLES.replace('"{', ':"').replace('}"', '"')
    assert re.findall(r"for service in (.*); do", script) == [" ".join(SERVICES)]


@pytest.fixture
def called(variables: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """DATABASE_URL -> the arguments that python is started with by the container that runs migrations."""
    (tmp_path / "python").write_text('#!/bin/sh\necho "$DATABASE_URL $*"\n')
    (tmp_path / "python").chmod(0o755)
    (script,) = PARTS[JOB]["command"]
    given = {**environment(JOB, variables), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run([*PARTS[JOB]["entrypoint"], script.replace("$$", "$")], env=given, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines())


@pytest.mark.usefixtures("_databases")
async def test_the_migrations_of_every_database_are_run_as_its_owner(fresh_server: Postgres, called: dict[str, str]) -> None:
    assert list(called.values()) == [f"-m services.{service} migrate" for service in SERVICES]
    url = urlsplit(fresh_server.url())
    for address, service in zip(called, SERVICES, strict=True):
        conn = await asyncpg.connect(address.replace("@postgres:5432/", f"@{url.hostname}:{url.port}/"))
        owner = await conn.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
        assert (owner, await conn.fetchval("SELECT current_database()")) == (await conn.fetchval("SELECT current_user"), service)
        await conn.close()
