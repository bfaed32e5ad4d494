"""Corrections as shown: which fields, by whom and when; values only of codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from services.registration.domain import corrections
from services.registration.domain.corrections import CorrectedField, CorrectionReason, CorrectionState, RejectionReason
from services.registration.personal_data import vault
from services.registration.views.view import View
from shared.values import CorrectionId, Sex, WorkerId


class FieldChange(View):
    """`previous` and `fact` are null for a personal field: it is only known that it changed."""

    field: CorrectedField
    previous: str | None
    fact: str | None


class Correction(View):
    """`decided_by` is null where no second person was needed, and as long as nobody has decided."""

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
    fields: tuple[FieldChange, ...]

    @classmethod
    def from_correction(cls, one: corrections.Correction, changes: Iterable[corrections.FieldChange]) -> Correction:
        return cls(
            correction=one.correction,
            worker=one.worker,
            worker_no=one.worker_no,
            state=one.state,
            reason=one.reason,
            requested_by=one.requested_by,
            requested_at=one.requested_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            rejected_for=one.rejected_for,
            fields=tuple(map(FieldChange.model_validate, changes)),
        )


class Corrections(View):
    items: tuple[Correction, ...]
    next: str | None  # hand it back as `after`

    @classmethod
    def from_corrections(
        cls, found: Iterable[tuple[corrections.Correction, Sequence[corrections.FieldChange]]], following: str | None
    ) -> Corrections:
        return cls(items=tuple(Correction.from_correction(one, changes) for one, changes in found), next=following)


class IdentityAsked(View):
    """In clear: what a pending correction asks for; null stays as it is. Every answer of this form is in the worker's history."""

    correction: CorrectionId
    worker: WorkerId
    name: str | None
    name_pinyin: str | None
    id_number: str | None
    birth_date: date | None
    sex: Sex | None

    @classmethod
    def from_change(cls, one: corrections.Correction, change: vault.IdentityChange) -> IdentityAsked:
        return cls(
            correction=one.correction,
            worker=one.worker,
            name=change.name,
            name_pinyin=change.name_pinyin,
            id_number=change.id_number,
            birth_date=change.birth_date,
            sex=change.sex,
        )
