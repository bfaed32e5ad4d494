"""A command over HTTP, as a clerk sends it, against a bare application that inserts one row of the same size."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg

from shared.principals import Role
from tests.bench import bare_service
from tests.bench.environment import BenchEnvironment, ReportStep, serve
from tests.bench.figures import Figure, percentile, rate, ratio
from tests.support.registration import a_worker

CALLERS = 16
SECONDS = 2.5
ROUNDS = 7
AT_LEAST = 0.5
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Target:
    """A route to post to."""

    address: str
    token: str

    def headers(self, number: int) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", "idempotency-key": f"bench-{number:012d}"} if self.token else {}


def an_enterprise(number: int) -> dict[str, Any]:
    return {
        "name": f"Gansu Labour Cooperation {number}",
        "licence_no": f"LW6201{20_000_000 + number}",
        "scope": ["labour_cooperation"],
        "destinations": ["JPN", "SGP", "ARE"],
        "valid_to": "2199-12-31",
    }


def a_registration(number: int) -> dict[str, Any]:
    return a_worker().body(phone=f"+86 139{number:08d}")


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    ours: list[float] = []
    bares: list[float] = []
    waits: list[float] = []
    docking_url = await environment.database("writing-docking", "docking")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CALLERS)) as session:
        with (
            serve(environment, "docking", "services.docking", database=docking_url, prefix="writing.") as docking,
            serve(environment, "bare", "tests.bench.bare_service", database=await _bare_database(environment), prefix="") as plain,
        ):
            real, other = Target(f"{docking.base}/enterprises", environment.token(Role.OFFICER)), Target(f"{plain.base}/enterprises", "")
            for target in (real, other):
                await _press(session, target, an_enterprise, 1.0)
            for number in range(ROUNDS):
                report(f"HTTP: round {number + 1} of {ROUNDS}")
                for target in (other, real) if number % 2 else (real, other):
                    taken = await _press(session, target, an_enterprise, SECONDS)
                    (ours if target is real else bares).append(len(taken) / SECONDS)
                    waits += taken if target is real else []
        registrations = await _registrations(environment, session)
    return [
        ratio("POST /enterprises / bare FastAPI + asyncpg", ours, bares, AT_LEAST),
        rate("POST /enterprises", ours, "requests/s"),
        Figure(name=f"POST /enterprises, p99 with {CALLERS} callers", value=percentile(waits, 0.99) * 1000, unit="ms"),
        rate("bare FastAPI + asyncpg insert", bares, "requests/s"),
        rate("POST /workers (sealed personal data)", [registrations], "requests/s"),
    ]


async def _registrations(environment: BenchEnvironment, session: aiohttp.ClientSession) -> float:
    url = await environment.database("writing-registration", "registration")
    with serve(environment, "registration", "services.registration", database=url, prefix="writing.") as registration:
        target = Target(f"{registration.base}/workers", environment.token(Role.CLERK))
        await _press(session, target, a_registration, 1.0)
        return len(await _press(session, target, a_registration, SECONDS)) / SECONDS


async def _bare_database(environment: BenchEnvironment) -> str:
    url = await environment.database("writing-bare")
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(bare_service.TABLE)
    finally:
        await conn.close()
    return url


async def _press(session: aiohttp.ClientSession, target: Target, body: Any, seconds: float) -> list[float]:
    """CALLERS each post one request after the other for so long. Returns the seconds of each request; any answer but 201 ends the run."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def call() -> None:
        while (began := time.perf_counter()) < until:
            number = next(_numbers)
            async with session.post(target.address, json=body(number), headers=target.headers(number)) as answer:
                body_text = await answer.read()
                assert answer.status == 201, body_text
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return taken
