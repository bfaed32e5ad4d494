"""Findings."""

from __future__ import annotations

from pydantic import BaseModel

from services.rights.domain import shortfalls
from shared.values import EnterpriseId, Money, Period, PlacementId


class Finding(BaseModel, frozen=True):
    """`shortfall`: what is missing; nothing of a wage that came late."""

    placement: PlacementId
    enterprise: EnterpriseId
    period: Period
    kind: shortfalls.Kind
    expected: Money
    paid: Money
    shortfall: Money

    @classmethod
    def from_finding(cls, finding: shortfalls.Finding) -> Finding:
        return cls(
            placement=finding.placement,
            enterprise=finding.enterprise,
            period=finding.period,
            kind=finding.kind,
            expected=finding.expected,
            paid=finding.paid,
            shortfall=finding.expected.minus(finding.paid),
        )


class Findings(BaseModel, frozen=True):
    items: tuple[Finding, ...]
    next: str | None
