"""Sessions."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from pydantic import BaseModel

from services.training.domain import sessions
from services.training.domain.sessions import Progress, SessionState
from services.training.views.courses import Course
from services.training.views.enrolments import Enrolment, Seating
from shared.listed_rows import Refusal
from shared.values import EnrolmentId, PlacementId, SessionId


class Session(Course, frozen=True):
    """With what its course says."""

    session: SessionId
    starts_on: date
    ends_on: date
    seats: int
    taken: int
    free: int
    trainer: str
    state: SessionState
    progress: Progress  # what its days make of it today

    @classmethod
    def from_session(cls, session: sessions.Session, today: date, **more: Any) -> Self:
        """`more`: the fields that a class below adds."""
        return cls.from_course(
            session.course,
            session=session.id,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
            seats=session.seats,
            taken=session.taken,
            free=session.free,
            trainer=session.trainer,
            state=session.state,
            progress=session.progress(today),
            **more,
        )


class Scheduled(Session, frozen=True):
    """`enrolled`: who was waiting and got a seat at once."""

    enrolled: tuple[EnrolmentId, ...]


class ScheduledSessions(BaseModel, frozen=True):
    """`sessions`: of the rows that were not refused, in their order."""

    scheduled: int
    refused: tuple[Refusal, ...]
    sessions: tuple[SessionId, ...]


class CancelledSession(Session, frozen=True):
    """`reseated`: the new seats of those who had one; `waiting`: who found none in time."""

    reseated: tuple[Seating, ...]
    waiting: tuple[PlacementId, ...]


class Sessions(BaseModel, frozen=True):
    items: tuple[Session, ...]
    next: str | None


class Roster(Session, frozen=True):
    roster: tuple[Enrolment, ...]
