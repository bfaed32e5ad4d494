"""Backups of the services' databases (pg_dump's custom format) and of a stack's keys, and their restore.

A dump and the positions beside it are of one snapshot. A restore fills a database of another name and renames it when it is complete,
so it is done or not done; the database that was there before is kept under a name of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from console.errors import ConsoleError, NotStarted
from console.local import manifest, postgres
from console.local.home import Home, write_private
from console.local.manifest import Manifest, Positions
from shared import db
from shared.delivery.restoring import RELAY_LOCK

KEY_FILES = ("keys.json", "endpoint-key.json", "auth.json", "auth.jwks.json", "session.json", "docking-signing.pem", "training-signing.pem")
Say = Callable[[str], object]
_POSITIONS = """
SELECT (SELECT epoch FROM relay) AS epoch, (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM migration) AS migrations,
    current_setting('server_version') AS server
"""
_NUMBERS = "SELECT topic || '/' || partition AS at, next_number AS next FROM relay_sequence ORDER BY 1"
_RIGHTS = """
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, $2::text,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database, aclexplode(datacl) WHERE datname = $1
"""
_OFFSETS = "SELECT topic || '/' || partition AS at, next_offset AS next FROM consumed ORDER BY 1"


class NotDumped(ConsoleError):
    """PostgreSQL or pg_dump refused; there is no backup."""


class NotRestored(ConsoleError):
    """PostgreSQL or pg_restore refused; every database is as it was."""


class WouldReplace(ConsoleError):
    """There is something already where the backup would be restored to."""


# --- databases: backup ------------------------------------------------------------------------------------------------
async def back_up(folder: Path, databases: Mapping[str, str], say: Say) -> Manifest:
    """Dump the databases, given as service -> URL. Raises NotDumped, BackupExists, DiskFull."""
    with manifest.new_folder(folder) as partial:
        found = Manifest(
            holds="databases",
            made_at=datetime.now(UTC),
            databases=tuple([await _dump(service, url, partial, say) for service, url in databases.items()]),
        )
        write_private(partial / manifest.MANIFEST, found.model_dump_json(indent=1))
    return found


async def _dump(service: str, url: str, folder: Path, say: Say) -> manifest.Database:
    began, file = time.monotonic(), folder / f"{service}.dump"
    try:
        async with _connected(url) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            positions, server = await _positions(conn)
            snapshot = await conn.fetchval("SELECT pg_export_snapshot()")
            await _run("pg_dump", url, [f"--snapshot={snapshot}", "--format=custom", f"--file={file}"])
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, _ToolFailed) as error:
        raise NotDumped(f"{service}: {error or type(error).__name__}") from None
    file.chmod(0o600)
    archived = manifest.archived(file)
    say(f"{service}: {archived.size:,} bytes in {time.monotonic() - began:.1f} s, {positions.outbox} events in the outbox")
    return manifest.Database.model_validate({"service": service, "file": archived, "server": server, "positions": positions})


async def _positions(conn: asyncpg.Connection) -> tuple[Positions, str]:
    """How far the database has come, and the server's version."""
    row = await conn.fetchrow(_POSITIONS)
    assert row is not None, "a SELECT without FROM has a row"  # noqa: S101  # for mypy
    numbers, offsets = await conn.fetch(_NUMBERS), await conn.fetch(_OFFSETS)
    found = Positions(
        epoch=row["epoch"],
        outbox=row["outbox"],
        migrations=row["migrations"],
        next_numbers={one["at"]: one["next"] for one in numbers},
        next_offsets={one["at"]: one["next"] for one in offsets},
    )
    return found, row["server"]


# --- databases: restore -----------------------------------------------------------------------------------------------
async def restore(folder: Path, admin: str, services: Sequence[str], *, prefix: str, replace: bool, say: Say) -> None:
    """Put the services' databases back, one after the other, under `prefix` and their names. What was interrupted is begun again.

    Raises BackupDamaged, WouldReplace, NotRestored.
    """
    found = manifest.read(folder)
    archives: dict[str, manifest.Database] = {one.service: one for one in found.databases}
    if missing := [service for service in services if service not in archives]:
        raise NotRestored(f"{folder} holds no {', '.join(missing)}, only {', '.join(archives) or 'keys'}")
    try:
        async with _connected(admin) as conn:
            for service in services:
                await _require_free(conn, postgres.database_of(admin, service, prefix), service, replace=replace)
            for service in services:
                await _restore(conn, postgres.database_of(admin, service, prefix), service, folder / archives[service].file.name, say)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, _ToolFailed) as error:
        raise NotRestored(f"{error or type(error).__name__}") from None


async def _require_free(conn: asyncpg.Connection, url: str, service: str, *, replace: bool) -> None:
    """Raises WouldReplace where data would be replaced unasked, NotRestored while the service runs."""
    name = urlsplit(url).path[1:]
    if not await conn.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
        return
    async with _connected(url) as own:
        if not await own.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):
            raise NotRestored(f"{service}'s relay is at work on this database: stop the service first.")
        empty = await own.fetchval("SELECT to_regclass('migration') IS NULL")
    if not empty and not replace:
        raise WouldReplace(
            f"{name} has data: with --replace it is kept under another name, and the backup takes its place. Nothing was changed."
        )


async def _restore(conn: asyncpg.Connection, url: str, service: str, file: Path, say: Say) -> None:
    """Into a database of another name, which then takes the place of the one there is."""
    began, name = time.monotonic(), urlsplit(url).path[1:]
    fresh = f"{name}_restoring"
    owner = await conn.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", name)
    owner = owner or await conn.fetchval("SELECT current_user")
    await conn.execute(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)')
    create = await conn.fetchval("SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0', $1::text, $2::text)", fresh, owner)
    await conn.execute(create)
    await _copy_rights(conn, name, fresh)
    into = urlunsplit(urlsplit(url)._replace(path=f"/{fresh}"))
    await _run("pg_restore", into, ["--no-owner", f"--role={owner}", "--exit-on-error", "--single-transaction", str(file)])
    kept = f"{name}_before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    there = await conn.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
    async with conn.transaction():
        if there:
            await conn.execute(f'ALTER DATABASE "{name}" RENAME TO "{kept}"')
        await conn.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    say(f"{service}: restored in {time.monotonic() - began:.1f} s{f'; what was there before is {kept}' if there else ''}")


async def _copy_rights(conn: asyncpg.Connection, name: str, fresh: str) -> None:
    """Who may enter the one database may enter the other, before there is anything in it: a dump holds no rights on the database itself."""
    if grants := [row[0] for row in await conn.fetch(_RIGHTS, name, fresh)]:
        await conn.execute("; ".join([f'REVOKE ALL ON DATABASE "{fresh}" FROM PUBLIC', *grants]))


# --- keys -------------------------------------------------------------------------------------------------------------
def back_up_keys(folder: Path, home: Home) -> Manifest:
    """The stack's keys, readable by their owner only. Raises NotDumped, BackupExists, DiskFull."""
    there = [name for name in KEY_FILES if home.file(name).exists()]
    if not there:
        raise NotDumped(f"{home.folder} holds no keys; on a cluster they are where the services' settings name them.")
    with manifest.new_folder(folder) as partial:
        for name in there:
            write_private(partial / name, home.file(name).read_text())
        found = Manifest(holds="keys", made_at=datetime.now(UTC), keys=tuple(manifest.archived(partial / name) for name in there))
        write_private(partial / manifest.MANIFEST, found.model_dump_json(indent=1))
    return found


def restore_keys(folder: Path, home: Home, *, replace: bool) -> Sequence[str]:
    """Put the keys back; returns their files. Raises BackupDamaged, WouldReplace, NotRestored."""
    found = manifest.read(folder)
    unknown = [one.name for one in found.keys if one.name not in KEY_FILES]
    if unknown:
        raise manifest.BackupDamaged(f"{folder}: {', '.join(unknown)} is no key of a stack.")
    contents = {one.name: (folder / one.name).read_text() for one in found.keys}
    others = [name for name, text in contents.items() if home.file(name).exists() and home.file(name).read_text() != text]
    if others and not replace:
        raise WouldReplace(
            f"{home.folder} has other keys ({', '.join(others)}), and what they seal is lost without them: --replace. Nothing was changed."
        )
    home.folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        write_private(home.file(name), text)
    return list(contents)


# --- PostgreSQL's own programs ----------------------------------------------------------------------------------------
class _ToolFailed(Exception):
    """pg_dump or pg_restore ended with an error; its last line."""


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """The URL for a command line, which everybody on the machine can read, and the environment with the rest. Raises _ToolFailed."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    passwords = [unquote(parts.password)] if parts.password else []
    passwords += [value for name, value in query if name == "password"]  # PostgreSQL's programs take the last
    if any(name == "sslpassword" for name, _ in query):
        raise _ToolFailed("sslpassword cannot be given to PostgreSQL's programs unseen: name a key without a passphrase in sslkey.")
    kept = urlencode([one for one in query if one[0] != "password"], quote_via=quote)
    own = {"PGPASSWORD": passwords[-1]} if passwords else {}
    own |= {"PGUSER": unquote(parts.username)} if parts.username else {}
    host = parts.netloc.rpartition("@")[2] if parts.password else parts.netloc
    return urlunsplit(parts._replace(netloc=host, query=kept)), own


async def _run(program: str, url: str, arguments: Sequence[str]) -> None:
    """Raises _ToolFailed."""
    bare, own = _without_password(url)
    command = [_program(program), f"--dbname={bare}", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **own}, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:  # Ctrl-C
            process.kill()
            await process.wait()
    if process.returncode:
        raise _ToolFailed((errors.decode(errors="replace").strip().splitlines() or [f"{program} ended with {process.returncode}"])[-1])


def _program(name: str) -> str:
    """The local stack's own, else the one on PATH. Raises _ToolFailed."""
    with contextlib.suppress(NotStarted):
        found = postgres.client_programs() / name
        if found.exists():
            return str(found)
    on_path = shutil.which(name)
    if on_path is None:
        raise _ToolFailed(f"{name} is not here: install PostgreSQL's client programs, or laowu[local].")
    return on_path


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Without a bound on statements: a large dump holds its snapshot for long."""
    conn = await db.connect(url, application="laowu-backup")
    try:
        await conn.execute("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
        yield conn
    finally:
        conn.terminate()
