"""Two commands over HTTP, as people send them, against a bare application that stores the bytes of the first in one insert.

Each service has topics of its own: what another one does with its events is no part of a command. Nor is what the client takes to make a
request: all are made before the clock starts, with the same headers for each application, whatever it reads of them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, timedelta
from typing import Any

import aiohttp
import asyncpg

from shared.principals import Role
from tests.bench import bare_service
from tests.bench.environment import BenchEnvironment, ReportStep, serve
from tests.bench.figures import Figure, percentile, rate, ratio
from tests.support.registration import a_worker, an_id

CALLERS = 16
SECONDS = 2.5
ROUNDS = 7
PREPARED = 5_000  # requests for each second: three times what the quickest is answered on two cores
AT_LEAST, WORKERS_AT_LEAST = 0.65, 0.5
BIRTHDAYS = 9_000  # from 1970 on: of people who may register
CHARACTERS = 70  # of given names of two
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Target:
    """A route to post to, what is posted, and what came of it: requests per second of each round, seconds of each request."""

    address: str
    body: Callable[[int], dict[str, Any]]
    token: str
    _: KW_ONLY
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def requests(self, count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Bodies and headers, each with a key of its own."""
        common = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        for number in itertools.islice(_numbers, count):
            yield json.dumps(self.body(number)).encode(), {**common, "idempotency-key": f"bench-{number:012d}"}


def an_enterprise(number: int) -> dict[str, Any]:
    return {
        "name": f"Gansu Labour Cooperation {number}",
        "licence_no": f"LW6201{20_000_000 + number}",
        "scope": ["labour_cooperation"],
        "destinations": ["JPN", "SGP", "ARE"],
        "valid_to": "2199-12-31",
    }


def a_registration(number: int) -> dict[str, Any]:
    """Of another person each time, whose document the clerk has seen."""
    born = date(1970, 1, 1) + timedelta(days=number % BIRTHDAYS)
    document = an_id(born, serial=number // BIRTHDAYS)
    name = "李" + chr(0x4E00 + number % CHARACTERS) + chr(0x4E00 + number // CHARACTERS % CHARACTERS)
    return a_worker().body(name=name, birth_date=born.isoformat(), id_number=document, id_checked=True, phone=f"+86 139{number:08d}")


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    docking_url = await environment.database("writing-docking", "docking")
    registration_url = await environment.database("writing-registration", "registration")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CALLERS)) as session:
        with (
            serve(environment, "docking", "services.docking", database=docking_url, prefix="writing-docking.") as docking,
            serve(
                environment, "registration", "services.registration", database=registration_url, prefix="writing-registration."
            ) as registration,
            serve(environment, "bare", "tests.bench.bare_service", database=await _bare_database(environment), prefix="") as plain,
        ):
            bare = Target(f"{plain.base}/enterprises", an_enterprise, environment.token(Role.OFFICER))
            enterprises = Target(f"{docking.base}/enterprises", an_enterprise, environment.token(Role.OFFICER))
            workers = Target(f"{registration.base}/workers", a_registration, environment.token(Role.CLERK))
            targets = [bare, enterprises, workers]
            for target in targets:
                await _press(session, target, 1.0)
            for number in range(ROUNDS):
                report(f"HTTP: round {number + 1} of {ROUNDS}")
                for target in targets[::-1] if number % 2 else targets:
                    taken = await _press(session, target, SECONDS)
                    target.rates.append(len(taken) / SECONDS)
                    target.waits.extend(taken)
    return [
        ratio("POST /enterprises / bare FastAPI + asyncpg", enterprises.rates, bare.rates, AT_LEAST),
        ratio("POST /workers (sealed personal data) / bare FastAPI + asyncpg", workers.rates, bare.rates, WORKERS_AT_LEAST),
        *_figures("POST /enterprises", enterprises),
        *_figures("POST /workers", workers),
        *_figures("bare FastAPI + asyncpg insert", bare),
    ]


def _figures(name: str, target: Target) -> list[Figure]:
    return [
        rate(name, target.rates, "requests/s"),
        Figure(name=f"{name}, p99 with {CALLERS} callers", value=percentile(target.waits, 0.99) * 1000, unit="ms"),
    ]


async def _bare_database(environment: BenchEnvironment) -> str:
    url = await environment.database("writing-bare")
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(bare_service.TABLE)
    finally:
        await conn.close()
    return url


async def _press(session: aiohttp.ClientSession, target: Target, seconds: float) -> list[float]:
    """CALLERS each post one request after the other for so long. Returns the seconds of each request; any answer but 201 ends the run."""
    prepared = iter(list(target.requests(int(PREPARED * seconds))))
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def call() -> None:
        while (began := time.perf_counter()) < until:
            body, headers = next(prepared)
            async with session.post(target.address, data=body, headers=headers) as answer:
                body_text = await answer.read()
                assert answer.status == 201, body_text
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return taken
