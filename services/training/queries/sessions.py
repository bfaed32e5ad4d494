"""Sessions and their seats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from services.training.domain.needs import Need
from services.training.domain.sessions import Session
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CourseId, Destination, SessionId

# Whoever gives seats to needs or takes them away does it alone: otherwise a new session and a new need could miss each other.
LOCK_ALLOCATION = "SELECT pg_advisory_xact_lock(7301020)"
# Whoever gives and takes none, and needs it to stay as it is meanwhile: any number at a time.
LOCK_ALLOCATION_SHARED = "SELECT pg_advisory_xact_lock_shared(7301020)"

SESSION = rows.Columns(
    Session,
    """
    session AS id, starts_on, ends_on, seats, taken, trainer, session.state, course.course AS "course.id", course.centre AS "course.centre",
    course.destination AS "course.destination", course.occupation AS "course.occupation",
    minimum_minutes AS "course.minimum_minutes", validity_days AS "course.validity_days"
    """,
)
GET = SESSION.select("FROM session JOIN course ON course.course = session.course WHERE session = $1")
LOCK = SESSION.select("FROM session JOIN course ON course.course = session.course WHERE session = $1 FOR UPDATE OF session")
# In one order whatever the order of a list, so that two lists cannot wait for each other.
LOCK_ALL = """
SELECT session, centre FROM session JOIN course USING (course) WHERE session = ANY($1::uuid[]) ORDER BY session FOR UPDATE OF session
"""
LIST = SESSION.pages(
    "session JOIN course ON course.course = session.course",
    """
    ($1::text IS NULL OR session.destination = $1) AND ($2::text IS NULL OR centre = $2)
    AND ($3::boolean IS NULL OR (taken < seats AND state = 'scheduled') = $3)
    AND ($4::date IS NULL OR (
        starts_on <= $4 AND EXISTS (SELECT FROM enrolment WHERE enrolment.session = session.session AND enrolment.state = 'enrolled')
    ))
    """,
    "starts_on date",
)
# The earliest session that takes somebody for this destination and occupation; of the course $5 rather than of others. Nobody is put
# into a session again that they have given up.
LOCK_OPEN = SESSION.select("""
FROM session JOIN course ON course.course = session.course JOIN centre ON centre.centre = course.centre AND centre.state = 'active'
WHERE session.destination = $1 AND starts_with($2::text, session.occupation) AND taken < seats AND session.state = 'scheduled'
  AND starts_on >= $3
  AND NOT EXISTS (SELECT FROM enrolment WHERE enrolment.placement = $4 AND enrolment.session = session.session)
  AND ($6::date IS NULL OR ends_on <= $6)
ORDER BY (session.course = $5) DESC NULLS LAST, starts_on, session LIMIT 1 FOR UPDATE OF session
""")
# Of a suspended centre what has not begun, of a revoked one what is not over; not what was examined already.
GET_OF_CLOSED_CENTRE = """
SELECT session.session
FROM centre JOIN course ON course.centre = centre.centre JOIN session ON session.course = course.course
WHERE centre.state <> 'active' AND session.state = 'scheduled'
  AND CASE centre.state WHEN 'revoked' THEN ends_on >= $1 ELSE starts_on > $1 END
  AND NOT EXISTS (SELECT FROM enrolment WHERE enrolment.session = session.session AND assessed_on IS NOT NULL)
ORDER BY session.session LIMIT 1
"""
GET_BUSIEST = """
SELECT coalesce(max(taken), 0) FROM (
    SELECT sum(session.seats) AS taken
    FROM generate_series($2::date, $3::date, interval '1 day') AS day
    JOIN session ON day::date BETWEEN starts_on AND ends_on
    JOIN course ON course.course = session.course
    WHERE centre = $1 AND state = 'scheduled'
    GROUP BY day
) AS daily
"""
GET_UNASSESSED = """
SELECT session.session FROM session
WHERE ends_on < $1 AND EXISTS (SELECT FROM enrolment WHERE enrolment.session = session.session AND state = 'enrolled')
ORDER BY session.session LIMIT 1
"""
INSERT = """
INSERT INTO session (session, course, destination, occupation, starts_on, ends_on, seats, trainer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
UPDATE_TAKEN = "UPDATE session SET taken = taken + $2 WHERE session = $1"
UPDATE_CANCELLED = "UPDATE session SET state = 'cancelled', cancelled_on = $2, cancelled_why = $3 WHERE session = $1"


async def lock_allocation(tx: Tx) -> None:
    await tx.conn.execute(LOCK_ALLOCATION)


async def lock_allocation_shared(tx: Tx) -> None:
    """Not followed by lock_allocation() in the same transaction: two that hold it would wait for each other."""
    await tx.conn.execute(LOCK_ALLOCATION_SHARED)


async def get(tx: Tx, session: SessionId) -> Session | None:
    return await rows.fetch_one(tx.conn, GET, session)


async def lock(tx: Tx, session: SessionId) -> Session | None:
    return await rows.fetch_one(tx.conn, LOCK, session)


async def lock_all(tx: Tx, several: Iterable[SessionId]) -> dict[SessionId, str]:
    """The centre of each. Whoever reads more than one of them to change it calls this first."""
    return {row["session"]: row["centre"] for row in await tx.conn.fetch(LOCK_ALL, list(several))}


async def list_(
    tx: Tx, page: Page, *, destination: Destination | None, centre: str | None, free: bool | None, to_assess: date | None
) -> tuple[Sequence[Session], str | None]:
    """`to_assess`: only those that have begun by this day and have somebody who is not assessed."""
    return await fetch_page(tx.conn, LIST, page, destination, centre, free, to_assess)


async def lock_open(tx: Tx, need: Need, on: date, *, course: CourseId | None, by: date | None) -> Session | None:
    """One that begins on the day or later and is over `by` then."""
    return await rows.fetch_one(tx.conn, LOCK_OPEN, need.destination, need.occupation, on, need.placement, course, by)


async def get_unassessed(tx: Tx, ended_before: date) -> SessionId | None:
    """A session that ended before the day and still has somebody enrolled."""
    found: SessionId | None = await tx.conn.fetchval(GET_UNASSESSED, ended_before)
    return found


async def get_of_closed_centre(tx: Tx, today: date) -> SessionId | None:
    """A session that cannot take place: its centre is suspended or revoked."""
    found: SessionId | None = await tx.conn.fetchval(GET_OF_CLOSED_CENTRE, today)
    return found


async def get_busiest(tx: Tx, centre: str, first: date, last: date) -> int:
    """Seats of the centre's sessions on the day of these on which there are most."""
    return int(await tx.conn.fetchval(GET_BUSIEST, centre, first, last))


async def insert(tx: Tx, session: Session) -> None:
    await tx.conn.execute(
        INSERT,
        session.id,
        session.course.id,
        session.course.destination,
        session.course.occupation,
        session.starts_on,
        session.ends_on,
        session.seats,
        session.trainer,
    )


async def update_taken(tx: Tx, session: SessionId, count: int) -> None:
    """So many more seats are taken; negative: seats are given back."""
    await tx.conn.execute(UPDATE_TAKEN, session, count)


async def update_cancelled(tx: Tx, session: SessionId, on: date, reason: str) -> None:
    await tx.conn.execute(UPDATE_CANCELLED, session, on, reason)
