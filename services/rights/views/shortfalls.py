"""Findings."""

from __future__ import annotations

from pydantic import BaseModel

from services.rights.domain import shortfalls
from shared.values import Money, Period, PlacementId


class Finding(BaseModel, frozen=True):
    placement: PlacementId
    period: Period
    kind: shortfalls.Kind
    expected: Money
    paid: Money

    @classmethod
    def from_finding(cls, finding: shortfalls.Finding) -> Finding:
        return cls(placement=finding.placement, period=finding.period, kind=finding.kind, expected=finding.expected, paid=finding.paid)


class Findings(BaseModel, frozen=True):
    items: tuple[Finding, ...]
    next: str | None
