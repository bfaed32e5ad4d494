"""Needs: which certificate a placement still waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.training.domain.courses import Course
from services.training.domain.errors import CourseDoesNotFit, NeedNotOpen
from shared.values import CountyCode, Designation, Destination, Occupation, PlacementId, WorkerId

NeedId = NewType("NeedId", UUID)


class NeedState(StrEnum):
    OPEN = "open"  # waits for a seat
    SEATED = "seated"
    MET = "met"  # a certificate covers it
    CLOSED = "closed"  # the placement was cancelled, or has departed


class NeedStep(StrEnum):
    SEAT = "seat"
    UNSEAT = "unseat"  # given up, failed
    MEET = "meet"
    REOPEN = "reopen"  # the certificate was revoked or expired before departure
    CLOSE = "close"


_N = NeedState
NEED_STEPS: Mapping[tuple[NeedState, NeedStep], NeedState] = {
    (_N.OPEN, NeedStep.SEAT): _N.SEATED,
    (_N.OPEN, NeedStep.MEET): _N.MET,
    (_N.OPEN, NeedStep.CLOSE): _N.CLOSED,
    (_N.SEATED, NeedStep.UNSEAT): _N.OPEN,
    (_N.SEATED, NeedStep.MEET): _N.MET,
    (_N.SEATED, NeedStep.CLOSE): _N.CLOSED,
    (_N.MET, NeedStep.REOPEN): _N.OPEN,
    (_N.MET, NeedStep.CLOSE): _N.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A placement may not depart before a certificate for its destination and occupation meets this."""

    id: NeedId
    placement: PlacementId
    worker: WorkerId
    county: CountyCode
    designation: Designation
    designation_version: str
    destination: Destination
    occupation: Occupation
    state: NeedState
    since: datetime
    due: date | None = None  # until when the match is held for it
    worker_no: str | None = None  # None: the match came before numbers were named in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many wait for a seat in such a course; the oldest since, the first that would come too late after."""

    destination: Destination
    occupation: Occupation
    waiting: int
    oldest: datetime
    first_due: date | None


def after_need(state: NeedState, step: NeedStep) -> NeedState | None:
    """Where the step leads; None: it changes nothing from here (a reaction may come late)."""
    return NEED_STEPS.get((state, step))


def require_seatable(need: Need) -> None:
    """A placement that waits, or that has a seat already and moves. Raises NeedNotOpen."""
    if need.state not in (NeedState.OPEN, NeedState.SEATED):
        raise NeedNotOpen(field="placement", state=need.state)


def require_fitting(need: Need, course: Course) -> None:
    """Raises CourseDoesNotFit."""
    if (course.destination, need.occupation.startswith(course.occupation)) != (need.destination, True):
        raise CourseDoesNotFit(f"the course is for {course.destination}, {course.occupation}", field="placement")
