"""Courses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.courses import Course
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CourseId, Destination, Occupation

COURSE = rows.Columns(Course, "course AS id, centre, destination, occupation, minimum_minutes, validity_days")
GET = COURSE.select("FROM course WHERE course = $1")
LIST = COURSE.pages(
    "course",
    "($1::text IS NULL OR destination = $1) AND ($2::text IS NULL OR starts_with(occupation, $2)) AND ($3::text IS NULL OR centre = $3)",
    "centre text",
    "destination text",
    "occupation text",
)
INSERT = """
INSERT INTO course (course, centre, destination, occupation, minimum_minutes, validity_days, published_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def get(tx: Tx, course: CourseId) -> Course | None:
    return await rows.fetch_one(tx.conn, GET, course)


async def list_(
    tx: Tx, page: Page, destination: Destination | None, occupation: Occupation | None, centre: str | None
) -> tuple[Sequence[Course], str | None]:
    return await fetch_page(tx.conn, LIST, page, destination, occupation, centre)


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
