"""Backups against a PostgreSQL of their own: whole or not at all, checked before anything is touched, keys apart from data."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from console.commands.backup import backup
from console.local import archives, manifest, processes, secret_keys
from console.local import postgres as postgres_local
from console.local.home import Home
from shared.db import SHARED_MIGRATIONS, migrate
from shared.delivery.restoring import RELAY_LOCK
from tests.conftest import ROOT, database_url

KEPT = "SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY datname"
command = typer.Typer()
command.command()(backup)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An administrator's URL: databases of services have fixed names, so no other test may be on the same server."""
    node, process = postgres_local.start(tmp_path_factory.mktemp("backups"), durable=False)
    asyncio.run(a_database(node.url()))
    yield node.url()
    processes.stop(process, postgres_local.spec(node))


async def a_database(admin: str) -> None:
    conn = await asyncpg.connect(admin)
    await conn.execute("CREATE DATABASE laowu_rights")
    await conn.close()
    conn = await asyncpg.connect(database_url(admin, "laowu_rights"))
    await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / "rights" / "migrations")
    await conn.execute("INSERT INTO relay_sequence (topic, partition, next_number) VALUES ('rights.events', 2, 17)")
    await conn.close()


def silent(_line: str) -> None:
    pass


async def back_up(server: str, folder: Path) -> manifest.Manifest:
    return await archives.back_up(folder, {"rights": postgres_local.database_of(server, "rights")}, silent)


async def restore(server: str, folder: Path, *, replace: bool = False) -> None:
    await archives.restore(folder, server, ["rights"], prefix=postgres_local.PREFIX, replace=replace, say=silent)


async def execute(server: str, statement: str, database: str = "laowu_rights") -> None:
    conn = await asyncpg.connect(database_url(server, database))
    await conn.execute(statement)
    await conn.close()


async def next_number(server: str) -> int | None:
    conn = await asyncpg.connect(database_url(server, "laowu_rights"))
    found: int | None = await conn.fetchval("SELECT next_number FROM relay_sequence")
    await conn.close()
    return found


async def databases(server: str, like: str = "laowu_rights%") -> list[str]:
    conn = await asyncpg.connect(server)
    found = [row["datname"] for row in await conn.fetch(KEPT, like)]
    await conn.close()
    return found


async def test_a_backup_says_how_far_its_database_had_come_and_is_put_back_beside_what_it_replaces(server: str, tmp_path: Path) -> None:
    made = await back_up(server, tmp_path / "backup")
    (one,) = made.databases
    assert one.positions.next_numbers == {"rights.events/2": 17}
    await execute(server, "UPDATE relay_sequence SET next_number = 99")
    with pytest.raises(archives.WouldReplace, match="Nothing was changed"):
        await restore(server, tmp_path / "backup")
    assert await next_number(server) == 99
    await restore(server, tmp_path / "backup", replace=True)
    assert await next_number(server) == 17
    kept, now = sorted(await databases(server), reverse=True)
    assert (now, kept.startswith("laowu_rights_before_")) == ("laowu_rights", True)
    await execute(server, f'DROP DATABASE "{kept}"', "postgres")


async def test_who_might_enter_the_database_may_enter_the_one_that_takes_its_place_and_nobody_else(server: str, tmp_path: Path) -> None:
    await execute(server, 'CREATE ROLE "the service"; CREATE ROLE reader', "postgres")
    await execute(server, 'REVOKE ALL ON DATABASE laowu_rights FROM PUBLIC; GRANT CONNECT ON DATABASE laowu_rights TO "the service"')
    await execute(server, "GRANT TEMPORARY ON DATABASE laowu_rights TO reader WITH GRANT OPTION")
    before = await rights_on(server, "laowu_rights")
    await back_up(server, tmp_path / "backup")
    await restore(server, tmp_path / "backup", replace=True)
    kept, _ = sorted(await databases(server), reverse=True)
    assert await rights_on(server, "laowu_rights") == before == await rights_on(server, kept)
    assert (len(before), [one for one in before if one.startswith("=")]) == (3, [])  # the owner's and the two roles'
    await execute(server, f'DROP DATABASE "{kept}"', "postgres")
    await execute(server, "GRANT CONNECT, TEMPORARY ON DATABASE laowu_rights TO PUBLIC")


async def rights_on(server: str, database: str) -> list[str]:
    conn = await asyncpg.connect(server)
    found = await conn.fetchval(
        "SELECT array_agg(one::text ORDER BY one::text) FROM pg_database, unnest(datacl) one WHERE datname = $1", database
    )
    await conn.close()
    return list(found or [])


async def test_databases_of_other_names_are_put_back_under_theirs(server: str, tmp_path: Path) -> None:
    await back_up(server, tmp_path / "backup")
    for _ in range(2):
        await archives.restore(tmp_path / "backup", server, ["rights"], prefix="", replace=True, say=silent)
    assert (await databases(server, "rights%"))[0] == "rights"
    assert len(await databases(server, "rights%")) == 2
    again = await archives.back_up(tmp_path / "again", {"rights": postgres_local.database_of(server, "rights", "")}, silent)
    assert again.databases[0].positions.next_numbers == {"rights.events/2": 17}


@pytest.mark.parametrize("prefix", ['a"; DROP', "Laowu_", "a" * 41])
def test_a_prefix_that_is_no_part_of_a_plain_name_is_refused(prefix: str, tmp_path: Path) -> None:
    answered = CliRunner().invoke(command, [str(tmp_path / "backup"), "--prefix", prefix])
    assert (answered.exit_code, "lower-case letters" in answered.output) == (2, True), answered.output


async def test_a_backup_never_replaces_another_and_one_that_was_cut_short_is_none(server: str, tmp_path: Path) -> None:
    await back_up(server, tmp_path / "backup")
    with pytest.raises(manifest.BackupExists):
        await back_up(server, tmp_path / "backup")
    with pytest.raises(archives.NotDumped):
        await archives.back_up(tmp_path / "other", {"stats": postgres_local.database_of(server, "stats")}, silent)
    assert os.listdir(tmp_path) == ["backup"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "rights.dump").write_bytes(b"PGDMP"), "cut short or altered"),
        (lambda folder: (folder / "rights.dump").unlink(), "no whole backup"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "no manifest"),
        (lambda folder: (folder / "manifest.json").write_text("["), "no manifest"),
        (lambda folder: renamed(folder, "../../etc/passwd"), "no manifest"),
    ],
    ids=["cut short", "missing", "empty", "no JSON", "a path"],
)
async def test_a_damaged_backup_is_refused_before_anything_is_touched(server: str, tmp_path: Path, damage: object, named: str) -> None:
    await back_up(server, tmp_path / "backup")
    damage(tmp_path / "backup")  # type: ignore[operator]
    with pytest.raises(manifest.BackupDamaged, match=named):
        await restore(server, tmp_path / "backup", replace=True)
    assert await next_number(server) == 17


def renamed(folder: Path, name: str) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    document["databases"][0]["file"]["name"] = name
    (folder / "manifest.json").write_text(json.dumps(document))


async def test_a_restore_that_fails_half_way_leaves_the_database_as_it_was_and_is_done_again(server: str, tmp_path: Path) -> None:
    await back_up(server, tmp_path / "backup")
    whole = (tmp_path / "backup" / "rights.dump").read_bytes()
    (tmp_path / "backup" / "rights.dump").write_bytes(whole[: len(whole) * 2 // 3])
    document = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    checked = manifest.archived(tmp_path / "backup" / "rights.dump").model_dump()
    (tmp_path / "backup" / "manifest.json").write_text(json.dumps(document | {"databases": [document["databases"][0] | {"file": checked}]}))
    with pytest.raises(archives.NotRestored):
        await restore(server, tmp_path / "backup", replace=True)
    assert await next_number(server) == 17
    assert await databases(server) == ["laowu_rights", "laowu_rights_restoring"]
    await back_up(server, tmp_path / "whole")
    await restore(server, tmp_path / "whole", replace=True)
    now, kept = await databases(server)
    assert now == "laowu_rights"
    await execute(server, f'DROP DATABASE "{kept}"', "postgres")


async def test_a_database_whose_relay_is_at_work_is_not_replaced(server: str, tmp_path: Path) -> None:
    await back_up(server, tmp_path / "backup")
    relay = await asyncpg.connect(database_url(server, "laowu_rights"))
    await relay.execute(f"SELECT pg_advisory_lock({RELAY_LOCK})")
    with pytest.raises(archives.NotRestored, match="stop the service first"):
        await restore(server, tmp_path / "backup", replace=True)
    await relay.close()


async def test_no_password_is_in_a_command_line(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    started = asyncio.create_subprocess_exec

    async def starting(*command: str, **rest: object) -> object:
        seen.extend(command)
        return await started(*command, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    scheme, _, rest = server.partition("://")
    (user, _, password), where = rest.partition("@")[0].partition(":"), rest.partition("@")[2]
    for number, url in enumerate((server, f"{scheme}://{user}@{where}?password={password}&application_name=a%20backup")):
        await back_up(url, tmp_path / f"backup {number}")
    assert "application_name=a%20backup" in "".join(seen)
    assert not [one for one in seen if password in one]
    with pytest.raises(archives.NotDumped, match="sslpassword"):
        await back_up(f"{server}?sslpassword=hunter2", tmp_path / "refused")


# --- keys -------------------------------------------------------------------------------------------------------------
def test_keys_are_a_backup_of_their_own_and_never_replace_other_keys_unasked(tmp_path: Path) -> None:
    home, other = Home(tmp_path / "home"), Home(tmp_path / "other")
    for one in (home, other):
        one.folder.mkdir()
        secret_keys.service_keys(one)
        secret_keys.auth_key(one)
        secret_keys.endpoint_key(one)
    made = archives.back_up_keys(tmp_path / "keys", home)
    assert (made.holds, made.databases) == ("keys", ())
    assert oct((tmp_path / "keys" / "keys.json").stat().st_mode)[-3:] == "600"
    with pytest.raises(archives.WouldReplace, match="Nothing was changed"):
        archives.restore_keys(tmp_path / "keys", other, replace=False)
    archives.restore_keys(tmp_path / "keys", other, replace=True)
    assert secret_keys.service_keys(other)["registration"] == secret_keys.service_keys(home)["registration"]
    fresh = Home(tmp_path / "fresh")
    archives.restore_keys(tmp_path / "keys", fresh, replace=False)
    assert secret_keys.endpoint_key(fresh) == secret_keys.endpoint_key(home)


def test_keys_are_asked_for_where_data_is_and_the_other_way_round(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    secret_keys.service_keys(home)
    archives.back_up_keys(tmp_path / "keys", home)
    with pytest.raises(archives.NotRestored, match="only keys"):
        asyncio.run(
            archives.restore(tmp_path / "keys", "postgresql://nowhere", ["rights"], prefix=postgres_local.PREFIX, replace=False, say=silent)
        )
