"""The local stack as the rest of the console sees it: bring it up, take it down, where its parts are, tokens for them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from pydantic import SecretStr

from console.errors import NotRunning, NotStarted, Trouble, full_disk_told, require_space
from console.local import home as homes
from console.local import kafka as kafka_local
from console.local import postgres, processes, supervisor
from console.local.home import SERVICES, Home
from console.local.processes import Identity
from console.local.supervisor import Plan, ServiceProcess, State
from shared.principals import NATION, Principal, Role
from shared.settings import Settings
from shared.web.auth import issue

SPACE_MB = 500  # a first start needs 150 MB; below this a full disk is near
UP_SECONDS = 120.0
DOWN_SECONDS = 90.0

Say = Callable[[str], None]
Command = Callable[[str], Sequence[str]]


# The supervisors this process started, by folder: a child stays a zombie until its parent has waited for it.
_daemons: dict[Path, subprocess.Popen[bytes]] = {}


def silent(_line: str) -> None:
    """For callers with nobody to tell."""


def service_command(name: str) -> Sequence[str]:
    return [sys.executable, "-m", f"services.{name}"]


class OtherMode(Trouble):
    """The stack is up, but not in the mode asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `laowu up` may be asked; the rest is for tests."""

    simulation: bool = False
    command: Command = service_command
    java: Path | None = None
    cache: Path | None = None
    repository: str | None = None
    space_mb: int = SPACE_MB
    durable: bool = True
    say: Say = silent
    progress: kafka_local.Progress | None = None


# --- up ------------------------------------------------------------------------------------------------------------
def up(home: Home, options: Options) -> bool:
    """Every process running and ready. False when it was up already. Raises Trouble; then nothing is left running."""
    held = homes.lock(home)
    if held is None:
        _already_up(home, options)
        return False
    try:
        _collect(home)
        prepare(home, options)
        with home.log("supervisor").open("ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "console.local.supervisor", str(home.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(held,),  # it holds the lock from here on
            )
    finally:
        os.close(held)
    _daemons[home.folder] = daemon
    home.write("supervisor.json", {"pid": daemon.pid, "started": _started(daemon.pid)})
    try:
        _await_ready(home, daemon, options.say)
    except BaseException:  # Ctrl-C too: what did not come up goes down
        daemon.terminate()
        daemon.wait(DOWN_SECONDS)
        raise
    return True


def run_in_foreground(home: Home, options: Options) -> int:
    """As `up`, but this process supervises until SIGTERM or Ctrl-C. Returns the exit status. Raises Trouble."""
    held = homes.lock(home)
    if held is None:
        _already_up(home, options)
        return 0
    try:
        prepare(home, options)
        home.write("supervisor.json", {"pid": os.getpid(), "started": _started(os.getpid())})
        return asyncio.run(supervisor.run(home, options.say))
    finally:
        os.close(held)


def _started(pid: int) -> float:
    who = processes.identity(pid)
    return who.started if who else 0.0


def _already_up(home: Home, options: Options) -> None:
    """Raises OtherMode when what runs was started for the other calendar."""
    running = (home.read("status.json") or {}).get("simulation", options.simulation)
    if running != options.simulation:
        mode, flag = ("a simulation", "without") if running else ("real time", "with")
        raise OtherMode(f"already up for {mode}; run laowu down first to start it {flag} --simulation.")


def prepare(home: Home, options: Options) -> Plan:
    """Everything that can go wrong before a process starts, in the caller's sight; writes the plan the supervisor runs."""
    with full_disk_told(home.folder):
        return _prepare(home, options)


def _prepare(home: Home, options: Options) -> Plan:
    for folder in (home.folder, home.file("logs")):
        folder.mkdir(parents=True, exist_ok=True)
    require_space(home.folder, options.space_mb)
    home.file("status.json").unlink(missing_ok=True)
    if ended := homes.sweep_up(home):
        options.say(f"cleaned up {ended} processes of a stack that was killed")
    bootstrap, admin = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("DATABASE_URL")
    java, jars = (None, None) if bootstrap else (kafka_local.find_java(options.java), _jars(options))
    folder = home.file("postgres")
    processes.end(processes.working_in(folder / "data"))
    ports = homes.ports(home)
    node = None if admin else postgres.prepare(folder, ports["postgres"], durable=options.durable)
    kafka = None
    if java and jars:
        kafka = kafka_local.prepare(home.file("kafka"), ports["kafka"], ports["kafka-controller"], java=java, jars=jars)
    database = admin or (node.url() if node else "")
    home.write("connections.json", {"kafka": bootstrap or (kafka.bootstrap if kafka else ""), "database": database})
    if node:
        _create_databases_with(node)
    else:
        asyncio.run(create_databases(database))
    external = {"kafka": bootstrap} if bootstrap else {}
    external |= {"postgres": urlsplit(admin).netloc.rpartition("@")[2]} if admin else {}
    services = [ServiceProcess(name, options.command(name), ports[name], environment(home, name, ports, options)) for name in SERVICES]
    plan = Plan(options.simulation, services, kafka, node, options.durable, external)
    supervisor.save_plan(home, plan)
    return plan


def _jars(options: Options) -> Path:
    if not kafka_local.jars_present(options.cache):
        options.say("downloading Apache Kafka (45 MB, once)")
    return kafka_local.fetch_jars(options.cache, options.repository, options.progress)


def environment(home: Home, service: str, ports: dict[str, int], options: Options) -> dict[str, str]:
    """What a service process is told (shared/settings.py)."""
    homes.auth_key(home)
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap(home),
        "DATABASE_URL": database_url(service, home),
        "HTTP_PORT": str(ports[service]),
        "AUTH_JWKS": str(home.file("auth.jwks.json")),
        "SIMULATION": "true" if options.simulation else "false",
        "MALLOC_ARENA_MAX": "2",  # glibc's arenas per thread would take tens of MB more per process
        **homes.service_keys(home).get(service, {}),
    }


def _create_databases_with(node: postgres.Postgres) -> None:
    """On a server started for this alone, the first time only: services start as soon as the supervisor's server is ready."""
    done = node.folder / "databases-created"
    if done.exists():
        return
    process = processes.spawn(postgres.spec(node))
    try:
        postgres.wait_ready(node, process)
        asyncio.run(create_databases(node.url()))
    finally:
        processes.stop(process, postgres.spec(node))
    done.touch()


async def create_databases(admin: str) -> None:
    """The five databases, where missing. Raises NotStarted when the server does not answer or refuses."""
    try:
        conn = await asyncpg.connect(admin, timeout=10)
        try:
            there = {row["datname"] for row in await conn.fetch("SELECT datname FROM pg_database")}
            for name in SERVICES:
                if f"laowu_{name}" not in there:
                    await conn.execute(f"CREATE DATABASE laowu_{name}")
        finally:
            await conn.close(timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise NotStarted(f"no database: the server of DATABASE_URL does not do as asked: {error}") from None


def _await_ready(home: Home, daemon: subprocess.Popen[bytes], say: Say) -> None:
    """Raises NotStarted with the supervisor's reason, or when it takes longer than UP_SECONDS."""
    deadline = time.monotonic() + UP_SECONDS
    told: set[str] = set()
    while True:
        status = home.read("status.json") or {}
        rows = status.get("processes", [])
        for row in rows:
            if row["state"] == State.READY and row["name"] not in told:
                told.add(row["name"])
                say(f"{row['name']} ready at {row['address']}")
        if rows and all(map(_well, rows)):
            return
        if daemon.poll() is not None:
            status = home.read("status.json") or {}
            raise NotStarted(status.get("failure") or f"the supervisor ended; the reason is at the end of {home.log('supervisor')}.")
        if time.monotonic() > deadline:
            late = ", ".join(row["name"] for row in rows if not _well(row)) or "the supervisor"
            raise NotStarted(f"not ready within {UP_SECONDS:.0f} s: {late}. See laowu logs.")
        time.sleep(0.05)


def _well(row: dict[str, Any]) -> bool:
    return row["state"] in {State.READY, State.EXTERNAL}


# --- down, status --------------------------------------------------------------------------------------------------
def down(home: Home) -> bool:
    """Nothing of the stack running. False when nothing was. Also after the supervisor was killed."""
    known = home.read("supervisor.json")
    leader = Identity(**known) if known else None
    was_up = leader is not None and processes.alive(leader)
    if leader is not None and was_up:
        with suppress(ProcessLookupError):
            os.kill(leader.pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while (held := homes.lock(home)) is None:
        if time.monotonic() > deadline:
            raise NotRunning(f"the supervisor (pid {leader.pid if leader else '?'}) does not end; kill it and run laowu down again.")
        time.sleep(0.05)
    try:
        left = homes.sweep_up(home) + processes.end(processes.working_in(home.file("postgres") / "data"))
        home.file("supervisor.json").unlink(missing_ok=True)
        return was_up or left > 0
    finally:
        os.close(held)
        _collect(home)


def _collect(home: Home) -> None:
    """Wait for the supervisor this process started here, whoever ended it: it let go of the lock, so it has ended or is about to."""
    daemon = _daemons.pop(home.folder, None)
    if daemon is not None:
        daemon.wait(DOWN_SECONDS)


def status(home: Home) -> list[dict[str, Any]]:
    """One row per process: name, pid, address, state, restarts. All stopped when no supervisor lives, whatever the file says."""
    document = home.read("status.json") or {"processes": []}
    rows: list[dict[str, Any]] = document["processes"]
    if not is_up(home):
        rows = [{**row, "pid": None, "state": row["state"] if row["state"] == State.EXTERNAL else State.STOPPED} for row in rows]
    return rows


def is_up(home: Home | None = None) -> bool:
    """Whether a supervisor lives (its processes may still be starting)."""
    known = (home or Home.here()).read("supervisor.json")
    return known is not None and processes.alive(Identity(**known))


def all_ready(home: Home | None = None) -> bool:
    home = home or Home.here()
    rows = status(home)
    return is_up(home) and bool(rows) and all(map(_well, rows))


def simulated(home: Home | None = None) -> bool:
    """Whether the stack accepts a simulated time."""
    return bool(((home or Home.here()).read("status.json") or {}).get("simulation"))


# --- where and with what -------------------------------------------------------------------------------------------
def endpoints(home: Home | None = None) -> dict[str, str]:
    """Service -> base URL. Raises NotRunning when no stack was ever started here."""
    known = (home or Home.here()).read("ports.json")
    if known is None:
        raise NotRunning("no stack here: run laowu up first.")
    return {name: f"http://127.0.0.1:{known[name]}" for name in SERVICES}


def token(role: Role | str, regions: Sequence[str] = (NATION,), party: str | None = None, *, home: Home | None = None) -> str:
    """A bearer token of this stack, good for 12 hours."""
    who = Principal(subject=f"local-{Role(role)}", role=Role(role), regions=tuple(regions), party=party)
    return issue(homes.auth_key(home or Home.here()), who)


def kafka_bootstrap(home: Home | None = None) -> str:
    return _connection("kafka", home)


def database_url(service: str, home: Home | None = None) -> str:
    return urlunsplit(urlsplit(_connection("database", home))._replace(path=f"/laowu_{service}"))


def settings(service: str, home: Home | None = None) -> Settings:
    """How the service's process is set, for commands that read what it reads; prefixes and bounds come from the environment, as for it."""
    home = home or Home.here()
    return Settings(
        kafka_bootstrap_servers=kafka_bootstrap(home),
        database_url=SecretStr(database_url(service, home)),
        http_port=urlsplit(endpoints(home)[service]).port or 1,
        auth_jwks=home.file("auth.jwks.json"),
    )


def _connection(name: str, home: Home | None) -> str:
    known = (home or Home.here()).read("connections.json")
    if known is None:
        raise NotRunning("no stack here: run laowu up first.")
    return str(known[name])


def pids(home: Home | None = None) -> dict[str, int]:
    """Name -> pid of the processes running now."""
    return {row["name"]: row["pid"] for row in status(home or Home.here()) if row["pid"] is not None}
