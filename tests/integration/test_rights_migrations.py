"""What the migrations of rights make of the rows they find."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.values import new_id
from tests.conftest import MakeDatabase
from tests.contracts.code import ROOT

FILES = sorted((ROOT / "services" / "rights" / "migrations").iterdir())
BEFORE_STEPS = [file for file in FILES if file.name < "0003"]
OPENED = datetime(2018, 3, 1, 4, tzinfo=UTC)
LEDGER = """
INSERT INTO ledger (placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel,
    wage_minor, currency, wage_period, days_per_month, pay_day, deductions_max_minor, departed_on)
VALUES ($1, $2, $3, '370102', 'none', 'v', 'JPN', '7112', 'seafarer', 1, 'CNY', 'month', 1, 10, 0, '2018-01-01')
"""
CASE = """
INSERT INTO rights_case ("case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at,
    answer, answered_at, state, outcome, closed_at)
VALUES ($1, 'wages', 'normal', 'worker', $2, $3, $4, 't', false, false, $5, $5, $6, $7, $8, $9, $10)
"""
FINDING = """
INSERT INTO finding (placement, period, kind, enterprise, expected_minor, paid_minor, currency, found_on)
VALUES ($1, '2018-03', 'short', $2, 2, 1, 'CNY', '2018-04-11')
"""


async def test_cases_of_the_first_release_are_received_with_a_clock_and_keep_their_answers_and_members(make_database: MakeDatabase) -> None:
    database = await make_database("rights")
    enterprise, placement, waiting, answered, closed, collective = (new_id() for _ in range(6))
    async with database.connection() as conn:
        await conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for file in BEFORE_STEPS:
            await conn.execute(file.read_text())
        await conn.execute(LEDGER, placement, new_id(), enterprise)
        await conn.execute(FINDING, placement, enterprise)
        await conn.execute(CASE, waiting, enterprise, placement, None, OPENED, None, None, "open", None, None)
        await conn.execute(CASE, answered, enterprise, placement, None, OPENED, "we ask", OPENED, "open", None, None)
        await conn.execute(CASE, closed, enterprise, None, None, OPENED, None, None, "closed", "withdrawn", OPENED)
        await conn.execute(CASE, collective, enterprise, None, "2018-03", OPENED, None, None, "open", None, None)
        for file in FILES[len(BEFORE_STEPS) :]:
            await conn.execute(file.read_text())
        cases = {row["case"]: row for row in await conn.fetch("SELECT * FROM rights_case")}
        statements = await conn.fetch('SELECT "case", kind, text, recorded_at FROM case_statement')
        members = await conn.fetch('SELECT "case", placement FROM collective_member')
    assert {case: (row["state"], row["clock_due"] is not None) for case, row in cases.items()} == {
        waiting: ("received", True),
        answered: ("received", True),
        closed: ("closed", False),
        collective: ("received", True),
    }
    assert cases[waiting]["clock_due"] == cases[waiting]["due_at"] < cases[answered]["clock_due"]
    assert (cases[waiting]["county"], cases[waiting]["destination"], cases[closed]["county"]) == ("370102", "JPN", None)
    assert [tuple(row) for row in statements] == [(answered, "answer", "we ask", OPENED)]
    assert [tuple(row) for row in members] == [(collective, placement)]
