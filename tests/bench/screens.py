"""How soon the first paint of every screen of every role comes, in a real browser, with a country's worth of workers and events.

A small demo is played through a local stack, its rows are copied until there are as many workers as are asked for, and stats counts the
log of a large programme; then every screen is opened that a role can come to by following links.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import asyncpg
from playwright.async_api import Error as PlaywrightError

from console.api_client import open_client, wait_until_all_applied
from console.demo import simulation
from console.demo.player import play
from console.demo.world import World
from console.local import secret_keys, stack
from console.local.home import Home
from console.local.stack import Options
from console.web.logging_in import LOCAL_ROLES
from shared import reference
from shared.delivery import kafka
from shared.delivery.positions import positions
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING
from shared.principals import Role
from shared.settings import Settings
from shared.values import PROGRAMME_ZONE
from tests.bench import figure_queries, population, programme_log
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure, percentile
from tests.bench.population import Copies
from tests.browser.visiting import Visit, open_browser, visit
from tests.browser.walking import kind_of, walk
from tests.support.wait import until

MOST_SECONDS = 1.5
SCALE = 8000  # so many real people are one in the demo that is copied
SEED = 7
TODAY = date(2021, 1, 15)  # after the last day that is played
WILLING_UNTIL = date(2021, 6, 30)
PREFIX = "programme."  # of the topics with the log that stats counts
SOURCES = (REGISTRATION, DOCKING, TRAINING, RIGHTS)
CLOSED = ("2017", "2018", "2019")
COUNTED_SECONDS = 1800
SLOWEST = 10  # are listed
NAVIGATION_MS = 120_000  # the events behind a figure are read from the log while the page is there already
NEVER = 3600.0  # seconds, of a screen that was not opened
AGAIN = 1.0  # seconds of a first paint from which on a screen is opened once more
PAINT = """() => new Promise((resolve) => {
  const painted = (entries) => entries.find((one) => one.name === "first-contentful-paint")?.startTime;
  const there = painted(performance.getEntriesByType("paint"));
  if (there !== undefined) return resolve(there);
  new PerformanceObserver((seen) => {
    if (painted(seen.getEntries()) !== undefined) resolve(painted(seen.getEntries()));
  }).observe({ type: "paint", buffered: true });
})"""
COUNTS = {
    "workers registered": ("registration", "SELECT count(*) FROM worker"),
    "of them willing": ("registration", "SELECT count(*) FROM worker WHERE willingness = 'willing'"),
    "enterprises": ("docking", "SELECT count(*) FROM enterprise"),
    "job orders": ("docking", "SELECT count(*) FROM job_order"),
    "matches": ("docking", "SELECT count(*) FROM proposal"),
    "placements": ("docking", "SELECT count(*) FROM placement"),
    "enrolments": ("training", "SELECT count(*) FROM enrolment"),
    "certificates": ("training", "SELECT count(*) FROM certificate"),
    "income reports": ("rights", "SELECT count(*) FROM income"),
    "cases": ("rights", "SELECT count(*) FROM rights_case"),
    "events counted": ("stats", "SELECT sum(next_offset) FROM consumed"),
    "cells": ("stats", figure_queries.CELL_COUNT),
}
BUSIEST = """
SELECT name FROM enterprise JOIN (
    SELECT enterprise, count(*) AS placements FROM placement GROUP BY enterprise ORDER BY placements DESC LIMIT 1
) AS busiest ON enterprise = id
"""
COUNTIES = "SELECT county, count(*) AS workers FROM worker GROUP BY county ORDER BY workers DESC"


@dataclass(frozen=True, slots=True)
class Opened:
    """A screen of a role, and after how many seconds its first contents were painted."""

    who: str
    path: str
    seconds: float


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    home = Home(environment.folder / "screens")
    try:
        await _fill(home, environment, report)
        sizes = [Figure(name=f"screens: {name}", value=value, unit="") for name, value in (await _sizes(home)).items()]
        opened = await _open_all(home, report)
    finally:
        await asyncio.to_thread(stack.down, home)
    return [*sizes, *_figures(opened)]


def _figures(opened: Sequence[Opened]) -> list[Figure]:
    taken = [one.seconds for one in opened]
    slowest = sorted(opened, key=lambda one: -one.seconds)[:SLOWEST]
    return [
        Figure(name="screens: opened", value=len(opened), unit="screens"),
        Figure(name="screens: load of the machine at the end", value=os.getloadavg()[0], unit="processes"),
        *(Figure(name=f"screens: {one.who} {one.path}", value=one.seconds, unit="s") for one in slowest),
        Figure(name="screens: first paint, p50", value=percentile(taken, 0.5), unit="s"),
        Figure(name="screens: first paint, p95", value=percentile(taken, 0.95), unit="s", at_most=MOST_SECONDS),
        Figure(name="screens: first paint, worst", value=max(taken), unit="s", at_most=MOST_SECONDS),
    ]


# --- what lies behind the screens -------------------------------------------------------------------------------------
def _options(home: Home) -> Options:
    """Stats has a database and topics of its own: what it counts is the log of a larger programme than was played."""

    def command(name: str) -> Sequence[str]:
        own = ("env", f"TOPIC_PREFIX={PREFIX}", f"DATABASE_URL={_counted_url(home)}") if name == "stats" else ()
        return [*own, *stack.service_command(name)]

    return Options(simulation=True, durable=False, command=command)


def _counted_url(home: Home) -> str:
    return stack.database_url("stats", home) + "_counted"


async def _fill(home: Home, environment: BenchEnvironment, report: ReportStep) -> None:
    report(f"screens: a programme at 1:{SCALE} is played")
    await asyncio.to_thread(stack.up, home, Options(simulation=True, durable=False))
    people = await _play(home)
    workers = environment.people
    copies = Copies(people=people, workers=workers, placements=workers // 2, paid=workers // 20)
    await _create_counted(home)
    await asyncio.to_thread(stack.down, home)
    report(f"screens: {environment.people_events:,} events are written, and counted while rows are copied")
    await asyncio.to_thread(stack.up, home, _options(home))
    await population.set_quick(stack.database_url("docking", home), True)
    async with asyncio.TaskGroup() as both:
        both.create_task(_count(home, environment.people_events))
        both.create_task(_copy(home, copies, report))
    await population.set_quick(stack.database_url("docking", home), False)
    report("screens: years are closed")
    await _close_years(home)


async def _play(home: Home) -> int:
    """How many people there are."""
    played = simulation.plan(SEED, SCALE)
    async with open_client(stack.endpoints(home), stack.tokens(home), secrets.token_hex(6)) as client:
        world = World(plan=played, client=client, advance=lambda _what, _count: None, print_line=lambda _line: None)
        await play(world)
        await wait_until_all_applied(client)
    return len(played.people)


async def _create_counted(home: Home) -> None:
    url = stack.database_url("stats", home)
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(f'CREATE DATABASE "{_counted_url(home).rpartition("/")[2]}"')
    finally:
        await conn.close()


async def _count(home: Home, events: int) -> None:
    """Write the log, and wait until the stats that runs has counted it."""
    settings = Settings(
        kafka_bootstrap_servers=stack.kafka_bootstrap(home),
        database_url=_counted_url(home),
        http_port=1,
        auth_jwks=home.file("auth.jwks.json"),
        topic_prefix=PREFIX,
    )
    await kafka.create_topics(settings, SOURCES)
    await programme_log.write(settings, events)
    conn = await asyncpg.connect(_counted_url(home))
    try:

        async def counted() -> bool:
            return sum(position.next_offset for position in (await positions(conn)).values()) >= events

        await until(counted, COUNTED_SECONDS, "every event counted")
        await conn.execute(figure_queries.INSERT_RATES, [*programme_log.CURRENCY.values(), "USD"])
    finally:
        await conn.close()


async def _copy(home: Home, copies: Copies, report: ReportStep) -> None:
    for service in population.TABLES:
        await population.multiply(stack.database_url(service, home), service, copies, WILLING_UNTIL, report)
    keys = secret_keys.service_keys(home)["registration"]
    await population.seal_all(stack.database_url("registration", home), population.vault_keys(keys), report)
    for service in population.TABLES:
        report(f"screens: {service} is vacuumed and analysed")
        await population.settle(stack.database_url(service, home))
    await population.settle(_counted_url(home))


async def _close_years(home: Home) -> None:
    moment = datetime.combine(TODAY, time(9), PROGRAMME_ZONE)
    async with open_client(stack.endpoints(home), stack.tokens(home), secrets.token_hex(6)) as client:
        for year in CLOSED:
            await client.on(moment).as_role(Role.OFFICER).post("stats", "/periods/close", {"period": year}, year)


async def _sizes(home: Home) -> dict[str, int]:
    return {name: int((await _asked(home, service, question))[0][0]) for name, (service, question) in COUNTS.items()}


# --- the screens ------------------------------------------------------------------------------------------------------
async def _open_all(home: Home, report: ReportStep) -> list[Opened]:
    address = stack.console_address(home)
    assert address is not None
    opened: list[Opened] = []
    async with open_browser() as browser:
        for who, role, fields in await _visitors(home):
            report(f"screens: {who}, {len(opened)} opened so far")
            try:
                async with visit(browser, address, role, "zh", fields=fields) as visiting:
                    await _open_screens(visiting, who, opened)
            except (AssertionError, PlaywrightError) as error:  # the others are opened all the same
                opened.append(Opened(who, f"stopped: {error}"[:200], NEVER))
    return opened


async def _open_screens(visiting: Visit, who: str, opened: list[Opened]) -> None:
    visiting.page.set_default_navigation_timeout(NAVIGATION_MS)
    await visiting.on_day(TODAY)
    async for path in walk(visiting):
        opened.append(Opened(who, kind_of(path), await _painted(visiting, path)))  # noqa: PERF401  # kept where a later one fails


async def _painted(visiting: Visit, path: str) -> float:
    """Seconds; the lesser of two openings where the first was slow, as a machine with much else to do makes some."""
    seconds = float(await visiting.page.evaluate(PAINT)) / 1000
    if seconds < AGAIN:
        return seconds
    await visiting.go(path)
    return min(seconds, float(await visiting.page.evaluate(PAINT)) / 1000)


async def _visitors(home: Home) -> list[tuple[str, Role, Mapping[str, str]]]:
    """Every role for the whole country; clerks of the counties with most and with no workers, an officer of a province, and the enterprise
    with most placements.
    """
    [[enterprise]] = await _asked(home, "docking", BUSIEST)
    peopled = [row[0] for row in await _asked(home, "registration", COUNTIES)]
    empty = next(code for code in sorted(reference.counties()) if code not in peopled)
    narrower: list[tuple[str, Role, Mapping[str, str]]] = [
        ("clerk of a full county", Role.CLERK, {"region": peopled[0]}),
        ("clerk of an empty county", Role.CLERK, {"region": empty}),
        ("officer of a province", Role.OFFICER, {"region": peopled[0][:2] + "0000"}),
    ]
    fields = {Role.ENTERPRISE: {"party": enterprise}}
    return [*((role.value, role, fields.get(role, {})) for role in LOCAL_ROLES), *narrower]


async def _asked(home: Home, service: str, question: str) -> list[asyncpg.Record]:
    conn = await asyncpg.connect(_counted_url(home) if service == "stats" else stack.database_url(service, home))
    try:
        return list(await conn.fetch(question))
    finally:
        await conn.close()
