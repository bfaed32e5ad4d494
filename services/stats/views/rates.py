"""Monthly rates."""

from __future__ import annotations

from datetime import datetime

from services.stats.queries.rates import Rate
from services.stats.views.metadata import View
from shared.values import period_of


class FxRate(View):
    currency: str
    month: str
    version: int
    yuan_per_unit: str
    source: str
    reason: str
    entered_by: str
    entered_at: datetime


def rate(entered: Rate) -> FxRate:
    return FxRate(
        currency=entered.currency,
        month=period_of(entered.month),
        version=entered.version,
        yuan_per_unit=f"{entered.yuan_per_unit.normalize():f}",
        source=entered.source,
        reason=entered.reason,
        entered_by=entered.entered_by,
        entered_at=entered.entered_at,
    )
