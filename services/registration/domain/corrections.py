"""Corrections of what was registered: which fields make up the identity, and who decides on a change of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.registration.domain.errors import CorrectionDecided, SecondApproverNeeded
from shared.values import CorrectionId, WorkerId

CorrectionReason = Literal["mistyped", "misunderstood", "document_changed"]
RejectionReason = Literal["document_differs", "not_proven", "withdrawn"]
CorrectedField = Literal[
    "name", "name_pinyin", "id_number", "birth_date", "sex", "phone", "county", "residence_basis", "education", "occupations"
]
IDENTITY: tuple[CorrectedField, ...] = ("name", "name_pinyin", "id_number", "birth_date", "sex")
CODES: tuple[CorrectedField, ...] = ("county", "residence_basis", "education", "occupations")


class CorrectionState(StrEnum):
    PENDING = "pending"  # of the identity: waits for a second person
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"  # of anything else: at once


class Step(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


CORRECTION_STEPS: Mapping[tuple[CorrectionState, Step], CorrectionState] = {
    (CorrectionState.PENDING, Step.APPROVE): CorrectionState.APPROVED,
    (CorrectionState.PENDING, Step.REJECT): CorrectionState.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One correction, without what it is about."""

    correction: CorrectionId
    worker: WorkerId
    worker_no: str
    state: CorrectionState
    reason: CorrectionReason
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rejected_for: RejectionReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a correction. Values only of codes: of a personal field it is known that it changed."""

    field: CorrectedField
    previous: str | None = None
    fact: str | None = None


def decide(correction: Correction, step: Step, by: str) -> CorrectionState:
    """The state after the step. Raises CorrectionDecided, SecondApproverNeeded."""
    following = CORRECTION_STEPS.get((correction.state, step))
    if following is None:
        raise CorrectionDecided(state=correction.state)
    if account(by) == account(correction.requested_by):
        raise SecondApproverNeeded
    return following


def account(principal: str) -> str:
    """Who it is: one account may have two roles, and is one person."""
    return principal.partition(":")[2]
