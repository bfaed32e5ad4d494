"""How long it takes until a command is counted, with all five services running, and how much memory they use."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice

import aiohttp
import asyncpg
import psutil

from console.services import SERVICES
from services.stats.counting.measures import MEASURE
from shared import reference
from shared.principals import Role
from tests.bench.environment import BenchEnvironment, ReportStep, Server, serve
from tests.bench.figures import Figure, percentile
from tests.support.registration import a_worker

LOADS = ((50, 10), (500, 3))  # commands per second, seconds; the first one's figures are bounded, the second's are only stated
WARM_UP = (10, 3)  # commands per second, seconds: a cold process first opens connections and reads its tables
POLL_SECONDS = 0.005  # between two reads of the cells: the resolution of the figures
MAX_SECONDS = 0.15
MAX_MB = 2048  # Kafka, PostgreSQL and the five services
BY_COUNTY = 1  # the cut county x designation
COUNTED = "SELECT k1 FROM cell WHERE cut = $1 AND measure = $2"


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    """Each command registers a worker of another county, so its cell shows when it was counted."""
    report("latency: five services are starting")
    urls = {name: await environment.database(f"latency-{name}", name) for name in SERVICES}
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(serve(environment, f"latency-{name}", f"services.{name}", database=urls[name], prefix="latency."))
            for name in SERVICES
        }
        conn = await asyncpg.connect(urls["stats"])
        try:
            counties = iter(sorted(reference.counties()))

            async def run(per_second: int, seconds: int) -> list[Figure]:
                report(f"latency: {per_second} commands per second for {seconds} s")
                chosen = list(islice(counties, per_second * seconds))
                return _figures(per_second, len(chosen), await _waits(environment, running["registration"], conn, chosen, per_second))

            await run(*WARM_UP)
            figures = [figure for load in LOADS for figure in await run(*load)]
        finally:
            await conn.close()
        return [*figures, *_memory(environment, running)]


def _figures(per_second: int, commands: int, waits: Sequence[float]) -> list[Figure]:
    load, bounded = f"at {per_second} commands/s", per_second == LOADS[0][0]
    return [
        Figure(name=f"command to aggregate {load}, p50", value=percentile(waits, 0.5), unit="s"),
        Figure(name=f"command to aggregate {load}, p99", value=percentile(waits, 0.99), unit="s", at_most=MAX_SECONDS if bounded else None),
        Figure(
            name=f"commands refused {load} (503: the machine is too busy)",
            value=commands - len(waits),
            unit="commands",
            at_most=0 if bounded else None,
        ),
    ]


async def _waits(
    environment: BenchEnvironment, registration: Server, conn: asyncpg.Connection, counties: Sequence[str], per_second: int
) -> list[float]:
    """Seconds from each command's answer until its cell exists. Commands are sent at a fixed rate, whatever becomes of earlier ones."""
    answered: dict[str, float] = {}
    seen: dict[str, float] = {}
    sent = asyncio.Event()

    async def all_seen() -> bool:
        rows = await conn.fetch(COUNTED, BY_COUNTY, MEASURE["registrations"].code)
        now = time.perf_counter()
        for row in rows:
            seen.setdefault(row["k1"], now)
        return sent.is_set() and answered.keys() <= seen.keys()

    async def poll() -> None:
        while not await all_seen():  # noqa: ASYNC110  # the awaited change happens in another process
            await asyncio.sleep(POLL_SECONDS)

    polling = asyncio.create_task(poll())
    headers = {"authorization": f"Bearer {environment.token(Role.CLERK)}"}
    async with aiohttp.ClientSession(registration.base, headers=headers) as session, asyncio.TaskGroup() as sending:
        began = time.perf_counter()
        for number, county in enumerate(counties):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            sending.create_task(_register(session, county, answered))
    sent.set()
    await asyncio.wait_for(polling, 60)
    return [max(seen[county] - answered[county], 0.0) for county in answered]


async def _register(session: aiohttp.ClientSession, county: str, answered: dict[str, float]) -> None:
    body = a_worker().from_county(county).body()
    async with session.post("/workers", json=body, headers={"idempotency-key": secrets.token_hex(16)}) as answer:
        body_text = await answer.read()
        assert answer.status in {201, 503}, body_text
        if answer.status == 201:
            answered[county] = time.perf_counter()


def _memory(environment: BenchEnvironment, running: dict[str, Server]) -> list[Figure]:
    """Resident memory; the memory that PostgreSQL's processes share is counted once."""
    figures = [
        Figure(name=f"memory of {name}", value=resident_megabytes(server.process.pid), unit="MB") for name, server in running.items()
    ]
    figures += [Figure(name=f"memory of {name}", value=resident_megabytes(pid), unit="MB") for name, pid in environment.pids.items()]
    return [*figures, Figure(name="memory in all", value=sum(figure.value for figure in figures), unit="MB", at_most=MAX_MB)]


def resident_megabytes(pid: int) -> float:
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    parts = [process.memory_info().rss] if not children else [one.memory_full_info().pss for one in (process, *children)]
    return float(sum(parts) / 2**20)
