"""Ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.rights.domain import incomes, ledgers, shortfalls
from services.rights.views.incomes import Income
from services.rights.views.shortfalls import Finding
from shared.values import EnterpriseId, Money, PlacementId, WagePeriod, WorkerId


class Ledger(BaseModel, frozen=True):
    """Everything about the wages of one placement."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    wage: Money
    wage_period: WagePeriod
    departed_on: date | None
    returned_on: date | None
    voided: bool
    reports: tuple[Income, ...]
    open_findings: tuple[Finding, ...]

    @classmethod
    def from_ledger(cls, ledger: ledgers.Ledger, reports: Sequence[incomes.Income], findings: Sequence[shortfalls.Finding]) -> Ledger:
        return cls(
            placement=ledger.placement,
            worker=ledger.worker,
            enterprise=ledger.enterprise,
            wage=ledger.terms.wage,
            wage_period=ledger.terms.wage_period,
            departed_on=ledger.departed_on,
            returned_on=ledger.returned_on,
            voided=ledger.voided,
            reports=tuple(Income.from_income(report, ledger.terms) for report in reports),
            open_findings=tuple(map(Finding.from_finding, findings)),
        )
