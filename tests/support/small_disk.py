"""A disk of a few megabytes, a tmpfs that only what is started on it sees: a test fills and clears it under a PostgreSQL or a Kafka."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from console.local import kafka, postgres, processes
from console.local.kafka import Kafka
from console.local.postgres import Postgres
from console.local.processes import Spec

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
    """It is there as long as its holder is."""

    holder: int  # the process whose namespace it is in
    mount: Path  # as those name it who are started on it

    @property
    def seen(self) -> Path:
        """The same, from outside of the namespace."""
        return Path(f"/proc/{self.holder}/root") / self.mount.resolve().relative_to("/")

    def on(self, spec: Spec) -> Spec:
        """The process as one that sees the disk."""
        own = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        child = [sys.executable, "-ISs", str(processes.CHILD), str(int(spec.orphan_signal or 0)), spec.account or "-", str(os.getpid())]
        return replace(spec, command=["nsenter", f"--target={self.holder}", *own, "--mount", *child, *spec.command], account=None)

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
def small_disk(owner: str | None = None) -> Iterator[SmallDisk]:
    """An empty one, of this account or another."""
    mount = Path(tempfile.mkdtemp())  # not in a test's folder: PostgreSQL asks access(2), so its account must reach it without a capability
    mount.chmod(0o755)
    uid = os.getuid() if owner is None else pwd.getpwnam(owner).pw_uid
    command = [
        *_namespace(),
        str(mount),
        str(uid),
        str(MEGABYTES),
        "cat",
    ]  # which answers once the disk is mounted, and ends with this process
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"mounted\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"mounted\n"
        yield SmallDisk(holder.pid, mount)
    mount.rmdir()


@contextmanager
def postgres_beside(disk: SmallDisk, folder: Path) -> Iterator[Postgres]:
    """A server in the folder, which may have a tablespace on the disk."""
    node = postgres.prepare(folder, processes.free_ports(1)[0], durable=False)
    spec = disk.on(postgres.spec(node))
    process = processes.spawn(spec)
    try:
        postgres.wait_ready(node, process)
        yield node
    finally:
        processes.stop(process, spec)


@dataclass(slots=True)
class Broker:
    """A Kafka whose only log is on the disk."""

    node: Kafka
    spec: Spec
    process: subprocess.Popen[bytes]

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def start(self) -> None:
        """Returns when it serves."""
        self.process = processes.spawn(self.spec)
        kafka.wait_ready(self.node, self.process)


@contextmanager
def broker_on(disk: SmallDisk, folder: Path) -> Iterator[Broker]:
    """Its settings and what it prints are in the folder."""
    port, controller = processes.free_ports(2)
    node = kafka.prepare(folder, port, controller, java=kafka.find_java(), jars=kafka.fetch_jars())
    shutil.move(node.folder / "log", disk.seen / "log")
    with node.configuration.open("a") as configuration:
        configuration.write(f"log.dirs={disk.mount / 'log'}\n")
    spec = disk.on(kafka.spec(node))
    broker = Broker(node, spec, processes.spawn(spec))
    try:
        kafka.wait_ready(node, broker.process)
        yield broker
    finally:
        processes.stop(broker.process, spec)
