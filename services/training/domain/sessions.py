"""Sessions: one run of a course, on its days, with its seats."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from services.training.domain.courses import Course
from services.training.domain.errors import (
    AssessorIsTrainer,
    DayInFuture,
    DayOutsideSession,
    IllegalStep,
    SessionDays,
    SessionInPast,
    SessionOver,
)
from shared.values import SessionId

LONGEST_SESSION = 366  # days


CancellationReason = Literal["too_few", "trainer_unavailable", "premises_unavailable", "emergency", "centre_closed"]


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"  # it does not take place


class SessionStep(StrEnum):
    ENROL = "enrol"
    ATTEND = "attend"
    ASSESS = "assess"
    CERTIFY = "certify"
    CANCEL = "cancel"


_S = SessionState
SESSION_STEPS: Mapping[tuple[SessionState, SessionStep], SessionState] = {
    (_S.SCHEDULED, SessionStep.ENROL): _S.SCHEDULED,
    (_S.SCHEDULED, SessionStep.ATTEND): _S.SCHEDULED,
    (_S.SCHEDULED, SessionStep.ASSESS): _S.SCHEDULED,
    (_S.SCHEDULED, SessionStep.CERTIFY): _S.SCHEDULED,
    (_S.SCHEDULED, SessionStep.CANCEL): _S.CANCELLED,
}


Progress = Literal["to_come", "under_way", "over", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of a course. `taken` of its `seats` are given away; `trainer` is the account that teaches it."""

    id: SessionId
    course: Course
    starts_on: date
    ends_on: date
    seats: int
    taken: int
    trainer: str
    state: SessionState = SessionState.SCHEDULED

    @property
    def free(self) -> int:
        return self.seats - self.taken

    def progress(self, today: date) -> Progress:
        """Where it is on that day: a session stays scheduled after its days, since what it led to is recorded then."""
        if self.state is SessionState.CANCELLED:
            return "cancelled"
        if today < self.starts_on:
            return "to_come"
        return "under_way" if today <= self.ends_on else "over"

    def takes_new(self, on: date) -> bool:
        """Whether somebody may still join: a seat is free and the session has not begun before that day."""
        return self.state is SessionState.SCHEDULED and self.free > 0 and self.starts_on >= on


def session_after(session: Session, taken: SessionStep) -> SessionState:
    """The state after the step. Raises IllegalStep, which shows the present one."""
    after = SESSION_STEPS.get((session.state, taken))
    if after is None:
        raise IllegalStep(f"a session that is {session.state} cannot {taken}", state=session.state)
    return after


def require_session_days(starts_on: date, ends_on: date, today: date) -> None:
    """Raises SessionDays, SessionInPast: nobody could be enrolled in it any more."""
    if not 0 <= (ends_on - starts_on).days <= LONGEST_SESSION:
        raise SessionDays(field="ends_on")
    if starts_on < today:
        raise SessionInPast(f"today is {today}", field="starts_on")


def require_not_over(session: Session, today: date) -> None:
    """By hand somebody may join a session under way: the share of days to be attended decides. Raises SessionOver."""
    if session.ends_on < today:
        raise SessionOver(f"the session ended on {session.ends_on}", state=session.ends_on)


def require_attendance_day(session: Session, day: date, today: date, field: str = "day") -> None:
    """Raises DayOutsideSession, DayInFuture."""
    if not session.starts_on <= day <= session.ends_on:
        raise DayOutsideSession(f"the session runs from {session.starts_on} to {session.ends_on}", field=field)
    if day > today:
        raise DayInFuture(f"today is {today}", field=field)


def require_since_start(session: Session, day: date, today: date, field: str) -> None:
    """An assessment or a certificate is made between the session's first day and today. Raises DayOutsideSession, DayInFuture."""
    if day < session.starts_on:
        raise DayOutsideSession(f"the session begins on {session.starts_on}", field=field)
    if day > today:
        raise DayInFuture(f"today is {today}", field=field)


def require_other_assessor(teachers: Collection[str], account: str) -> None:
    """Raises AssessorIsTrainer."""
    if account in teachers:
        raise AssessorIsTrainer(state=account)
