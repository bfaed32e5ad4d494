"""How fast a worker list of 100,000 rows is imported, against PostgreSQL's COPY of the same bytes and of the rows that come of them."""

from __future__ import annotations

import csv
import io
import random
import time
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.registration.domain.identity import check_character
from services.registration.usecases import imports
from shared import db, reference
from shared.db import Cause, Database
from shared.principals import NATION, Principal, Role
from shared.sheets.files import Kind
from shared.values import Clock
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure, rate, ratio
from tests.support.http import environment as service_environment
from tests.support.recording import noon

ROWS = 100_000
AT_LEAST = 0.3
ROUNDS = 3
COPY_SECONDS = 300  # a statement may take, on a machine with much else to do
SEED = 9
TODAY = date(2018, 6, 1)
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文"
COLUMNS = (
    "name", "id_number", "sex", "birth_date", "county", "education", "occupations", "phone", "household_status", "id_checked",
    "destinations", "family_consent", "wage_floor", "wage_currency",
)  # fmt: skip
# Every table that the import writes, in an order in which they can be filled.
TABLES = ("import_run", "worker", "personal", "verified_document", "history", "outbox")
STAGING = f"CREATE TABLE staging ({', '.join(f'{column} text' for column in COLUMNS)})"


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    """In this process, as the service runs it: by itself, without the relay."""
    service_environment()
    content = a_list(ROWS)
    ours: list[float] = []
    copies: list[float] = []
    raw: list[float] = []
    for number in range(ROUNDS):
        report(f"import: {ROWS:,} workers, {len(content) / 2**20:.1f} MB, round {number + 1} of {ROUNDS}")
        url = await environment.database(f"importing-{number}", "registration")
        database = await db.open_database("registration", url, size=2)
        conn = await db.connect(url, application="bench", seconds=COPY_SECONDS)
        try:
            await run_import(database, a_list(1000, seed=1))  # caches of words and names, plans of statements
            ours.append(ROWS / await run_import(database, content))
            raw.append(ROWS / await copy_bytes(conn, content))
            copies.append(ROWS / await copy_rows(conn))
        finally:
            await conn.close()
            await db.close_database(database)
    return [
        ratio(f"import of {ROWS:,} workers / COPY of the rows it writes", ours, copies, AT_LEAST),
        rate("import of a worker list", ours, "rows/s"),
        rate("COPY of the rows it writes, into the same tables", copies, "rows/s"),
        rate("COPY of the list's bytes, into one table of text", raw, "rows/s"),
    ]


async def run_import(database: Database, content: bytes) -> float:
    """Seconds."""
    cause = Cause(principal=Principal("bench", Role.OFFICER, (NATION,)), clock=Clock(noon(TODAY)))
    began = time.perf_counter()
    answer = await imports.import_workers(database, cause, content, Kind.CSV)
    seconds = time.perf_counter() - began
    assert answer.rejected == 0, answer.findings[:3]
    return seconds


async def copy_bytes(conn: asyncpg.Connection, content: bytes) -> float:
    """Into a table of text, without a constraint: the least that storing the file can take. Seconds."""
    await conn.execute(STAGING)
    began = time.perf_counter()
    await conn.copy_to_table("staging", source=io.BytesIO(content), format="csv", header=True)
    return time.perf_counter() - began


async def copy_rows(conn: asyncpg.Connection) -> float:
    """Everything that the imports have written, byte for byte, into the same tables with their constraints and indexes. Seconds."""
    written = {}
    for table in TABLES:
        out = io.BytesIO()
        await conn.copy_from_table(table, output=out, format="binary")
        written[table] = out.getvalue()
    await conn.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    await conn.execute("CHECKPOINT")
    began = time.perf_counter()
    async with conn.transaction():
        for table, rows in written.items():
            await conn.copy_to_table(table, source=io.BytesIO(rows), format="binary")
    return time.perf_counter() - began


def a_list(rows: int, *, seed: int = SEED) -> bytes:
    """As a county office would fill it in: different people, every second with a document seen, every third with an offer."""
    chosen = random.Random(seed)
    counties = sorted(code for code in reference.counties() if code.startswith("62"))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number in range(rows):
        writer.writerow(_a_row(chosen, counties, number))
    return text.getvalue().encode()


def _a_row(chosen: random.Random, counties: list[str], number: int) -> list[Any]:
    county, born = chosen.choice(counties), date(1965, 1, 1) + timedelta(days=number % 12_000)
    digits = f"{county}{born:%Y%m%d}{number // 12_000 * 110 + chosen.randrange(110):03d}"
    sex = "男" if int(digits[-1]) % 2 else "女"
    name = chosen.choice(SURNAMES) + "".join(chosen.sample(GIVEN, 2))
    offer = ["日本;新加坡", "是", "4500", "CNY"] if number % 3 == 0 else [""] * 4
    trade, schooling = chosen.choice(("厨师", "缝纫工", "电焊工", "7531")), chosen.choice(("小学", "初中", "高中", "2"))
    return [
        name, digits + check_character(digits), sex, f"{born:%Y/%-m/%-d}", county, schooling, trade,
        f"139{chosen.randrange(10**8):08d}", chosen.choice("是否"), "是" if number % 2 else "", *offer,
    ]  # fmt: skip
