"""How long a command takes until it is counted, with all five services at work, and what memory they take meanwhile."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack

import aiohttp
import asyncpg
import psutil

from services.stats.counting.measures import MEASURE
from shared import reference
from shared.principals import Role
from tests.bench.figures import Figure, percentile
from tests.bench.place import Place, Report, Server, serving
from tests.support.registration import a_worker

SERVICES = ("registration", "docking", "training", "rights", "stats")
PER_SECOND = 50
SECONDS = 10
WARMING = (10, 3)  # the same per second, for so many seconds: a cold process opens connections and reads its tables first
LOOK_SECONDS = 0.005  # between two looks at the cells: the resolution of the figures
AT_MOST_SECONDS = 1.0
AT_MOST_MB = 2048  # Kafka, PostgreSQL and the five services
BY_COUNTY = 1  # the cut county x designation
COUNTED = "SELECT k1 FROM cell WHERE cut = $1 AND measure = $2"


async def measure(here: Place, say: Report) -> list[Figure]:
    """Every command registers a worker of a county of its own, so that its cell shows when it was counted."""
    say("latency: five services are starting")
    urls = {name: await here.database(f"latency-{name}", name) for name in SERVICES}
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(serving(here, f"latency-{name}", f"services.{name}", urls[name], "latency.")) for name in SERVICES
        }
        looking = await asyncpg.connect(urls["stats"])
        try:
            counties = sorted(reference.counties())
            warming, counted = WARMING[0] * WARMING[1], SECONDS * PER_SECOND
            await _waits(here, running["registration"], looking, counties[:warming], WARMING[0])
            say(f"latency: {PER_SECOND} commands per second for {SECONDS} s")
            waits = await _waits(here, running["registration"], looking, counties[warming : warming + counted], PER_SECOND)
        finally:
            await looking.close()
        memory = _memory(here, running)
    load = f"at {PER_SECOND} commands/s"
    return [
        Figure(f"command to aggregate {load}, p50", percentile(waits, 0.5), "s"),
        Figure(f"command to aggregate {load}, p99", percentile(waits, 0.99), "s", at_most=AT_MOST_SECONDS),
        Figure(f"commands refused {load} (503: the machine is too busy)", counted - len(waits), "commands", at_most=0),
        *memory,
    ]


async def _waits(here: Place, registration: Server, looking: asyncpg.Connection, counties: Sequence[str], per_second: int) -> list[float]:
    """Seconds from each command's answer until its cell is there; a command is sent when it is due, whatever became of the others."""
    answered: dict[str, float] = {}
    seen: dict[str, float] = {}
    sent = asyncio.Event()

    async def look() -> bool:
        rows = await looking.fetch(COUNTED, BY_COUNTY, MEASURE["registrations"].code)
        now = time.perf_counter()
        for row in rows:
            seen.setdefault(row["k1"], now)
        return sent.is_set() and answered.keys() <= seen.keys()

    async def keep_looking() -> None:
        while not await look():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(LOOK_SECONDS)

    looks = asyncio.create_task(keep_looking())
    headers = {"authorization": f"Bearer {here.token(Role.CLERK)}"}
    async with aiohttp.ClientSession(registration.base, headers=headers) as session, asyncio.TaskGroup() as sending:
        began = time.perf_counter()
        for number, county in enumerate(counties):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            sending.create_task(_register(session, county, answered))
    sent.set()
    await asyncio.wait_for(looks, 60)
    return [max(seen[county] - answered[county], 0.0) for county in answered]


async def _register(session: aiohttp.ClientSession, county: str, answered: dict[str, float]) -> None:
    body = a_worker().from_county(county).body()
    async with session.post("/workers", json=body, headers={"idempotency-key": secrets.token_hex(16)}) as answer:
        said = await answer.read()
        assert answer.status in {201, 503}, said
        if answer.status == 201:
            answered[county] = time.perf_counter()


def _memory(here: Place, running: dict[str, Server]) -> list[Figure]:
    """Resident memory; PostgreSQL's processes share most of theirs, which is counted once."""
    figures = [Figure(f"memory of {name}", _megabytes(server.process.pid), "MB") for name, server in running.items()]
    figures += [Figure(f"memory of {name}", _megabytes(pid), "MB") for name, pid in here.pids.items()]
    return [*figures, Figure("memory in all", sum(figure.value for figure in figures), "MB", at_most=AT_MOST_MB)]


def _megabytes(pid: int) -> float:
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    parts = [process.memory_info().rss] if not children else [one.memory_full_info().pss for one in (process, *children)]
    return float(sum(parts) / 2**20)
