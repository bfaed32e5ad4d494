"""Keeps the processes of a local stack running: `python -m console.local.supervisor HOME [STARTER]` until SIGTERM, or until the process
STARTER, where one is named, has ended.

Restarts what ends, with growing pauses; writes the state of each to status.json; stops services, then Kafka, then PostgreSQL.
Its children do not outlive it (processes.spawn), not even when it is killed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from subprocess import Popen

import aiohttp

from console.errors import ConsoleError
from console.local import kafka as kafka_local
from console.local import postgres as postgres_local
from console.local import processes
from console.local.home import MAIL, Home
from console.local.kafka import Kafka
from console.local.postgres import Postgres
from console.local.processes import Spec

CHECK_SECONDS = 0.1  # seconds between two checks whether a process is ready
READY_CHECK_SECONDS = 10.0  # seconds between two checks of one that is
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds before a restart, doubling
GOOD_RUN = 30.0  # seconds after which the pause starts small again
ATTEMPTS = 4  # ends before it was ever ready: the stack cannot start


class State(StrEnum):
    WAITING = "waiting"  # for those it needs
    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"  # running, was ready, is not now
    RESTARTING = "restarting"  # ended; pause before the next start
    STOPPED = "stopped"
    EXTERNAL = "external"  # not this stack's to run


@dataclass(slots=True, kw_only=True)
class Member:
    """One supervised process and its state."""

    spec: Spec
    address: str
    is_ready: Callable[[], Awaitable[bool]]
    before: Callable[[], object] = lambda: None  # done before every start; may block, may raise ConsoleError
    needs: Sequence[str] = ()  # waits for these to be ready before its first start
    service: bool = True  # of ours: stops before what it stands on
    process: Popen[bytes] | None = None
    state: State = State.WAITING
    restarts: int = 0
    was_ready: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, kw_only=True)
class Stack:
    """The members, in the order they start; they stop in the opposite one."""

    home: Home
    members: list[Member]
    simulation: bool = False
    external: dict[str, str] = field(default_factory=dict)  # name -> address
    failure: str | None = None
    on_message: Callable[[str], object] = lambda _line: None  # a line per change of state
    stop: asyncio.Event = field(default_factory=asyncio.Event)


def write_status(stack: Stack) -> None:
    """Write status.json and, for a start after a kill, processes.json."""
    rows = [{"name": name, "pid": None, "address": at, "state": State.EXTERNAL, "restarts": 0} for name, at in stack.external.items()]
    rows += [
        {
            "name": member.spec.name,
            "pid": member.process.pid if member.process and member.process.poll() is None else None,
            "address": member.address,
            "state": member.state,
            "restarts": member.restarts,
        }
        for member in stack.members
    ]
    stack.home.write("status.json", {"simulation": stack.simulation, "failure": stack.failure, "processes": rows})


def write_processes(stack: Stack) -> None:
    found = [processes.identity(member.process.pid) for member in stack.members if member.process]
    stack.home.write("processes.json", [asdict(one) for one in found if one])


# --- keeping -------------------------------------------------------------------------------------------------------
async def supervise(stack: Stack) -> None:
    """Until `stack.stop` is set, by a signal or because a member cannot start (then `stack.failure` says why)."""
    write_status(stack)
    keepers = [asyncio.create_task(_keep_running(stack, member), name=member.spec.name) for member in stack.members]
    try:
        await asyncio.wait([asyncio.create_task(stack.stop.wait()), *keepers], return_when=asyncio.FIRST_COMPLETED)
        for keeper in keepers:
            if keeper.done() and (error := keeper.exception()):
                stack.failure = stack.failure or f"the supervisor failed: {error!r}"
    finally:
        stack.stop.set()
        await asyncio.wait(keepers)
        await _stop_all(stack)


async def _keep_running(stack: Stack, member: Member) -> None:
    """Start it whenever it is not running."""
    by_name = {one.spec.name: one for one in stack.members}
    for name in member.needs:
        await _unless_stopped(stack, by_name[name].was_ready.wait())
    pause = FIRST_PAUSE
    while not stack.stop.is_set():
        began = time.monotonic()
        try:
            member.before()
        except ConsoleError as error:
            stack.failure = str(error)
            stack.stop.set()
            return
        member.process = processes.spawn(member.spec)
        write_processes(stack)
        _set_state(stack, member, State.STARTING)
        await _watch(stack, member, member.process)
        if stack.stop.is_set():
            return
        member.restarts += 1
        if not member.was_ready.is_set() and member.restarts >= ATTEMPTS:
            stack.failure = f"{member.spec.name} does not start: {_last_line(member.spec.log)} (laowu logs {member.spec.name})"
            stack.stop.set()
            return
        pause = FIRST_PAUSE if time.monotonic() - began > GOOD_RUN else min(pause * 2, LONGEST_PAUSE)
        _set_state(stack, member, State.RESTARTING)
        await _unless_stopped(stack, asyncio.sleep(pause))


async def _watch(stack: Stack, member: Member, process: Popen[bytes]) -> None:
    """Until the process ends or the stack stops."""
    ended = asyncio.create_task(processes.wait_for_end(process))
    try:
        while not ended.done() and not stack.stop.is_set():
            if is_ready := await member.is_ready():
                member.was_ready.set()
                _set_state(stack, member, State.READY)
            elif member.state is State.READY:
                _set_state(stack, member, State.UNREADY)
            await _unless_stopped(stack, asyncio.wait({ended}, timeout=READY_CHECK_SECONDS if is_ready else CHECK_SECONDS))
    finally:
        ended.cancel()


def _set_state(stack: Stack, member: Member, state: State) -> None:
    if member.state is not state:
        member.state = state
        stack.on_message(f"{member.spec.name} {state} at {member.address}")
        write_status(stack)


async def _unless_stopped(stack: Stack, wait: Awaitable[object]) -> None:
    """Wait, but not beyond the stop of the stack."""
    waits = [asyncio.ensure_future(wait), asyncio.ensure_future(stack.stop.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for one in waits:
        one.cancel()


async def _stop_all(stack: Stack) -> None:
    """Services together, then Kafka, then PostgreSQL."""
    services = [member for member in stack.members if member.service]
    for together in (services, *([member] for member in reversed(stack.members) if not member.service)):
        await asyncio.gather(*(_stop(stack, member) for member in together))
    stack.home.file("processes.json").unlink(missing_ok=True)


async def _stop(stack: Stack, member: Member) -> None:
    if member.process is not None:
        await asyncio.to_thread(processes.stop, member.process, member.spec)
    _set_state(stack, member, State.STOPPED)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "it logged nothing"


# --- the members of a real stack -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ServiceProcess:
    name: str
    command: Sequence[str]
    port: int
    environment: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run. `kafka` and `postgres` are None when the environment names clusters that are there already."""

    simulation: bool
    services: Sequence[ServiceProcess]
    kafka: Kafka | None = None
    postgres: Postgres | None = None
    mail: int | None = None  # port of the mail server
    durable: bool = True
    external: dict[str, str] = field(default_factory=dict)


def assemble(home: Home, plan: Plan, http: aiohttp.ClientSession) -> Stack:
    members: list[Member] = []
    if plan.postgres is not None:
        members.append(_postgres(plan.postgres, durable=plan.durable))
    if plan.kafka is not None:
        members.append(_kafka(plan.kafka))
    needs = [member.spec.name for member in members]
    members += [_service(home, service, needs, http) for service in plan.services]
    if plan.mail is not None:
        members.append(_mail(home, plan.mail))
    return Stack(home=home, members=members, simulation=plan.simulation, external=plan.external)


def _postgres(node: Postgres, *, durable: bool) -> Member:
    async def is_ready() -> bool:
        return postgres_local.is_ready(node)

    def before() -> None:
        postgres_local.prepare(node.folder, node.port, durable=durable)

    return Member(spec=postgres_local.spec(node), address=f"127.0.0.1:{node.port}", is_ready=is_ready, before=before, service=False)


def _kafka(node: Kafka) -> Member:
    async def is_ready() -> bool:
        return await asyncio.to_thread(kafka_local.is_ready, node.bootstrap)

    return Member(spec=kafka_local.spec(node), address=node.bootstrap, is_ready=is_ready, service=False)


def _service(home: Home, service: ServiceProcess, needs: Sequence[str], http: aiohttp.ClientSession) -> Member:
    address = f"http://127.0.0.1:{service.port}"

    async def is_ready() -> bool:
        try:
            async with http.get(f"{address}/readyz", timeout=aiohttp.ClientTimeout(total=3)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    spec = Spec(name=service.name, command=service.command, log=home.log(service.name), environment=service.environment, stop_seconds=20)
    return Member(spec=spec, address=address, is_ready=is_ready, needs=needs)


def _mail(home: Home, port: int) -> Member:
    async def is_ready() -> bool:
        return not await asyncio.to_thread(processes.is_free, port)

    command = [sys.executable, "-m", "console.local.mail_sink", str(home.folder), str(port)]
    spec = Spec(name=MAIL, command=command, log=home.log(MAIL), stop_seconds=5)
    return Member(spec=spec, address=f"127.0.0.1:{port}", is_ready=is_ready)


def load_plan(home: Home) -> Plan:
    written = home.read("plan.json")
    kafka, postgres = written["kafka"], written["postgres"]
    return Plan(
        simulation=written["simulation"],
        services=[ServiceProcess(**one) for one in written["services"]],
        kafka=kafka and Kafka(**{**kafka, **{name: Path(kafka[name]) for name in ("folder", "java", "jars")}}),
        postgres=postgres and Postgres(**{**postgres, **{name: Path(postgres[name]) for name in ("folder", "programs")}}),
        mail=written.get("mail"),
        durable=written["durable"],
        external=written["external"],
    )


def save_plan(home: Home, plan: Plan) -> None:
    """0600: it holds the services' secrets."""
    written = asdict(plan)
    for part in filter(None, (written["kafka"], written["postgres"])):
        part.update({name: str(value) for name, value in part.items() if isinstance(value, Path)})
    home.write("plan.json", written)


async def _follow(stack: Stack, starter: int) -> None:
    await processes.wait_for_parent(starter)
    stack.stop.set()


async def run(home: Home, on_message: Callable[[str], object], starter: int | None = None) -> int:
    """Supervise home's plan until SIGTERM or SIGINT, or the end of `starter`, a pid. Returns the exit status: 1 when it could not start."""
    async with aiohttp.ClientSession() as http:
        stack = assemble(home, load_plan(home), http)
        stack.on_message = on_message
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, stack.stop.set)
        following = asyncio.create_task(_follow(stack, starter)) if starter is not None else None
        await supervise(stack)
        if following is not None:
            following.cancel()
        write_status(stack)
    if stack.failure is not None:
        on_message(stack.failure)
    return 0 if stack.failure is None else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Home(Path(sys.argv[1])), partial(print, flush=True), *map(int, sys.argv[2:]))))
