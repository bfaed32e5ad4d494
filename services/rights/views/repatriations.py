"""Repatriations."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.rights.domain import repatriations
from services.rights.domain.repatriations import Cause, RefusalCause, RepatriationState
from shared.values import EmergencyId, EnterpriseId, Money, Payer, PlacementId, RepatriationId


class Repatriation(BaseModel, frozen=True):
    repatriation: RepatriationId
    placement: PlacementId
    enterprise: EnterpriseId
    emergency: EmergencyId | None
    cause: Cause
    requested_by: str
    requested_on: date
    paid_by: Payer
    state: RepatriationState
    approval: str | None
    criteria_version: str | None
    approver: str | None
    refusal: RefusalCause | None
    completed_on: date | None
    cost: Money | None
    version: int

    @classmethod
    def from_repatriation(cls, one: repatriations.Repatriation) -> Repatriation:
        return cls(
            repatriation=one.repatriation,
            placement=one.placement,
            enterprise=one.enterprise,
            emergency=one.emergency,
            cause=one.cause,
            requested_by=one.requested_by,
            requested_on=one.requested_on,
            paid_by=one.paid_by,
            state=one.state,
            approval=one.approval,
            criteria_version=one.criteria_version,
            approver=one.approver,
            refusal=one.refusal,
            completed_on=one.completed_on,
            cost=one.cost,
            version=one.version,
        )


class Repatriations(BaseModel, frozen=True):
    items: tuple[Repatriation, ...]
    next: str | None
