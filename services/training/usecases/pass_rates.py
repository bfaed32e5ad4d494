"""Pass rates, and who stands out."""

from __future__ import annotations

from datetime import date, timedelta

from services.training.domain.pass_rates import METHOD, outliers
from services.training.queries import pass_rates
from services.training.queries.pass_rates import By
from services.training.settings import policy
from services.training.usecases.scope import counties_seen, own_centre
from services.training.views import pass_rates as views
from shared.db import Tx


async def list_pass_rates(tx: Tx, by: By, since: date | None, until: date | None) -> views.PassRates:
    """Of workers of the caller's counties; a trainer sees those of the own centre. The last year unless days are given."""
    days = _days(tx, since, until)
    found = await pass_rates.list_groups(tx, by, days, centre=own_centre(tx.principal), counties=counties_seen(tx.principal))
    return views.PassRates(since=days[0], until=days[1], items=tuple(map(views.PassRate.from_group, found)))


async def list_outliers(tx: Tx, by: By, since: date | None, until: date | None) -> views.Outliers:
    """Whose pass rate is not chance. The last year unless days are given."""
    days = _days(tx, since, until)
    groups = await pass_rates.list_groups(tx, by, days, centre=None, counties=counties_seen(tx.principal))
    per_mille = policy().training_outlier_per_mille
    found = tuple(map(views.Outlier.from_outlier, outliers(groups, per_mille)))
    return views.Outliers(since=days[0], until=days[1], groups=len(groups), per_mille=per_mille, method=METHOD, items=found)


def _days(tx: Tx, since: date | None, until: date | None) -> tuple[date, date]:
    last = until or tx.clock.today()
    return since or last - timedelta(days=365), last
