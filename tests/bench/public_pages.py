"""A public page, as the whole country reads it, against a static file of the same bytes; each server on a core of its own.

The page is the real one: made by the console out of a closed year that a real stats publishes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import time
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import aiohttp

from shared import db
from shared.principals import Role
from shared.values import CountyCode, Destination
from tests.bench.environment import BenchEnvironment, ReportStep, Server, serve
from tests.bench.figures import Figure, percentile, rate, ratio
from tests.support.stats import counted, departure, dispatched, recorded

CALLERS = 32
SECONDS = 2.0
ROUNDS = 5
AT_LEAST_PER_SECOND = 1000.0
AT_LEAST_RATIO = 1.0
PAGE = "/public/en/2018/"
PLAIN = {"accept-encoding": "identity"}
COUNTIES = ("370102", "350102", "440103", "320102", "210102", "310101", "410102", "621126")
DESTINATIONS = ("MAC", "HKG", "JPN", "SGP", "SAU", "DZA")


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    report("public pages: a closed year")
    url = await environment.database("public-stats", "stats")
    await _count_a_year(url)
    folder = environment.folder / "static"
    folder.mkdir()
    with serve(environment, "stats", "services.stats", database=url, prefix="public.") as stats:
        await _close(stats.base, environment.token(Role.OFFICER))
        urls = dict.fromkeys(("registration", "docking", "training", "rights", "stats"), stats.base)
        console_settings = {"SERVICE_URLS": json.dumps(urls), "SESSION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}
        with serve(environment, "console", "console.web", database="", prefix="", **console_settings) as console:
            (folder / "page.html").write_bytes(await _read(console.base + PAGE))
            with serve(environment, "static", "tests.bench.static_server", database="", prefix="", STATIC_FOLDER=str(folder)) as static:
                return await _compare(console, static, (folder / "page.html").stat().st_size, report)


async def _compare(console: Server, static: Server, size: int, report: ReportStep) -> list[Figure]:
    ours, theirs, waits, unchanged = list[float](), list[float](), list[float](), list[float]()
    page, file = Target(console, PAGE), Target(static, "/page.html")
    known = Target(console, PAGE, f"if-none-match: {await _etag(console.base + PAGE)}\r\n")
    for target in (page, file):
        await _press(target, 0.5)
    for number in range(ROUNDS):
        report(f"public pages: round {number + 1} of {ROUNDS}")
        for target in (file, page, known) if number % 2 else (page, file, known):
            taken = await _press(target, SECONDS)
            (ours if target is page else theirs if target is file else unchanged).append(len(taken) / SECONDS)
            waits += taken if target is page else []
    return [
        ratio(f"public page of {size // 1024} kB / static file of the same bytes", ours, theirs, AT_LEAST_RATIO),
        replace(rate("public page, one core", ours, "requests/s"), at_least=AT_LEAST_PER_SECOND),
        rate("bare static file server, one core", theirs, "requests/s"),
        rate("public page that has not changed (304)", unchanged, "requests/s"),
        Figure(name=f"public page, p99 with {CALLERS} callers", value=percentile(waits, 0.99) * 1000, unit="ms"),
    ]


# --- a year that is closed ----------------------------------------------------------------------------------------------------
async def _count_a_year(url: str) -> None:
    database = await db.open_database("stats", url, size=2, plan_each=True)
    try:
        history = [
            recorded(dispatched(departure(CountyCode(county), date(2018, month, 1 + number), destination=Destination(destination))))
            for county in COUNTIES
            for destination in DESTINATIONS
            for month in range(1, 13)
            for number in range(12)
        ]
        await counted(database, history)
    finally:
        await db.close_database(database)


async def _close(base: str, token: str) -> None:
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "bench-close-2018"}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(f"{base}/periods/close", json={"period": "2018"}) as answer:
        assert answer.status == 201, await answer.text()


async def _read(address: str) -> bytes:
    async with aiohttp.ClientSession(headers=PLAIN) as session, session.get(address) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def _etag(address: str) -> str:
    async with aiohttp.ClientSession(headers=PLAIN) as session, session.get(address) as answer:
        return answer.headers["etag"]


# --- callers ------------------------------------------------------------------------------------------------------------------
class Target:
    """What is asked for, of a server that keeps to the first core; whoever asks keeps to the others."""

    def __init__(self, server: Server, path: str, headers: str = "") -> None:
        address = urlsplit(server.base)
        self.host, self.port = address.hostname, address.port
        self.request = f"GET {path} HTTP/1.1\r\nhost: {address.netloc}\r\naccept-encoding: identity\r\n{headers}\r\n".encode()
        cores = sorted(os.sched_getaffinity(0) | {0})
        os.sched_setaffinity(server.process.pid, {cores[0]})
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[1:]))


async def _press(target: Target, seconds: float) -> list[float]:
    """CALLERS each ask one time after the other, on a connection of their own. Returns the seconds of each answer, 200 or 304."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def call() -> None:
        reader, writer = await asyncio.open_connection(target.host, target.port)
        while (began := time.perf_counter()) < until:
            writer.write(target.request)
            head = await reader.readuntil(b"\r\n\r\n")
            status = head[9:12]
            assert status in {b"200", b"304"}, head
            if status == b"200":
                lower = head.lower()
                start = lower.index(b"content-length: ") + 16
                await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
            taken.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return taken
