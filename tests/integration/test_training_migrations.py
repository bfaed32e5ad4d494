"""What training's migrations make of the rows they find."""

from __future__ import annotations

from datetime import date, timedelta

from shared.values import new_id
from tests.conftest import MakeDatabase
from tests.contracts.code import ROOT

FILES = sorted((ROOT / "services" / "training" / "migrations").iterdir())
SHARED = sorted((ROOT / "shared" / "migrations").iterdir())
DAY = date(2018, 3, 1)
COURSE = """
INSERT INTO course (course, centre, destination, occupation, minimum_minutes, validity_days, published_on)
VALUES ($1, $2, 'JPN', '71', 480, 730, $3)
"""
SESSION = """
INSERT INTO session (session, course, destination, occupation, starts_on, ends_on, seats, taken, trainer)
VALUES ($1, $2, 'JPN', '71', $3, $4, 5, 1, 'li')
"""
NEED = """
INSERT INTO need (need, placement, worker, county, designation, designation_version, destination, occupation, state, since)
VALUES ($1, $1, $1, '370102', 'none', 'v', 'JPN', '7112', 'seated', now())
"""
ENROLMENT = """
INSERT INTO enrolment (enrolment, session, placement, worker, county, designation, designation_version, destination, occupation, state,
    minutes_total, days_attended, score, assessor)
VALUES ($1, $2, $3, $3, '370102', 'none', 'v', 'JPN', '7112', $4, 480, 1, $5, $6)
"""
CERTIFICATE = """
INSERT INTO certificate (serial, enrolment, course, worker, placement, county, designation, designation_version, destination, occupation,
    minutes, issued_on, valid_to)
VALUES ('TC201800000001', $1, $2, $3, $3, '370102', 'none', 'v', 'JPN', '7112', 480, $4, $5)
"""
HISTORY = "INSERT INTO history (subject, type, actor, recorded, effective) VALUES ($1, $2, 'service:training', now(), $3)"


async def test_rows_of_the_first_release_are_taken_along(make_database: MakeDatabase) -> None:
    """Centres at work are adopted with their trainers and assessors; days of enrolments and examinations come from the history."""
    database = await make_database("training")
    course, idle, session, passed, seated, first, second = (new_id() for _ in range(7))
    async with database.connection() as conn:
        await conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for file in (*SHARED, FILES[0]):
            await conn.execute(file.read_text())
        await conn.execute(COURSE, course, "centre-1", DAY)
        await conn.execute(COURSE, idle, "centre-2", DAY)
        await conn.execute(SESSION, session, course, DAY, DAY + timedelta(days=4))
        for placement in (first, second):
            await conn.execute(NEED, placement)
        await conn.execute(ENROLMENT, passed, session, first, "certified", 80, "wu")
        await conn.execute(ENROLMENT, seated, session, second, "enrolled", None, None)
        await conn.execute(CERTIFICATE, passed, course, first, DAY + timedelta(days=6), DAY + timedelta(days=736))
        await conn.execute(HISTORY, str(passed), "WorkerEnrolled", DAY - timedelta(days=9))
        await conn.execute(HISTORY, str(passed), "AssessmentRecorded", DAY + timedelta(days=5))
        for file in FILES[1:]:
            await conn.execute(file.read_text())
        centres = {row["centre"]: row for row in await conn.fetch("SELECT * FROM centre")}
        assert centres.keys() == {"centre-1", "centre-2"}
        adopted = centres["centre-1"]
        assert (adopted["licence_no"], adopted["state"], adopted["trainers"], adopted["assessors"]) == (None, "active", ["li"], ["wu"])
        assert adopted["valid_from"] == DAY
        assert adopted["valid_to"] > DAY + timedelta(days=365), "a year to show the licence"
        days = await conn.fetch("SELECT enrolment, enrolled_on, assessed_on FROM enrolment ORDER BY enrolment")
        assert {row["enrolment"]: (row["enrolled_on"], row["assessed_on"]) for row in days} == {
            passed: (DAY - timedelta(days=9), DAY + timedelta(days=5)),
            seated: (DAY, None),
        }
