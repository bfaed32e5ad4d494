"""Income reports."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.rights.domain import incomes
from services.rights.domain.incomes import ReportState, Source
from services.rights.domain.ledgers import Terms
from services.rights.domain.shortfalls import comparable
from shared.values import Money, Period, PlacementId, ReportId


class Income(BaseModel, frozen=True):
    report: ReportId
    placement: PlacementId
    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Source
    reference: str | None
    state: ReportState
    not_comparable: bool  # paid in another currency than the contract's: no shortfall is decided
    version: int

    @classmethod
    def from_income(cls, income: incomes.Income, terms: Terms) -> Income:
        paid = income.paid
        return cls(
            report=income.report,
            placement=income.placement,
            period=paid.period,
            gross=paid.gross,
            deductions=paid.deductions,
            net=paid.net,
            remitted=paid.remitted,
            paid_on=paid.paid_on,
            source=paid.source,
            reference=paid.reference,
            state=income.state,
            not_comparable=not comparable(terms, paid),
            version=income.version,
        )
