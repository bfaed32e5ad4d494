"""A PostgreSQL with a tablespace on a disk of a few megabytes, a tmpfs that it alone sees: a test fills and clears it."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from console.local import postgres, processes
from console.local.postgres import Postgres

WITHOUT = "no disk of its own can be mounted here: mount namespaces are not allowed"
MEGABYTES = 48
# In a namespace of its own: mounts the disk at $1, owned by $2, and becomes the rest.
MOUNTED = 'mount -t tmpfs -o "size=$3m,mode=700,uid=$2" small "$1" && shift 3 && exec "$@"'


def _namespace() -> list[str]:
    """Root may mount by itself; anybody else in a user namespace, where they stay who they are, which PostgreSQL wants."""
    own = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    return ["unshare", *own, "--mount", "--propagation=private", "sh", "-c", MOUNTED, "sh"]


def can_mount(folder: Path) -> bool:
    try:
        return subprocess.run([*_namespace(), str(folder), "0", "1", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """The server, and its disk as it sees it."""

    node: Postgres
    mount: Path  # as the server names it
    seen: Path  # the same, from outside of its namespace

    @property
    def ballast(self) -> Path:
        return self.seen / "ballast"

    def fill(self) -> None:
        """To the last page."""
        with self.ballast.open("ab", buffering=0) as out:
            for size in (2**20, 2**12):
                try:
                    while True:
                        out.write(bytes(size))
                except OSError:
                    continue

    def clear(self) -> None:
        self.ballast.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Databases are made on it with TABLESPACE small."""
    node, runs_as = postgres.prepare(folder / "postgres", processes.free_ports(1)[0], durable=False), postgres.account()
    mount = Path(tempfile.mkdtemp())  # not in `folder`: PostgreSQL asks access(2), so its account must reach it without a capability
    mount.chmod(0o755)
    owner = os.getuid() if runs_as is None else pwd.getpwnam(runs_as).pw_uid
    spec = postgres.spec(node)
    child = [sys.executable, "-ISs", str(processes.CHILD), str(int(spec.orphan_signal or 0)), runs_as or "-", str(os.getpid())]
    command = [*_namespace(), str(mount), str(owner), str(MEGABYTES), *child, *spec.command]
    process = processes.spawn(replace(spec, command=command, account=None))
    try:
        postgres.wait_ready(node, process)
        yield SmallDisk(node, mount, Path(f"/proc/{process.pid}/root") / mount.resolve().relative_to("/"))
    finally:
        processes.stop(process, spec)
        mount.rmdir()
