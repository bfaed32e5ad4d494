"""The local stack as the rest of the console sees it: bring it up, take it down, where its parts are, tokens for them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from console.errors import NotRunning, NotStarted, WrongMode, raising_disk_full, require_space
from console.local import demo_lock, postgres, processes, secret_keys, supervisor
from console.local import home as homes
from console.local import kafka as kafka_local
from console.local.home import CONSOLE, MAIL, Home
from console.local.supervisor import Plan, ServiceProcess, State
from console.services import SERVICES
from shared import postgres_access
from shared.postgres_settings import checked_url
from shared.principals import NATION, Principal, Role
from shared.settings import Settings
from shared.web.auth import issue

SPACE_MB = 500  # a first start needs 150 MB; below this a full disk is near
UP_SECONDS = 120.0
DOWN_SECONDS = 90.0

OnMessage = Callable[[str], None]
Token = Callable[[Role, str | None], str]
TOKEN_SECONDS = 12 * 3600
Row = dict[str, Any]  # of `status`: name, pid, address, state, restarts
Command = Callable[[str], Sequence[str]]


# The supervisors this process started, by folder: a child stays a zombie until its parent has waited for it.
_daemons: dict[Path, subprocess.Popen[bytes]] = {}


def no_messages(_line: str) -> None:
    """For callers that show none."""


def service_command(name: str) -> Sequence[str]:
    return [sys.executable, "-m", "console.web" if name == CONSOLE else f"services.{name}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `laowu up` may be asked; the rest is for tests."""

    simulation: bool = False
    command: Command = service_command
    java: Path | None = None
    cache: Path | None = None
    repository: str | None = None
    space_mb: int = SPACE_MB
    durable: bool = True
    outlives_starter: bool = True  # False: it goes down when the process that has started it ends, killed or not
    on_message: OnMessage = no_messages
    progress: kafka_local.Progress | None = None


# --- up ------------------------------------------------------------------------------------------------------------
def up(home: Home, options: Options) -> bool:
    """Every process running and ready. False when it was up already. Raises ConsoleError; then nothing is left running."""
    lock = homes.take_lock(home)
    if lock is None:
        _require_same_mode(home, options)
        return False
    try:
        _reap(home)
        prepare(home, options)
        starter = [] if options.outlives_starter else [str(os.getpid())]
        with home.log("supervisor").open("ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "console.local.supervisor", str(home.folder), *starter],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),  # it holds the lock from here on
            )
    finally:
        os.close(lock)
    _daemons[home.folder] = daemon
    home.write("supervisor.json", {"pid": daemon.pid, "started": _started(daemon.pid)})
    try:
        _await_ready(home, daemon, options.on_message)
    except BaseException:  # Ctrl-C too: what did not come up goes down
        daemon.terminate()
        daemon.wait(DOWN_SECONDS)
        raise
    return True


def run_in_foreground(home: Home, options: Options) -> int:
    """As `up`, but this process supervises until SIGTERM or Ctrl-C. Returns the exit status. Raises ConsoleError."""
    lock = homes.take_lock(home)
    if lock is None:
        _require_same_mode(home, options)
        return 0
    try:
        prepare(home, options)
        home.write("supervisor.json", {"pid": os.getpid(), "started": _started(os.getpid())})
        return asyncio.run(supervisor.run(home, options.on_message))
    finally:
        os.close(lock)


def _started(pid: int) -> float:
    who = processes.identity(pid)
    return who.started if who else 0.0


def _require_same_mode(home: Home, options: Options) -> None:
    """Raises WrongMode when what runs was started for the other calendar."""
    running = (home.read("status.json") or {}).get("simulation", options.simulation)
    if running != options.simulation:
        mode, flag = ("a simulation", "without") if running else ("real time", "with")
        raise WrongMode(f"already up for {mode}; run laowu down first to start it {flag} --simulation.")


def prepare(home: Home, options: Options) -> Plan:
    """Everything that can go wrong before a process starts, in the client's sight; writes the plan the supervisor runs."""
    with raising_disk_full(home.folder):
        return _prepare(home, options)


def _prepare(home: Home, options: Options) -> Plan:
    for folder in (home.folder, home.file("logs")):
        folder.mkdir(parents=True, exist_ok=True)
    require_space(home.folder, options.space_mb)
    home.file("status.json").unlink(missing_ok=True)
    if ended := homes.end_leftovers(home):
        options.on_message(f"cleaned up {ended} processes of a stack that was killed")
    bootstrap, admin = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("DATABASE_URL")
    if not bootstrap and os.environ.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT") not in {"", "PLAINTEXT"}:
        raise NotStarted(
            "KAFKA_SECURITY_PROTOCOL is set, and KAFKA_BOOTSTRAP_SERVERS is not: set both for a cluster, neither for Kafka here."
        )
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
    services.append(ServiceProcess(CONSOLE, options.command(CONSOLE), ports[CONSOLE], console_environment(home, ports, options)))
    plan = Plan(
        simulation=options.simulation,
        services=services,
        kafka=kafka,
        postgres=node,
        mail=ports[MAIL],
        durable=options.durable,
        external=external,
    )
    supervisor.save_plan(home, plan)
    return plan


def _jars(options: Options) -> Path:
    if not kafka_local.jars_present(options.cache):
        options.on_message("downloading Apache Kafka (45 MB, once)")
    return kafka_local.fetch_jars(options.cache, options.repository, options.progress)


def environment(home: Home, service: str, ports: dict[str, int], options: Options) -> dict[str, str]:
    """The settings of a service process, as environment variables (shared/settings.py)."""
    secret_keys.auth_key(home)
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap(home),
        "DATABASE_URL": database_url(service, home),
        "MIGRATION_DATABASE_URL": "",  # one in the starter's environment is of a single database
        "HTTP_PORT": str(ports[service]),
        "AUTH_JWKS": str(home.file("auth.jwks.json")),
        "SIMULATION": "true" if options.simulation else "false",
        "CALLER_REQUESTS_PER_SECOND": "0",  # a demo sends years of commands under one account per role
        "ENDPOINT_KEY": secret_keys.endpoint_key(home),
        "ENDPOINTS_LOCAL": "true",
        "SMTP_URL": f"smtp://127.0.0.1:{ports[MAIL]}",
        "CONSOLE_URL": f"http://127.0.0.1:{ports[CONSOLE]}",
        **processes.MALLOC,
        **secret_keys.service_keys(home).get(service, {}),
        **_own_access(service),
    }


def _own_access(service: str) -> dict[str, str]:
    """Who the service is on a Kafka cluster, where the starter's variables hold {service} for its name."""
    named = {name: value for name, value in os.environ.items() if name.startswith("KAFKA_")}
    return {name: value.replace("{service}", service) for name, value in named.items() if "{service}" in value}


def console_environment(home: Home, ports: dict[str, int], options: Options) -> dict[str, str]:
    """The settings of the browser console's process (console/web/settings.py): whoever is on this machine may choose a role."""
    secret_keys.auth_key(home)
    return {
        "CONSOLE_PORT": str(ports[CONSOLE]),
        "SERVICE_URLS": json.dumps({name: f"http://127.0.0.1:{ports[name]}" for name in SERVICES}),
        "AUTH_JWKS": str(home.file("auth.jwks.json")),
        "LOCAL_ACCOUNTS_KEY": str(home.file("auth.json")),
        "SESSION_KEY": secret_keys.session_key(home),
        "HTTPS": "false",
        "SIMULATION": "true" if options.simulation else "false",
        **processes.MALLOC,
    }


def console_address(home: Home) -> str | None:
    """Where the browser console is reached; None for a stack that was first started before there was one."""
    port = (home.read("ports.json") or {}).get(CONSOLE)
    return None if port is None else f"http://127.0.0.1:{port}"


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
        conn = await postgres_access.connect(checked_url(SecretStr(admin)).get_secret_value(), timeout=10)
        try:
            there = {row["datname"] for row in await conn.fetch("SELECT datname FROM pg_database")}
            for name in SERVICES:
                if f"{postgres.PREFIX}{name}" not in there:
                    await conn.execute(f"CREATE DATABASE {postgres.PREFIX}{name}")
        finally:
            await conn.close(timeout=10)
    except postgres_access.REFUSALS as error:
        raise NotStarted(f"no database: the server refuses: {postgres_access.why(error)}") from None
    except ValueError as error:
        raise NotStarted(f"no database: DATABASE_URL {error}") from None


def _await_ready(home: Home, daemon: subprocess.Popen[bytes], on_message: OnMessage) -> None:
    """Raises NotStarted with the supervisor's reason, or when it takes longer than UP_SECONDS."""
    deadline = time.monotonic() + UP_SECONDS
    announced: set[str] = set()
    while True:
        status = home.read("status.json") or {}
        rows = status.get("processes", [])
        for row in rows:
            if row["state"] == State.READY and row["name"] not in announced:
                announced.add(row["name"])
                on_message(f"{row['name']} ready at {row['address']}")
        if rows and all(map(_is_well, rows)):
            return
        if daemon.poll() is not None:
            status = home.read("status.json") or {}
            raise NotStarted(status.get("failure") or f"the supervisor ended; the reason is at the end of {home.log('supervisor')}.")
        if time.monotonic() > deadline:
            late = ", ".join(row["name"] for row in rows if not _is_well(row)) or "the supervisor"
            raise NotStarted(f"not ready within {UP_SECONDS:.0f} s: {late}. See laowu logs.")
        time.sleep(0.05)


def _is_well(row: Row) -> bool:
    return row["state"] in {State.READY, State.EXTERNAL}


@contextmanager
def running(home: Home, on_message: OnMessage) -> Iterator[None]:
    """The stack running, for one command; started for it and stopped after it where it is down.

    Raises NotRunning where no stack was ever started, DemoPlaying where a demo is just starting its own.
    """
    endpoints(home)
    if demo_lock.is_playing(home) and not all_ready(home):
        demo_lock.require_no_demo(home)
    if is_up(home):
        yield
        return
    on_message("the stack is down: starting it to ask")
    up(home, Options(simulation=home.read("demo.json") is not None))
    started = home.read("supervisor.json")
    try:
        yield
    finally:
        if home.read("supervisor.json") == started:  # else it is a stack that a demo has started since
            down(home)


# --- down, status --------------------------------------------------------------------------------------------------
def down(home: Home) -> bool:
    """Stop everything the stack runs, also after its supervisor was killed. False when nothing ran."""
    leader = homes.supervisor(home)
    was_up = leader is not None and processes.alive(leader)
    if leader is not None and was_up:
        with suppress(ProcessLookupError):
            os.kill(leader.pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while (lock := homes.try_lock(home)) is None:
        if time.monotonic() > deadline:
            raise NotRunning(f"the supervisor (pid {leader.pid if leader else '?'}) does not end; kill it and run laowu down again.")
        time.sleep(0.05)
    try:
        left = homes.end_leftovers(home) + processes.end(processes.working_in(home.file("postgres") / "data"))
        home.file("supervisor.json").unlink(missing_ok=True)
        return was_up or left > 0
    finally:
        os.close(lock)
        _reap(home)


def _reap(home: Home) -> None:
    """Wait for the supervisor this process started here, whoever ended it: it has released the lock, so it has ended or is about to."""
    daemon = _daemons.pop(home.folder, None)
    if daemon is not None:
        daemon.wait(DOWN_SECONDS)


def status(home: Home) -> list[Row]:
    """One row per process: name, pid, address, state, restarts. All stopped when no supervisor lives, whatever the file says."""
    document = home.read("status.json") or {"processes": []}
    rows: list[Row] = document["processes"]
    if not is_up(home):
        rows = [{**row, "pid": None, "state": row["state"] if row["state"] == State.EXTERNAL else State.STOPPED} for row in rows]
    return [row | _whereabouts(home) if row["name"] == "postgres" else row for row in rows]


def _whereabouts(home: Home) -> Row:
    """Of a PostgreSQL that another account runs: which, and where its programs and data lie."""
    node = (home.read("plan.json") or {}).get("postgres")
    if node is None or postgres.account() is None:
        return {}
    return {"account": postgres.account(), "programs": node["programs"], "data": str(Path(node["folder"]) / "data")}


def is_up(home: Home | None = None) -> bool:
    """Whether a supervisor lives (its processes may still be starting)."""
    return homes.is_supervised(home or Home.here())


def all_ready(home: Home | None = None) -> bool:
    home = home or Home.here()
    rows = status(home)
    return is_up(home) and bool(rows) and all(map(_is_well, rows))


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


def token(
    role: Role | str,
    regions: Sequence[str] = (NATION,),
    party: str | None = None,
    *,
    home: Home | None = None,
    seconds: int = TOKEN_SECONDS,
) -> str:
    """A bearer token of this stack."""
    who = Principal(subject=f"local-{Role(role)}", role=Role(role), regions=tuple(regions), party=party)
    return issue(secret_keys.auth_key(home or Home.here()), who, seconds=seconds)


def kafka_bootstrap(home: Home | None = None) -> str:
    return _connection("kafka", home)


def database_url(service: str, home: Home | None = None) -> str:
    return postgres.database_of(_connection("database", home), service)


def settings(service: str, home: Home | None = None) -> Settings:
    """How the service's process is set, for commands that read what it reads; prefixes and bounds come from the environment."""
    home = home or Home.here()
    return Settings(
        kafka_bootstrap_servers=kafka_bootstrap(home),
        database_url=SecretStr(database_url(service, home)),
        http_port=urlsplit(endpoints(home)[service]).port or 1,
        auth_jwks=home.file("auth.jwks.json"),
    )


def tokens(home: Home) -> Token:
    """Tokens by role and party, each signed once: a signature for every one of thousands of commands would be their dearest part."""

    @cache
    def signed(role: Role, party: str | None) -> str:
        return token(role, party=party, home=home)

    return signed


def _connection(name: str, home: Home | None) -> str:
    known = (home or Home.here()).read("connections.json")
    if known is None:
        raise NotRunning("no stack here: run laowu up first.")
    return str(known[name])


def pids(home: Home | None = None) -> dict[str, int]:
    """Name -> pid of the processes running now."""
    return {row["name"]: row["pid"] for row in status(home or Home.here()) if row["pid"] is not None}
