"""Monthly rates, versioned; closed periods are restated by what a rate changes."""

from __future__ import annotations

from services.stats import views
from services.stats.commands import FxRate, LoadFxRates, ReviseFxRate
from services.stats.domain.errors import RateExists, RateNotFound
from services.stats.periods import closing
from services.stats.queries import rates
from shared.db import Tx
from shared.values import first_day


async def load_fx_rates(tx: Tx, command: LoadFxRates) -> list[views.FxRate]:
    """Rates for months that have none. Raises RateExists; then none is loaded."""
    before = await closing.in_yuan(tx)
    entered = [await _enter_rate(tx, rate, 1, command.source, "loaded") for rate in command.rates]
    await closing.restate_rates(tx, before)
    return entered


async def revise_fx_rate(tx: Tx, command: ReviseFxRate) -> views.FxRate:
    """The next version of a rate. Raises RateNotFound."""
    newest = await rates.newest_rate(tx, command.rate.currency, first_day(command.rate.month))
    if newest == 0:
        raise RateNotFound(f"{command.rate.currency} {command.rate.month} has no rate", field="rate")
    before = await closing.in_yuan(tx)
    entered = await _enter_rate(tx, command.rate, newest + 1, command.source, command.reason)
    await closing.restate_rates(tx, before)
    return entered


async def _enter_rate(tx: Tx, rate: FxRate, version: int, source: str, reason: str) -> views.FxRate:
    entry = rates.Rate(
        rate.currency,
        first_day(rate.month),
        version,
        rate.yuan_per_unit,
        source,
        reason,
        str(tx.principal),
        tx.clock.now(),
        tx.clock.today(),
    )
    if not await rates.add_rate(tx, entry):
        raise RateExists(f"{rate.currency} {rate.month} has a rate: revise it", field="rates")
    return views.rate(entry)


async def fx_rates(tx: Tx, currency: str | None) -> list[views.FxRate]:
    """Every version of every rate."""
    return [views.rate(entry) for entry in await rates.rate_history(tx, currency)]
