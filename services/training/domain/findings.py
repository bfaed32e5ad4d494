"""Findings: records that contradict each other or are too many to be true, until an officer has looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.training.domain.errors import DeciderInvolved, FindingDecided
from shared.values import EnrolmentId, WorkerId

FindingId = NewType("FindingId", UUID)


class FindingKind(StrEnum):
    TWO_CENTRES = "two_centres"  # one worker attended in two centres on one day
    LONG_DAY = "long_day"  # more on one day than anybody sits through
    PASS_CAP = "pass_cap"  # noqa: S105  # more passes of a centre on one day than anybody examines


class FindingState(StrEnum):
    OPEN = "open"
    DISMISSED = "dismissed"  # there is an explanation
    UPHELD = "upheld"  # the record is not believed


class FindingStep(StrEnum):
    DISMISS = "dismiss"
    UPHOLD = "uphold"


FINDING_STEPS: Mapping[tuple[FindingState, FindingStep], FindingState] = {
    (FindingState.OPEN, FindingStep.DISMISS): FindingState.DISMISSED,
    (FindingState.OPEN, FindingStep.UPHOLD): FindingState.UPHELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """About `enrolment`, and `other` where two contradict each other. `minutes`: of a long day."""

    id: FindingId
    kind: FindingKind
    day: date
    worker: WorkerId
    enrolment: EnrolmentId
    other: EnrolmentId | None
    minutes: int | None
    state: FindingState
    found_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    worker_no: str | None = None  # that people know the worker by; None: matched before numbers were kept here

    @property
    def enrolments(self) -> tuple[EnrolmentId, ...]:
        return (self.enrolment,) if self.other is None else (self.enrolment, self.other)


def decide(finding: Finding, step: FindingStep) -> FindingState:
    """The state after the decision. Raises FindingDecided."""
    after = FINDING_STEPS.get((finding.state, step))
    if after is None:
        raise FindingDecided(state=finding.state)
    return after


def require_uninvolved(account: str, involved: set[str]) -> None:
    """Nobody decides on what they have recorded. Raises DeciderInvolved."""
    if account in involved:
        raise DeciderInvolved
