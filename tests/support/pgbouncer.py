"""A pgbouncer in front of a PostgreSQL, in the mode a test asks for."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from console.local import postgres, processes
from console.local.processes import Spec

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
WITHOUT = "no pgbouncer: apt-get install pgbouncer"
PASSWORD = "of the pooler"
CONFIGURATION = """
[databases]
* = host={host} port={server_port} user={user} password='{password}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = {mode}
default_pool_size = 20
"""


@contextmanager
def pgbouncer(folder: Path, server: str, mode: str, more: str = "") -> Iterator[str]:
    """URL of a database that is reached through it: `server` is that database's own. more: further lines of pgbouncer.ini."""
    assert PROGRAM is not None
    parts, (port,) = urlsplit(server), processes.free_ports(1)
    users, configuration = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"service" "{PASSWORD}"\n')
    configuration.write_text(
        CONFIGURATION.format(
            host=parts.hostname, server_port=parts.port, user=parts.username, password=parts.password, port=port, users=users, mode=mode
        )
        + more
    )
    spec = Spec(name="pgbouncer", command=[PROGRAM, str(configuration)], log=folder / "pgbouncer.log", account=postgres.account())
    process = processes.spawn(spec)
    try:
        deadline = time.monotonic() + 10
        while not _listens(port):
            assert process.poll() is None, spec.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield parts._replace(netloc=f"service:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}").geturl()
    finally:
        processes.stop(process, spec)


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
