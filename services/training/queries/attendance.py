"""Attendance by the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.enrolments import DayAttended, Enrolment
from services.training.domain.sessions import Session
from shared import rows
from shared.db import Tx
from shared.values import EnrolmentId, SessionId

# Only what is new or different comes back.
INSERT_DAYS = """
WITH earlier AS (SELECT enrolment, day, minutes FROM attendance WHERE enrolment = ANY($1::uuid[]) AND day = ANY($4::date[]))
INSERT INTO attendance (enrolment, day, session, worker, centre, minutes, recorded_by)
SELECT enrolment, day, $5, worker, $6, minutes, $7
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::date[]) AS entry (enrolment, worker, minutes, day)
ON CONFLICT (enrolment, day) DO UPDATE SET minutes = excluded.minutes, recorded_by = excluded.recorded_by
WHERE attendance.minutes <> excluded.minutes
RETURNING enrolment, day, (
    SELECT earlier.minutes FROM earlier WHERE earlier.enrolment = attendance.enrolment AND earlier.day = attendance.day
) AS previous
"""
GET_MINUTES = "SELECT day, minutes FROM attendance WHERE enrolment = $1"
ATTENDED = rows.Columns(DayAttended, "enrolment, day, minutes")
LIST_OF_SESSION = ATTENDED.select("""
FROM attendance
WHERE session = $1 AND day BETWEEN $2 AND $3
  AND EXISTS (
    SELECT FROM enrolment JOIN unnest($4::text[]) AS prefix ON starts_with(county, prefix)
    WHERE enrolment.enrolment = attendance.enrolment
  )
ORDER BY day, enrolment
""")
GET_DAYS_HELD = "SELECT count(DISTINCT day) FROM attendance WHERE session = $1 AND minutes > 0"
# A clerk or officer who types it in has not taught.
LIST_TEACHERS = """
SELECT DISTINCT substr(recorded_by, 9) AS account FROM attendance WHERE session = $1 AND starts_with(recorded_by, 'trainer:')
"""
GET_LAST_DAYS = """
SELECT enrolment, max(day) AS day FROM attendance WHERE enrolment = ANY($1::uuid[]) AND minutes > 0 GROUP BY enrolment
"""


async def insert_days(
    tx: Tx, session: Session, entries: Sequence[tuple[Enrolment, date, int]]
) -> dict[tuple[EnrolmentId, date], int | None]:
    """Write the minutes of days, in place of those written before; returns which changed, and what they were."""
    changed = await tx.conn.fetch(
        INSERT_DAYS,
        [one.id for one, _, _ in entries],
        [one.worker for one, _, _ in entries],
        [minutes for _, _, minutes in entries],
        [day for _, day, _ in entries],
        session.id,
        session.course.centre,
        str(tx.principal),
    )
    return {(row["enrolment"], row["day"]): row["previous"] for row in changed}


async def get_minutes(tx: Tx, enrolment: EnrolmentId) -> dict[date, int]:
    """What the enrolment attended, by day."""
    return {row["day"]: row["minutes"] for row in await tx.conn.fetch(GET_MINUTES, enrolment)}


async def list_of_session(tx: Tx, session: SessionId, first: date, last: date, counties: Sequence[str]) -> list[DayAttended]:
    """Of workers of these counties (what the codes begin with), day by day."""
    return await rows.fetch(tx.conn, LIST_OF_SESSION, session, first, last, list(counties))


async def get_days_held(tx: Tx, session: SessionId) -> int:
    """Days on which somebody attended."""
    count: int = await tx.conn.fetchval(GET_DAYS_HELD, session)
    return count


async def list_teachers(tx: Tx, session: SessionId) -> list[str]:
    """The accounts of trainers who kept the session's attendance."""
    return [row["account"] for row in await tx.conn.fetch(LIST_TEACHERS, session)]


async def get_last_days(tx: Tx, enrolments: Sequence[EnrolmentId]) -> dict[EnrolmentId, date]:
    """The last day that each has attended."""
    return {row["enrolment"]: row["day"] for row in await tx.conn.fetch(GET_LAST_DAYS, list(enrolments))}
