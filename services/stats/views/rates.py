"""Monthly rates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.stats.domain.rates import HeldState
from services.stats.queries import held_rates
from services.stats.queries.rates import Rate
from services.stats.views.metadata import View
from shared.values import Currency, Period, period_of


class FxRate(View):
    currency: Currency
    month: Period
    version: int
    yuan_per_unit: str
    source: str
    reason: str
    entered_by: str
    entered_at: datetime


class HeldRate(View):
    """Many times off the rate that it was compared with; in force only once a second person has approved it."""

    held: UUID
    currency: Currency
    month: Period
    yuan_per_unit: str
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    compared_month: Period
    compared_yuan_per_unit: str
    state: HeldState
    decided_by: str | None
    decided_at: datetime | None


class HeldRates(View):
    items: tuple[HeldRate, ...]
    next: str | None


def rate(entered: Rate) -> FxRate:
    return FxRate(
        currency=entered.currency,
        month=period_of(entered.month),
        version=entered.version,
        yuan_per_unit=_shown(entered.yuan_per_unit),
        source=entered.source,
        reason=entered.reason,
        entered_by=entered.entered_by,
        entered_at=entered.entered_at,
    )


def held_rate(one: held_rates.HeldRate) -> HeldRate:
    return HeldRate(
        held=one.id,
        currency=one.currency,
        month=period_of(one.month),
        yuan_per_unit=_shown(one.yuan_per_unit),
        source=one.source,
        reason=one.reason,
        entered_by=one.entered_by,
        entered_at=one.entered_at,
        compared_month=period_of(one.compared_month),
        compared_yuan_per_unit=_shown(one.compared_yuan_per_unit),
        state=one.state,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


def _shown(yuan_per_unit: Decimal) -> str:
    return f"{yuan_per_unit.normalize():f}"
