"""Cases: the steps one may take from the complaint to the closing, who handles it, and when it blocks clearances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from services.rights.domain.errors import (
    AlreadyAnswered,
    CaseIllegalStep,
    CaseIsPaused,
    CaseNotOpen,
    CaseNotPaused,
    ConfirmationContradicts,
    HighestLevel,
    NotSettled,
    OutcomeContradicts,
    ReopenedTooLate,
    SilenceTooShort,
    WorkerNotAsked,
)
from shared.values import CaseId, CountyCode, Designation, Destination, EnterpriseId, Period, PlacementId

Category = Literal["wages", "contract", "safety", "conditions", "fees", "emergency"]
Severity = Literal["low", "normal", "high", "emergency"]
Via = Literal["worker", "family", "authority", "embassy", "rule"]
Medium = Literal["phone", "letter", "visit", "online"]
Outcome = Literal["settled", "unfounded", "withdrawn", "silence"]
PauseReason = Literal["court", "police", "authority", "worker_unreachable", "evidence_abroad"]
EscalationCause = Literal["first_answer", "handling", "response", "offer", "draw", "closure", "collective", "reserve_refused", "officer"]


class CaseState(StrEnum):
    RECEIVED = "received"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    RESPONSE_REQUESTED = "response_requested"
    RESPONDED = "responded"
    OFFERED = "offered"
    SETTLING = "settling"  # the reserve was asked to pay
    SETTLED = "settled"
    CLOSED = "closed"


class CaseStep(StrEnum):
    TRIAGE = "triage"
    ASSIGN = "assign"
    ANSWER = "answer"
    REQUEST_RESPONSE = "request_response"
    RECORD_RESPONSE = "record_response"
    RECORD_OFFER = "record_offer"
    SETTLE = "settle"
    ASK_RESERVE = "ask_reserve"
    PAY = "pay"  # the reserve has paid
    REFUSE = "refuse"  # the reserve does not pay, or is not asked any more
    ESCALATE = "escalate"
    PAUSE = "pause"
    RESUME = "resume"
    ASK_CLOSURE = "ask_closure"
    CLOSE = "close"
    REOPEN = "reopen"


_S, _T = CaseState, CaseStep
_TRIAGED = (_S.TRIAGED, _S.ASSIGNED, _S.RESPONSE_REQUESTED, _S.RESPONDED, _S.OFFERED)
_UNSETTLED = (_S.RECEIVED, *_TRIAGED)
_OPEN = (*_UNSETTLED, _S.SETTLING, _S.SETTLED)


def _staying(step: CaseStep, states: Iterable[CaseState]) -> dict[tuple[CaseState, CaseStep], CaseState]:
    return {(state, step): state for state in states}


def _leading(step: CaseStep, after: CaseState, states: Iterable[CaseState]) -> dict[tuple[CaseState, CaseStep], CaseState]:
    return {(state, step): after for state in states}


# Every legal step. What is not here is refused with the state in the answer.
CASE_STEPS: Mapping[tuple[CaseState, CaseStep], CaseState] = {
    (_S.RECEIVED, _T.TRIAGE): _S.TRIAGED,
    **_staying(_T.TRIAGE, _TRIAGED),
    (_S.TRIAGED, _T.ASSIGN): _S.ASSIGNED,
    **_staying(_T.ASSIGN, (*_TRIAGED[1:], _S.SETTLED)),
    **_staying(_T.ANSWER, _OPEN),
    **_leading(_T.REQUEST_RESPONSE, _S.RESPONSE_REQUESTED, (_S.TRIAGED, _S.ASSIGNED, _S.RESPONDED, _S.OFFERED)),
    (_S.RESPONSE_REQUESTED, _T.RECORD_RESPONSE): _S.RESPONDED,
    **_leading(_T.RECORD_OFFER, _S.OFFERED, _TRIAGED),
    **_leading(_T.SETTLE, _S.SETTLED, _UNSETTLED),
    **_leading(_T.ASK_RESERVE, _S.SETTLING, _UNSETTLED),
    (_S.SETTLING, _T.PAY): _S.SETTLED,
    (_S.SETTLING, _T.REFUSE): _S.OFFERED,
    **_staying(_T.ESCALATE, _OPEN),
    **_staying(_T.PAUSE, (*_UNSETTLED, _S.SETTLED)),
    **_staying(_T.RESUME, (*_UNSETTLED, _S.SETTLED)),
    **_staying(_T.ASK_CLOSURE, (*_UNSETTLED, _S.SETTLED)),
    **_leading(_T.CLOSE, _S.CLOSED, (*_UNSETTLED, _S.SETTLED)),
    (_S.CLOSED, _T.REOPEN): _S.RECEIVED,
}


class Level(StrEnum):
    """Which office has the case: it only ever goes up."""

    CITY = "city"
    PROVINCE = "province"
    STATE = "state"


LEVELS = tuple(Level)
_LOOKED_AT = (_T.TRIAGE, _T.ASSIGN, _T.ANSWER, _T.ESCALATE, _T.PAUSE)  # do not withdraw the question whether the case may be closed
# What the clock of a case waits for, by the state it is in, once the first answer is given or missed.
WAITS_FOR: Mapping[CaseState, EscalationCause] = {
    _S.RECEIVED: "handling",
    _S.TRIAGED: "handling",
    _S.ASSIGNED: "handling",
    _S.RESPONSE_REQUESTED: "response",
    _S.RESPONDED: "handling",
    _S.OFFERED: "offer",
    _S.SETTLING: "draw",
    _S.SETTLED: "closure",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOrigin:
    """The codes of the departure when the case was opened: every event of the case counts under them."""

    county: CountyCode
    designation: Designation
    designation_version: str
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A complaint, a report, or a finding of a rule, about a placement or an enterprise as a whole.

    Its one clock runs to `clock_due`: to the first answer, or to the next step if that is due before. An open case always has one.
    """

    case: CaseId
    category: Category
    severity: Severity
    via: Via
    medium: Medium | None = None
    enterprise: EnterpriseId
    placement: PlacementId | None
    origin: CaseOrigin | None = None
    lead: CountyCode | None = None  # seat of the enterprise: that office handles the case; None: not known
    period: Period | None  # the month of a collective case
    collective: CaseId | None = None  # the collective case that it belongs to
    text: str
    hidden: bool  # the enterprise does not learn who complained
    blocking: bool
    opened_at: datetime
    due_at: datetime  # of the first answer
    answered_at: datetime | None = None
    missed: bool = False  # CaseDeadlineMissed is published
    state: CaseState = CaseState.RECEIVED
    level: Level = Level.CITY
    assignee: str | None = None
    step_due: datetime | None  # of the next step; None: closed
    lapsed: bool = False  # the step is late, and no higher office is left
    paused_at: datetime | None = None
    pause_reason: PauseReason | None = None
    asked_at: datetime | None = None  # whether the case may be closed
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    version: int = 1

    @property
    def urgent(self) -> bool:
        """Nothing waits for the next working day."""
        return is_urgent(self.category, self.severity)

    @property
    def awaits_first_answer(self) -> bool:
        """The first answer was neither given nor missed."""
        return self.answered_at is None and not self.missed

    @property
    def clock_due(self) -> datetime | None:
        """None: closed."""
        if self.step_due is None or not self.awaits_first_answer:
            return self.step_due
        return min(self.due_at, self.step_due)

    @property
    def waits_for(self) -> EscalationCause | None:
        """What the clock runs to; None: closed."""
        if self.awaits_first_answer and self.clock_due == self.due_at:
            return "first_answer"
        return "closure" if self.asked_at is not None else WAITS_FOR.get(self.state)

    def age_days(self, now: datetime) -> int:
        """Whole days from the opening to the closure, or to now."""
        return ((self.closed_at or now) - self.opened_at).days

    def is_overdue(self, now: datetime) -> bool:
        """Whether the first answer was late, or was not given in time before the closure or until now."""
        return self.missed or (self.answered_at or self.closed_at or self.paused_at or now) > self.due_at

    def is_late(self, now: datetime) -> bool:
        """Whether the clock has run out; a paused one stands still."""
        due = self.clock_due
        return due is not None and (self.paused_at or now) > due


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list of cases is restricted to; None: not. `late`: the clock has run out."""

    state: CaseState | None = None
    open: bool | None = None
    category: Category | None = None
    severity: Severity | None = None
    level: Level | None = None
    assignee: str | None = None
    late: bool | None = None
    paused: bool | None = None
    enterprise: EnterpriseId | None = None
    older_than_days: int | None = None


def is_urgent(category: Category, severity: Severity) -> bool:
    """Whether hours run through nights and holidays."""
    return "emergency" in (category, severity)


def is_blocking(severity: Severity, *, collective: bool) -> bool:
    """While it is open, no clearance is granted to the enterprise."""
    return severity == "emergency" or collective


# --- steps ------------------------------------------------------------------------------------------------------------
def state_after(state: CaseState, step: CaseStep) -> CaseState:
    """The state after the step. Raises CaseNotOpen, CaseIllegalStep."""
    following = CASE_STEPS.get((state, step))
    if following is not None:
        return following
    if state is CaseState.CLOSED:
        raise CaseNotOpen(state=state.value)
    raise CaseIllegalStep(f"{step} is not possible in state {state}", state=state.value)


def advance(case: Case, step: CaseStep, **changes: Any) -> Case:
    """The case after a step that its clock does not stand still for. Raises CaseNotOpen, CaseIllegalStep, CaseIsPaused."""
    state = state_after(case.state, step)
    if case.paused_at is not None:
        raise CaseIsPaused(state=case.pause_reason)
    kept = {} if step in _LOOKED_AT else {"lapsed": False, "asked_at": None}
    return replace(case, **{"state": state, "version": case.version + 1, **kept, **changes})


def answered(case: Case, now: datetime) -> Case:
    """Raises CaseNotOpen, CaseIsPaused, AlreadyAnswered."""
    after = advance(case, CaseStep.ANSWER, answered_at=now)
    if case.answered_at is not None:
        raise AlreadyAnswered(state=case.answered_at.isoformat())
    return after


def escalated(case: Case, step_due: datetime) -> Case:
    """One level up. Raises CaseNotOpen, CaseIsPaused, HighestLevel."""
    after = advance(case, CaseStep.ESCALATE, step_due=step_due, lapsed=False)
    if case.level is LEVELS[-1]:
        raise HighestLevel(state=case.level.value)
    return replace(after, level=LEVELS[LEVELS.index(case.level) + 1])


def paused(case: Case, reason: PauseReason, now: datetime) -> Case:
    """Raises CaseNotOpen, CaseIllegalStep, CaseIsPaused."""
    return advance(case, CaseStep.PAUSE, paused_at=now, pause_reason=reason)


def resumed(case: Case, due_at: datetime, step_due: datetime | None, now: datetime) -> Case:
    """The clock runs on, and what is due is later. Raises CaseNotOpen, CaseIllegalStep, CaseNotPaused."""
    state = state_after(case.state, CaseStep.RESUME)
    if case.paused_at is None:
        raise CaseNotPaused(state=case.state.value)
    asked_at = case.asked_at and case.asked_at + (now - case.paused_at)
    after = replace(case, state=state, due_at=due_at, step_due=step_due, asked_at=asked_at, version=case.version + 1)
    return replace(after, paused_at=None, pause_reason=None)


def closed(case: Case, outcome: Outcome, *, confirmed: bool, silent_from: datetime | None, now: datetime) -> Case:
    """`silent_from`: when silence may be taken for consent; None: nobody was asked.

    Raises CaseNotOpen, CaseIllegalStep, CaseIsPaused, OutcomeContradicts, NotSettled, ConfirmationContradicts, WorkerNotAsked,
    SilenceTooShort.
    """
    after = advance(case, CaseStep.CLOSE, outcome=outcome, closed_at=now, step_due=None)
    settled = case.state is CaseState.SETTLED
    if outcome == "settled" and not settled:
        raise NotSettled(field="outcome", state=case.state.value)
    if settled and outcome not in ("settled", "silence"):
        raise OutcomeContradicts("the case is settled", field="outcome", state=case.state.value)
    if confirmed:
        if outcome == "silence":
            raise ConfirmationContradicts(field="confirmed")
        return after
    if silent_from is None:
        raise WorkerNotAsked(state=case.state.value)
    if now < silent_from:
        raise SilenceTooShort(f"silence counts from {silent_from.isoformat()}", state=case.state.value)
    return after


def reopening_ground(case: Case, *, new_evidence: bool, term: timedelta, now: datetime) -> Literal["term", "evidence"]:
    """Why a closed case may be reopened. Raises CaseIllegalStep, ReopenedTooLate."""
    state_after(case.state, CaseStep.REOPEN)
    if case.closed_at is not None and now <= case.closed_at + term:
        return "term"
    if not new_evidence:
        raise ReopenedTooLate(state=case.closed_at and case.closed_at.isoformat())
    return "evidence"
