"""How long matching all open orders at once takes, from the tables to the proposals, in how much memory, and how near to the optimum."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.docking.commands.matching import MatchAllOrders
from services.docking.usecases import matching
from shared import db
from shared.db import Cause
from shared.principals import NATION, Principal, Role
from shared.values import Clock, new_id
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure
from tests.support.http import environment as service_environment
from tests.support.recording import noon

MAX_SECONDS = 60.0
MAX_MB = 4096.0
MAX_GAP = 1.0  # per cent of the bound, which is not below the optimum
SEED = 9
TODAY = date(2018, 3, 1)
DESTINATIONS = tuple(f"{letter}AA" for letter in "ABCDEFGHIJKLMNOPQRST")  # the database does not ask whether they exist
OCCUPATIONS = tuple(f"{major}{sub}{minor}{unit}" for major in "79" for sub in "12345" for minor in "1234" for unit in "1234")
INSERT_ENTERPRISE = """
INSERT INTO enterprise (id, name, licence_no, scope, destinations, valid_to, state, since, qualified_on)
VALUES ($1, 'bench', 'LW370020150001', '{labour_cooperation}', '{}', '2030-12-31', 'active', '2018-01-01', '2018-01-01')
"""
INSERT_SUPPLY = """
INSERT INTO supply (worker, destination, occupation, poor, registered_at, county)
SELECT worker.id, destination, occupation, poor, registered_at, county
FROM worker, unnest(destinations) AS destination, unnest(wanted) AS occupation
"""
INSERT_GAP = "INSERT INTO quota_status (quota, period, status, num, den, gap_heads) VALUES ('Q1', '2018', 'behind', 46000, 480000, 2223)"
ORDER_COLUMNS = (
    "id", "enterprise", "employer", "destination", "occupation", "channel", "positions", "wage_minor", "wage_currency", "wage_period",
    "term_months", "opened_on", "expires", "state",
)  # fmt: skip
WORKER_COLUMNS = (
    "id", "registered_at", "registered_on", "county", "poor", "sex", "birth_year", "household_status", "occupations", "verified", "willing",
    "destinations", "wanted", "floor_minor", "floor_currency", "available_from", "willing_since", "willing_until",
)  # fmt: skip


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    """Twice: with half as many positions as workers, and with one and a half as many."""
    service_environment()
    figures = []
    for name, positions in (("fewer positions than workers", 0.5), ("more positions than workers", 1.5)):
        report(f"matching: {environment.workers:,} workers x {environment.orders:,} orders, {name}")
        database = await db.open_database("docking", await environment.database(f"matching-{positions}", "docking"), size=2)
        try:
            await _fill(database, environment, positions)
            figures += await _match(database, f"{environment.workers:,} x {environment.orders:,}, {name}")
        finally:
            await db.close_database(database)
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    return [*figures, Figure(name="matching: peak memory of service and solver", value=megabytes, unit="MB", at_most=MAX_MB)]


async def _match(database: db.Database, case: str) -> list[Figure]:
    command = MatchAllOrders(quota_weight=100)
    cause = Cause(principal=Principal("bench", Role.OFFICER, (NATION,)), clock=Clock(noon(TODAY)))
    began = time.perf_counter()
    async with database.transaction(cause) as tx:
        market = await matching.read_market(tx, command)
    read = time.perf_counter()
    found = await matching.plan_market(market, asyncio.Event())
    planned = time.perf_counter()
    async with database.transaction(cause) as tx:
        written = await matching.propose_plan(tx, command, found)
    ended = time.perf_counter()
    gap = 100 * (found.bound - found.value) / max(found.bound, 1)
    return [
        Figure(name=f"matching {case}: read", value=read - began, unit="s"),
        Figure(name=f"matching {case}: plan", value=planned - read, unit="s"),
        Figure(name=f"matching {case}: propose", value=ended - planned, unit="s"),
        Figure(name=f"matching {case}: in all", value=ended - began, unit="s", at_most=MAX_SECONDS),
        Figure(name=f"matching {case}: below the optimum at most", value=gap, unit="%", at_most=MAX_GAP),
        Figure(name=f"matching {case}: proposals", value=written.proposed, unit="matches", at_least=1),
    ]


async def _fill(database: db.Database, environment: BenchEnvironment, positions: float) -> None:
    chosen, enterprise = random.Random(SEED), new_id()
    per_order = max(1, round(2 * positions * environment.workers / environment.orders))
    async with database.connection() as conn, conn.transaction():
        await conn.execute(INSERT_ENTERPRISE, enterprise)
        orders = list(_orders(chosen, environment.orders, enterprise, per_order))
        await conn.copy_records_to_table("job_order", records=orders, columns=ORDER_COLUMNS)
        workers = list(_workers(chosen, environment.workers))
        await conn.copy_records_to_table("worker", records=workers, columns=WORKER_COLUMNS)
        await conn.execute(INSERT_SUPPLY)
        await conn.execute(INSERT_GAP)
    async with database.connection() as conn:
        await conn.execute("ANALYZE")


def _orders(chosen: random.Random, count: int, enterprise: UUID, per_order: int) -> Iterator[tuple[Any, ...]]:
    for _ in range(count):
        positions, wage = chosen.randint(1, per_order), chosen.randrange(400_000, 900_000, 1000)
        destination, occupation = chosen.choice(DESTINATIONS), chosen.choice(OCCUPATIONS)
        yield (
            new_id(), enterprise, "bench", destination, occupation, "labour_cooperation", positions, wage, "CNY", "month", 36, TODAY,
            TODAY + timedelta(days=45), "open",
        )  # fmt: skip


def _workers(chosen: random.Random, count: int) -> Iterator[tuple[Any, ...]]:
    """One in five takes any work of a major group, the others work near what they did before; each names two to six countries."""
    for _ in range(count):
        day = TODAY - timedelta(days=chosen.randint(1, 500))
        done = chosen.sample(OCCUPATIONS, 2)
        wanted = sorted({code[: 1 if chosen.random() < 0.2 else chosen.randint(2, 4)] for code in done})
        floor = chosen.randrange(300_000, 600_000, 1000) if chosen.random() < 0.7 else None
        destinations = chosen.sample(DESTINATIONS, chosen.randint(2, 6))
        yield (
            new_id(), noon(day), day, "621126", chosen.random() < 0.3, "male", chosen.randint(1960, 1998), "unknown", done, True, True,
            destinations, wanted, floor, floor and "CNY", TODAY, TODAY - timedelta(days=chosen.randint(0, 170)), TODAY + timedelta(days=90),
        )  # fmt: skip
