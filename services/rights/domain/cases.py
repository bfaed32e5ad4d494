"""Cases: when the first answer is due, when they block clearances, and when they may be closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from services.rights.domain.errors import AlreadyAnswered, CaseNotOpen, SilenceTooShort
from shared.values import CaseId, EnterpriseId, Period, PlacementId

Category = Literal["wages", "contract", "safety", "conditions", "fees", "emergency"]
Severity = Literal["low", "normal", "high", "emergency"]
Via = Literal["worker", "family", "authority", "embassy", "rule"]
Outcome = Literal["settled", "unfounded", "withdrawn", "silence"]

ANSWER_HOURS: dict[str, int] = {"emergency": 2, "wages": 48}
ANSWER_WORKING_DAYS = 30


class CaseState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A complaint, a report, or a finding of a rule, about a placement or an enterprise as a whole."""

    case: CaseId
    category: Category
    severity: Severity
    via: Via
    enterprise: EnterpriseId
    placement: PlacementId | None
    period: Period | None  # the month of a collective case
    text: str
    hidden: bool  # the enterprise does not learn who complained
    blocking: bool
    opened_at: datetime
    due_at: datetime  # of the first answer
    answered_at: datetime | None = None
    missed: bool = False  # CaseDeadlineMissed is published
    state: CaseState = CaseState.OPEN
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    version: int = 1

    def age_days(self, now: datetime) -> int:
        """Whole days from the opening to the closure, or to now."""
        return ((self.closed_at or now) - self.opened_at).days

    def is_overdue(self, now: datetime) -> bool:
        """Whether the first answer was late, or was not given in time before the closure or until now."""
        return (self.answered_at or self.closed_at or now) > self.due_at


def is_blocking(severity: Severity, *, collective: bool) -> bool:
    """While it is open, no clearance is granted to the enterprise."""
    return severity == "emergency" or collective


def answer_hours(category: Category, severity: Severity) -> int | None:
    """Hours to the first answer; None: ANSWER_WORKING_DAYS."""
    return ANSWER_HOURS["emergency"] if severity == "emergency" else ANSWER_HOURS.get(category)


def require_answerable(case: Case) -> None:
    """Raises CaseNotOpen, AlreadyAnswered."""
    if case.state is not CaseState.OPEN:
        raise CaseNotOpen(state=case.state.value)
    if case.answered_at is not None:
        raise AlreadyAnswered(state=case.answered_at.isoformat())


def require_closable(case: Case, outcome: Outcome, now: datetime, silence_days: int) -> None:
    """Raises CaseNotOpen, SilenceTooShort."""
    if case.state is not CaseState.OPEN:
        raise CaseNotOpen(state=case.state.value)
    if outcome == "silence" and now < case.opened_at + timedelta(days=silence_days):
        raise SilenceTooShort(f"the worker has {silence_days} days to answer", state=case.state.value)
