"""Courses."""

from __future__ import annotations

from datetime import date

from services.training.domain.courses import Course
from shared import rows
from shared.db import Tx
from shared.values import CourseId, Destination

COURSE = rows.Columns(Course, "course AS id, centre, destination, occupation, minimum_minutes, validity_days")
GET = COURSE.select("FROM course WHERE course = $1")
LIST = COURSE.select("""
FROM course WHERE ($1::text IS NULL OR destination = $1) AND ($2::uuid IS NULL OR course > $2) ORDER BY course LIMIT $3
""")
INSERT = """
INSERT INTO course (course, centre, destination, occupation, minimum_minutes, validity_days, published_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def get(tx: Tx, course: CourseId) -> Course | None:
    return await rows.fetch_one(tx.conn, GET, course)


async def list_(tx: Tx, destination: Destination | None, after: CourseId | None, limit: int) -> list[Course]:
    return await rows.fetch(tx.conn, LIST, destination, after, limit)


async def insert(tx: Tx, course: Course, published_on: date) -> None:
    await tx.conn.execute(
        INSERT,
        course.id,
        course.centre,
        course.destination,
        course.occupation,
        course.minimum_minutes,
        course.validity_days,
        published_on,
    )
