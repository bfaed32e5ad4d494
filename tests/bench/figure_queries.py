"""How fast stats answers the questions of a dashboard, over ten million cells."""

from __future__ import annotations

import time
from datetime import date
from itertools import chain

from services.stats.counting.cuts import CUTS
from services.stats.domain.questions import Filter, Question
from services.stats.figures import query
from services.stats.usecases.counting import update_year_sums
from shared import db
from shared.db import Database
from shared.values import Designation
from tests.bench import programme_log
from tests.bench.environment import ReportStep
from tests.bench.figures import Figure, percentile

CELLS = 10_000_000  # at least
MAX_MILLISECONDS = 20
# At 50 events a second more is settled every half minute; a dashboard asks every second.
CHANGES, ROUNDS_PER_CHANGE = 40, 20  # a p99 of the first rounds is then more than its slowest answer
INSERT_RATES = """
INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
SELECT currency, month::date, 1, 0.5, 'bench', 'bench', 'bench', now(), current_date
FROM unnest($1::text[]) AS currency, generate_series(date '2017-01-01', date '2020-12-01', interval '1 month') AS month
"""
# Newest cells as half a minute leaves them: in many small blocks, not settled. The same keys as there are.
INSERT_NEWEST = """
INSERT INTO block (generation, cut, measure, month, currency, settled, cells, days, recorded, k1, k2, value)
SELECT generation, cut, measure, month, currency, false, 3, days[:3], recorded[:3], k1[:3], k2[:3], value[:3] FROM block
WHERE ctid = ANY (ARRAY(SELECT ctid FROM block WHERE settled AND cells >= 3 AND cut = ANY ($1::smallint[]) ORDER BY random() LIMIT 2500))
"""
FORGET_SUMS = "UPDATE settled SET version = DEFAULT"  # as a release does that numbers nothing: what was read of them is of no use
POOR = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
BEGIN, END = date(2017, 1, 1), date(2020, 12, 31)
QUESTIONS = (
    *(Question(measure=measure, start=BEGIN, end=END, by=("year",)) for measure in ("dispatches", "persons", "stock", "returns", "income")),
    *(Question(measure="dispatches", start=BEGIN, end=END, by=("year", level)) for level in ("province", "region")),
    *(
        Question(measure="dispatches", start=BEGIN, end=END, by=("year", "province"), filter=POOR, basis=basis)
        for basis in ("ever_listed", "listed_at_departure")
    ),
    Question(measure="income", start=BEGIN, end=END, by=("province",), filter=POOR),
    Question(measure="dispatches", start=BEGIN, end=END, by=("month", "channel")),
)
CELL_COUNT = "SELECT coalesce(sum(cells), 0) FROM block"
# More rows to read, the same keys.
DUPLICATE_CELLS = """
INSERT INTO block (generation, cut, measure, month, currency, settled, cells, days, recorded, k1, k2, value, settlement)
SELECT generation, cut, measure, month, currency, settled, cells, days, recorded, k1, k2, value, settlement FROM block LIMIT 20000
"""


async def measure(url: str, report: ReportStep) -> list[Figure]:
    """Ask every question in every round, on the database that counting has filled."""
    database = await db.open_database("stats", url, size=2, plan_each=True)  # as the service does
    try:
        cells = await _fill(database, report)
        report("stats: the questions of a dashboard")
        await _ask_all(database)
        waits, changed, first = list[float](), list[float](), list[float]()
        for _ in range(CHANGES):
            await _settle_newest(database)
            rounds = [await _ask_all(database) for _ in range(ROUNDS_PER_CHANGE)]
            waits += chain.from_iterable(rounds)
            changed += rounds[0]
        for _ in range(CHANGES):
            async with database.connection() as conn:
                await conn.execute(FORGET_SUMS)
            first += await _ask_all(database)
    finally:
        await db.close_database(database)
    return [
        Figure(name="board, cells there", value=cells, unit="cells"),
        Figure(name="board, a question, p50", value=percentile(waits, 0.5) * 1000, unit="ms"),
        Figure(name="board, a question, p99", value=percentile(waits, 0.99) * 1000, unit="ms", at_most=MAX_MILLISECONDS),
        Figure(name="board, a question asked first after more was settled, p50", value=percentile(changed, 0.5) * 1000, unit="ms"),
        Figure(
            name="board, a question asked first after more was settled, p99",
            value=percentile(changed, 0.99) * 1000,
            unit="ms",
            at_most=MAX_MILLISECONDS,
        ),
        Figure(name="board, a question never asked before, p50", value=percentile(first, 0.5) * 1000, unit="ms"),
        Figure(name="board, a question never asked before, p99", value=percentile(first, 0.99) * 1000, unit="ms"),
    ]


async def _fill(database: Database, report: ReportStep) -> int:
    """Copy cells until there are enough, and enter the rates. Returns how many cells there are."""
    async with database.connection() as conn:
        await conn.execute("SET statement_timeout = 0")
        while (cells := int(await conn.fetchval(CELL_COUNT))) < CELLS:
            report(f"stats: {cells:,} cells are duplicated")
            await conn.execute(DUPLICATE_CELLS, timeout=600)
        await conn.execute(INSERT_RATES, [*programme_log.CURRENCY.values(), "USD"])
        await conn.execute("ANALYZE", timeout=600)
    return cells


async def _settle_newest(database: Database) -> None:
    """As the service does it, which leaves the last few thousand cells."""
    async with database.connection() as conn:
        await conn.execute(INSERT_NEWEST, [cut.code for cut in CUTS if cut.monthly])
    while await update_year_sums(database):
        pass


async def _ask_all(database: Database) -> list[float]:
    return [await _ask(database, question) for question in QUESTIONS]


async def _ask(database: Database, question: Question) -> float:
    began = time.perf_counter()
    async with database.transaction(database.system_cause()) as tx:
        await query.answer(tx, question)
    return time.perf_counter() - began
