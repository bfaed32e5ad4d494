"""What docking's migrations make of the rows they find."""

from __future__ import annotations

from datetime import date

from shared.values import new_id
from tests.conftest import MakeDatabase
from tests.contracts.code import ROOT

FILES = sorted((ROOT / "services" / "docking" / "migrations").iterdir())
DAY = date(2018, 3, 1)
ENTERPRISE = """
INSERT INTO enterprise (id, name, licence_no, scope, destinations, valid_to, state, qualified_on)
VALUES ($1, 'A', $2, '{seafarer}', '{}', '2030-12-31', $3, '2018-01-01')
"""
ORDER = """
INSERT INTO job_order (id, enterprise, employer, destination, occupation, channel, positions, reserved, wage_minor, wage_currency,
    wage_period, term_months, opened_on, expires, state)
VALUES ($1, $2, 'B', 'JPN', '7112', 'seafarer', 3, 1, 1, 'JPY', 'month', 12, $3, '2018-12-31', 'open')
"""
WORKER = """
INSERT INTO worker (id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified)
VALUES ($1, now(), '2018-01-01', '370102', false, 'male', 1988, 'unknown', '{7112}', true)
"""
PROPOSAL = """
INSERT INTO proposal (id, job_order, worker, score, reasons, policy_version, expires, state) VALUES ($1, $2, $3, 1, '{}', 'v', $4, $5)
"""
PLACEMENT = """
INSERT INTO placement (id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due,
    since, ended)
VALUES ($1, $2, $3, $4, '370102', 'JPN', '7112', 'seafarer', $5, $6, $6, $7, $6, $8)
"""


CONTRACT = {"service_fee": {"minor": 700, "currency": "JPY"}, "filed_on": DAY.isoformat()}


async def test_rows_of_the_first_release_are_taken_along(make_database: MakeDatabase) -> None:
    """Suspended enterprises get a ground, a placement under way the newest accepted match of its worker and order,
    and the fee that a contract names is on record.
    """
    database = await make_database("docking")
    enterprise, suspended, order, worker, placement = (new_id() for _ in range(5))
    earlier, later, proposed = (new_id() for _ in range(3))
    async with database.connection() as conn:
        await conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await conn.execute(FILES[0].read_text())
        await conn.execute(ENTERPRISE, enterprise, "LW370020150001", "active")
        await conn.execute(ENTERPRISE, suspended, "LW370020150002", "suspended")
        await conn.execute(ORDER, order, enterprise, DAY)
        await conn.execute(WORKER, worker)
        for match, state in ((earlier, "accepted"), (later, "accepted"), (proposed, "proposed")):
            await conn.execute(PROPOSAL, match, order, worker, DAY, state)
        await conn.execute(PLACEMENT, new_id(), order, enterprise, worker, "cancelled", DAY, None, "worker")
        await conn.execute(PLACEMENT, placement, order, enterprise, worker, "matched", DAY, DAY, None)
        await conn.execute("UPDATE placement SET contract = $2 WHERE id = $1", placement, CONTRACT)
        for file in FILES[1:]:
            await conn.execute(file.read_text())
        found = await conn.fetch("SELECT id, suspended_for FROM enterprise")
        assert {row["id"]: row["suspended_for"] for row in found} == {enterprise: [], suspended: ["investigation"]}
        matches = await conn.fetch("SELECT id, match FROM placement WHERE match IS NOT NULL")
        assert [(row["id"], row["match"]) for row in matches] == [(placement, later)]
        fees = await conn.fetch("SELECT id, placement, amount_minor, charged_on, published FROM fee")
        assert [tuple(row) for row in fees] == [(placement, placement, 700, DAY, False)]
