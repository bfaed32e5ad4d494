"""Courses and sessions."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.training.domain import Course, Session
from shared.db import Tx
from shared.values import CourseId, Destination, Occupation, SessionId

# Whoever gives seats to needs or takes them away does it alone: otherwise a new session and a new need could miss each other.
LOCK_ALLOCATION = "SELECT pg_advisory_xact_lock(7301020)"

INSERT_COURSE = """
INSERT INTO course (course, centre, destination, occupation, minimum_minutes, validity_days, published_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
COURSE = "SELECT course, centre, destination, occupation, minimum_minutes, validity_days FROM course WHERE course = $1"
COURSES = """
SELECT course, centre, destination, occupation, minimum_minutes, validity_days FROM course
WHERE ($1::uuid IS NULL OR course > $1) AND ($2::text IS NULL OR destination = $2) AND ($3::text IS NULL OR centre = $3)
ORDER BY course LIMIT $4
"""
INSERT_SESSION = """
INSERT INTO session (session, course, destination, occupation, starts_on, ends_on, seats, trainer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
SESSION = """
SELECT session, starts_on, ends_on, seats, taken, trainer, course.course, centre, course.destination, course.occupation,
    minimum_minutes, validity_days
FROM session JOIN course ON course.course = session.course
WHERE session = $1
"""
LOCK_SESSION = """
SELECT session, starts_on, ends_on, seats, taken, trainer, course.course, centre, course.destination, course.occupation,
    minimum_minutes, validity_days
FROM session JOIN course ON course.course = session.course
WHERE session = $1 FOR UPDATE OF session
"""
SESSIONS = """
SELECT session, starts_on, ends_on, seats, taken, trainer, course.course, centre, course.destination, course.occupation,
    minimum_minutes, validity_days
FROM session JOIN course ON course.course = session.course
WHERE ($1::uuid IS NULL OR session > $1) AND ($2::text IS NULL OR session.destination = $2) AND ($3::text IS NULL OR centre = $3)
  AND ($4::boolean IS NULL OR (taken < seats) = $4)
ORDER BY session LIMIT $5
"""
# The earliest session that takes somebody for this destination and occupation.
LOCK_OPEN_SESSION = """
SELECT session, starts_on, ends_on, seats, taken, trainer, course.course, centre, course.destination, course.occupation,
    minimum_minutes, validity_days
FROM session JOIN course ON course.course = session.course
WHERE session.destination = $1 AND starts_with($2::text, session.occupation) AND taken < seats AND starts_on >= $3
ORDER BY starts_on, session LIMIT 1 FOR UPDATE OF session
"""
TAKE_SEATS = "UPDATE session SET taken = taken + $2 WHERE session = $1"


async def lock_allocation(tx: Tx) -> None:
    await tx.conn.execute(LOCK_ALLOCATION)


async def insert_course(tx: Tx, course: Course, published_on: date) -> None:
    await tx.conn.execute(
        INSERT_COURSE,
        course.id,
        course.centre,
        course.destination,
        course.occupation,
        course.minimum_minutes,
        course.validity_days,
        published_on,
    )


async def course(tx: Tx, course_id: CourseId) -> Course | None:
    row = await tx.conn.fetchrow(COURSE, course_id)
    return _course(row) if row else None


async def courses(tx: Tx, after: CourseId | None, destination: Destination | None, centre: str | None, limit: int) -> list[Course]:
    return [_course(row) for row in await tx.conn.fetch(COURSES, after, destination, centre, limit)]


async def insert_session(tx: Tx, session: Session) -> None:
    await tx.conn.execute(
        INSERT_SESSION,
        session.id,
        session.course.id,
        session.course.destination,
        session.course.occupation,
        session.starts_on,
        session.ends_on,
        session.seats,
        session.trainer,
    )


async def session(tx: Tx, session_id: SessionId) -> Session | None:
    row = await tx.conn.fetchrow(SESSION, session_id)
    return _session(row) if row else None


async def lock_session(tx: Tx, session_id: SessionId) -> Session | None:
    row = await tx.conn.fetchrow(LOCK_SESSION, session_id)
    return _session(row) if row else None


async def sessions(
    tx: Tx, after: SessionId | None, destination: Destination | None, centre: str | None, free: bool | None, limit: int
) -> list[Session]:
    return [_session(row) for row in await tx.conn.fetch(SESSIONS, after, destination, centre, free, limit)]


async def lock_open_session(tx: Tx, destination: Destination, occupation: Occupation, on: date) -> Session | None:
    row = await tx.conn.fetchrow(LOCK_OPEN_SESSION, destination, occupation, on)
    return _session(row) if row else None


async def take_seats(tx: Tx, session_id: SessionId, count: int) -> None:
    """Negative: seats are given back."""
    await tx.conn.execute(TAKE_SEATS, session_id, count)


def _course(row: Any) -> Course:
    return Course(row["course"], row["centre"], row["destination"], row["occupation"], row["minimum_minutes"], row["validity_days"])


def _session(row: Any) -> Session:
    return Session(row["session"], _course(row), row["starts_on"], row["ends_on"], row["seats"], row["taken"], row["trainer"])
