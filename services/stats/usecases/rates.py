"""Monthly rates, versioned; closed periods are restated by what a rate changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.stats.commands import FxRate, LoadFxRates, ReviseFxRate
from services.stats.domain.errors import RateExists, RateNotFound
from services.stats.periods import restatement
from services.stats.queries import rates as stored
from services.stats.queries.rates import Rate
from services.stats.views import rates as views
from shared import reference
from shared.db import Tx
from shared.values import first_day, period_of


async def load_fx_rates(tx: Tx, command: LoadFxRates) -> list[views.FxRate]:
    """Rates for months that have none. Raises RateExists, CurrencyWithdrawn; then none is loaded."""
    _require_money(command.rates)
    before = await restatement.closed_in_yuan(tx)
    entered = [await _enter(tx, _version(tx, rate, 1, command.source, "loaded")) for rate in command.rates]
    await restatement.restate_rates(tx, before)
    return entered


async def revise_fx_rate(tx: Tx, command: ReviseFxRate) -> views.FxRate:
    """The next version of a rate. Raises RateNotFound."""
    newest = await stored.get_newest_version(tx, command.rate.currency, first_day(command.rate.month))
    if newest == 0:
        raise RateNotFound(f"{command.rate.currency} {command.rate.month} has no rate", field="rate")
    before = await restatement.closed_in_yuan(tx)
    entered = await _enter(tx, _version(tx, command.rate, newest + 1, command.source, command.reason))
    await restatement.restate_rates(tx, before)
    return entered


async def suppose_rates(tx: Tx, rates: tuple[FxRate, ...], on: date) -> None:
    """For a scenario: as the newest versions, known on the day of the question. Raises CurrencyWithdrawn."""
    _require_money(rates)
    for rate in rates:
        version = await stored.get_newest_version(tx, rate.currency, first_day(rate.month)) + 1
        await stored.insert(tx, _version(tx, rate, version, "scenario", "scenario", on=on))


def _require_money(rates: Iterable[FxRate]) -> None:
    """A rate is of a month in which the currency was money. Raises CurrencyWithdrawn."""
    for rate in rates:
        reference.require_legal_tender(rate.currency, rate.month)


def _version(tx: Tx, rate: FxRate, version: int, source: str, reason: str, *, on: date | None = None) -> Rate:
    return Rate(
        currency=rate.currency,
        month=first_day(rate.month),
        version=version,
        yuan_per_unit=rate.yuan_per_unit,
        source=source,
        reason=reason,
        entered_by=str(tx.principal),
        entered_at=tx.clock.now(),
        entered_on=on or tx.clock.today(),
    )


async def _enter(tx: Tx, rate: Rate) -> views.FxRate:
    if not await stored.insert(tx, rate):
        raise RateExists(f"{rate.currency} {period_of(rate.month)} has a rate: revise it", field="rates")
    return views.rate(rate)


async def fx_rates(tx: Tx, currency: str | None) -> list[views.FxRate]:
    """Every version of every rate."""
    return [views.rate(rate) for rate in await stored.list_versions(tx, currency)]
