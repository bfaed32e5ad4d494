"""A primary PostgreSQL and its standby, which has every commit that was acknowledged; either may be killed, the standby promoted."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from console.local import postgres, processes
from console.local.postgres import Postgres
from console.local.processes import Spec
from tests.support.wait import until

REPLICATED = "wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\n"


@dataclass(slots=True)
class Pair:
    """Two servers, the primary first."""

    primary: Postgres
    standby: Postgres
    running: dict[int, subprocess.Popen[bytes]]  # by port

    def url(self, database: str, **parameters: str) -> str:
        """Of both, the primary first."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        asked = "&".join(f"{name}={value}" for name, value in parameters.items())
        return self.primary.url(database).replace(f"127.0.0.1:{self.primary.port}", hosts) + (f"?{asked}" if asked else "")

    def kill(self, node: Postgres) -> None:
        """At once, with everything that it runs."""
        process = self.running.pop(node.port)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while processes.working_in(node.data) and time.monotonic() < deadline:
            time.sleep(0.02)  # its children notice by themselves

    def spawn(self, node: Postgres) -> None:
        (node.data / "postmaster.pid").unlink(missing_ok=True)
        self.running[node.port] = processes.spawn(postgres.spec(node))

    async def promote(self) -> None:
        """The standby is a primary from now on, and waits for no other."""
        conn = await asyncpg.connect(self.standby.url())
        try:
            assert await conn.fetchval("SELECT pg_promote(wait => true, wait_seconds => 30)")
        finally:
            await conn.close()


@contextmanager
def replicated(folder: Path) -> Iterator[Pair]:
    """Both started; `await whole(pair)` before anything is committed."""
    ports = processes.free_ports(2)
    primary = postgres.prepare(folder / "primary", ports[0], durable=False, more=REPLICATED)
    pair = Pair(primary, replace(primary, folder=(folder / "standby").resolve(), port=ports[1]), {})
    try:
        pair.spawn(primary)
        postgres.wait_ready(primary, pair.running[primary.port])
        _copy(primary, pair.standby)
        postgres.prepare(pair.standby.folder, pair.standby.port, durable=False, more=REPLICATED)
        pair.spawn(pair.standby)
        yield pair
    finally:
        for process in pair.running.values():
            processes.stop(process, replace(postgres.spec(primary), stop_seconds=5))


def _copy(primary: Postgres, standby: Postgres) -> None:
    standby.folder.mkdir()
    shutil.copy(primary.folder / "password", standby.folder / "password")
    spec = Spec(
        name="basebackup",
        command=[
            *(str(primary.programs / "pg_basebackup"), "--pgdata", str(standby.data), "--wal-method=stream", "--checkpoint=fast"),
            *("--write-recovery-conf", "--dbname", primary.url()),
        ],
        log=standby.folder / "basebackup.log",
        account=postgres.account(),
    )
    assert processes.spawn(spec).wait(60) == 0, spec.log.read_text()


async def whole(pair: Pair) -> None:
    """Until the standby follows; from now on every commit waits for it."""
    conn = await asyncpg.connect(pair.primary.url())
    try:
        await conn.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await conn.execute("SELECT pg_reload_conf()")

        async def followed() -> bool:
            return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')"))

        await until(followed, 30, "the standby follows")
    finally:
        await conn.close()
