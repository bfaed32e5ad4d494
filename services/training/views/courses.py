"""Courses."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel

from services.training.domain import courses
from shared.values import CourseId, Destination, Occupation


class Course(BaseModel, frozen=True):
    course: CourseId
    centre: str
    destination: Destination
    occupation: Occupation
    minimum_minutes: int
    validity_days: int

    @classmethod
    def from_course(cls, course: courses.Course, **more: Any) -> Self:
        """`more`: the fields that a class below adds."""
        return cls(
            course=course.id,
            centre=course.centre,
            destination=course.destination,
            occupation=course.occupation,
            minimum_minutes=course.minimum_minutes,
            validity_days=course.validity_days,
            **more,
        )


class Courses(BaseModel, frozen=True):
    items: tuple[Course, ...]
    next: str | None
