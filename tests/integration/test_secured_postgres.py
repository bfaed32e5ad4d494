"""A PostgreSQL that is reached by TLS only: who signed its certificate, whom it names, and who may enter."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.db import Unavailable, close_database, connect, open_database
from tests.conftest import ROOT
from tests.support.certificates import Authority
from tests.support.tls_postgres import HAS_ONE, TlsPostgres, tls_postgres

pytestmark = pytest.mark.skipif(not HAS_ONE, reason="no PostgreSQL with TLS is published for this machine")
PEER = "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsPostgres]:
    with tls_postgres(tmp_path_factory.mktemp("tls")) as one:
        yield one


async def peer(url: str) -> tuple[bool, str | None]:
    """Whether the server sees TLS, and the name in the client's certificate: of a pooled connection and of one beside the pool."""
    database = await open_database("docking", url, size=2)
    try:
        async with database.connection() as conn:
            pooled = await conn.fetchrow(PEER)
    finally:
        await close_database(database)
    single = await connect(url, application="laowu-test")
    try:
        assert await single.fetchrow(PEER) == pooled
    finally:
        await single.close()
    return pooled["ssl"], pooled["client_dn"]


async def refusal(url: str) -> str:
    with pytest.raises(Unavailable) as refused:
        await open_database("docking", url)
    return str(refused.value)


async def test_a_server_whose_authority_is_known_and_whose_name_fits_is_connected_to(server: TlsPostgres) -> None:
    assert await peer(server.url(sslmode="verify-full", sslrootcert=server.authority.file)) == (True, None)


async def test_a_certificate_takes_the_place_of_a_password(server: TlsPostgres) -> None:
    admin = await connect(server.url(), application="laowu-test")
    await admin.execute("CREATE ROLE certified LOGIN")
    await admin.close()
    certificate, key = server.authority.issue("certified")
    trusted: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": server.authority.file}
    assert await peer(server.url(user="certified", sslcert=certificate, sslkey=key, **trusted)) == (True, "/CN=certified")
    shown = await refusal(server.url(user="certified", **trusted))
    assert "connection requires a valid client certificate" in shown
    assert "sslcert and sslkey, of DATABASE_URL" in shown


async def test_a_server_signed_by_somebody_else_is_refused(server: TlsPostgres, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    shown = await refusal(server.url(sslmode="verify-full", sslrootcert=stranger.file))
    assert shown.startswith("cannot connect to the database of docking: the server's certificate is refused: ")
    assert shown.endswith("(sslmode, sslrootcert and the host of DATABASE_URL)")


async def test_a_server_with_another_name_is_refused_unless_only_the_authority_is_asked_for(server: TlsPostgres) -> None:
    trusted: dict[str, Any] = {"host": "localhost", "sslrootcert": server.authority.file}
    assert "Hostname mismatch, certificate is not valid for 'localhost'" in await refusal(server.url(sslmode="verify-full", **trusted))
    assert await peer(server.url(sslmode="verify-ca", **trusted)) == (True, None)


async def test_a_server_without_tls_is_refused_where_it_is_asked_for(postgres: str, server: TlsPostgres) -> None:
    shown = await refusal(f"{postgres}?sslmode=verify-full&sslrootcert={server.authority.file}")
    assert shown.endswith("the server has no TLS, and sslmode of DATABASE_URL asks for it")


async def test_a_client_without_tls_is_refused_where_the_server_asks_for_it(server: TlsPostgres) -> None:
    shown = await refusal(server.url(sslmode="disable"))
    assert "no encryption" in shown
    assert "(the user, password and sslmode, " in shown


async def test_a_file_that_holds_no_certificate_is_named_by_its_setting(server: TlsPostgres, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    assert "sslrootcert, sslcert and sslkey of DATABASE_URL" in await refusal(
        server.url(sslmode="verify-full", sslrootcert=tmp_path / "ca.pem")
    )


async def test_a_process_ends_at_a_wrong_password_in_one_line_without_any_password(server: TlsPostgres) -> None:
    right = server.url(sslmode="verify-full", sslrootcert=server.authority.file)
    wrong = right.replace(server.node.password, "guessed-by-hand")
    command = [sys.executable, "-m", "services.docking", "migrate"]
    environment = {**os.environ, "DATABASE_URL": right, "MIGRATION_DATABASE_URL": wrong}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    shown, _ = await process.communicate()
    (line,) = shown.decode().splitlines()
    assert process.returncode == 1
    assert line.startswith("docking: not migrated: cannot connect to the database of docking: password authentication failed for user")
    assert line.endswith("of MIGRATION_DATABASE_URL)")
    assert "guessed" not in line
    assert server.node.password not in line


async def test_a_lost_connection_shows_no_password(server: TlsPostgres, caplog: pytest.LogCaptureFixture) -> None:
    url = server.url(sslmode="verify-full", sslrootcert=server.authority.file)
    database = await open_database("docking", url, size=2)
    try:
        with pytest.raises(Unavailable) as lost:
            async with database.connection() as conn:
                await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        assert server.node.password not in f"{lost.value!r} {lost.value.__cause__!r} {database!r} {caplog.text}"
    finally:
        await close_database(database)
