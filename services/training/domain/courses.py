"""Courses."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values import CourseId, Destination, Occupation


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a centre teaches. It covers every occupation whose ISCO-08 code starts with `occupation`."""

    id: CourseId
    centre: str
    destination: Destination
    occupation: Occupation
    minimum_minutes: int
    validity_days: int
