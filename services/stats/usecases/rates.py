"""Monthly rates, versioned; closed periods are restated by what a rate changes. One that is far off waits for a second person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.stats.commands import LoadFxRates, RateOfMonth, ReviseFxRate
from services.stats.domain.errors import HeldRateNotFound, RateExists, RateHeld, RateNotFound
from services.stats.domain.rates import HeldState, HeldStep, MonthlyRate, compared_with, held_after, is_far_off
from services.stats.periods import restatement
from services.stats.queries import held_rates
from services.stats.queries import rates as stored
from services.stats.queries.held_rates import HeldRate
from services.stats.queries.rates import Rate
from services.stats.settings import policy
from services.stats.usecases.suppositions import supposed_after
from services.stats.views import rates as views
from shared import reference
from shared.db import Tx
from shared.paging import Page
from shared.values import first_day, new_id, period_of


async def load_fx_rates(tx: Tx, command: LoadFxRates) -> list[views.FxRate | views.HeldRate]:
    """Rates for months that have none; one that is far off is held. Raises RateExists, RateHeld, CurrencyWithdrawn; then none is loaded."""
    _require_money(command.rates)
    return await _enter_all(tx, [_version(tx, rate, 1, command.source, "loaded") for rate in command.rates])


async def revise_fx_rate(tx: Tx, command: ReviseFxRate) -> views.FxRate | views.HeldRate:
    """The next version of a rate; held where it is far off. Raises RateNotFound, RateHeld."""
    newest = await stored.get_newest_version(tx, command.rate.currency, first_day(command.rate.month))
    if newest == 0:
        raise RateNotFound(f"{command.rate.currency} {command.rate.month} has no rate", field="rate")
    [entered] = await _enter_all(tx, [_version(tx, command.rate, newest + 1, command.source, command.reason)])
    return entered


async def _enter_all(tx: Tx, rates: Sequence[Rate]) -> list[views.FxRate | views.HeldRate]:
    """Month by month, each compared with what is in force by then."""
    before = await restatement.closed_in_yuan(tx)
    known: dict[str, dict[date, Decimal]] = {}
    for currency, months in (await stored.list_in_force(tx, None)).items():
        known[currency] = {month: per_unit for month, per_unit in months.items() if month is not None}
    entered: dict[tuple[str, date], views.FxRate | views.HeldRate] = {}
    for rate in sorted(rates, key=lambda one: one.month):
        of_currency = known.setdefault(rate.currency, {})
        compared = compared_with(of_currency, rate.month)
        if compared is not None and is_far_off(rate.yuan_per_unit, compared, policy().stats_rate_times):
            entered[rate.currency, rate.month] = await _hold(tx, rate, compared)
        else:
            entered[rate.currency, rate.month] = await _enter(tx, rate)
            of_currency[rate.month] = rate.yuan_per_unit
    await restatement.restate_rates(tx, before)
    return [entered[rate.currency, rate.month] for rate in rates]


async def _hold(tx: Tx, rate: Rate, compared: MonthlyRate) -> views.HeldRate:
    """Nothing is converted with it until a second person approves. Raises RateExists, RateHeld."""
    if await stored.get_newest_version(tx, rate.currency, rate.month) != rate.version - 1:
        raise _exists(rate)
    held = HeldRate(
        id=new_id(),
        currency=rate.currency,
        month=rate.month,
        version=rate.version,
        yuan_per_unit=rate.yuan_per_unit,
        source=rate.source,
        reason=rate.reason,
        entered_by=rate.entered_by,
        entered_at=rate.entered_at,
        compared_month=compared.month,
        compared_yuan_per_unit=compared.yuan_per_unit,
    )
    if not await held_rates.insert(tx, held):
        waiting = await held_rates.get_open(tx, rate.currency, rate.month)
        raise RateHeld(f"{rate.currency} {period_of(rate.month)} waits", field="rates", state={"held": str(waiting)})
    return views.held_rate(held)


async def approve_held_rate(tx: Tx, held: UUID) -> views.HeldRate:
    """It is in force from now on. Raises HeldRateNotFound, HeldRateDecided, SecondPersonNeeded, RateExists."""
    found = await _decide(tx, held, HeldStep.APPROVE)
    before = await restatement.closed_in_yuan(tx)
    approved = Rate(
        currency=found.currency,
        month=found.month,
        version=found.version,
        yuan_per_unit=found.yuan_per_unit,
        source=found.source,
        reason=found.reason,
        entered_by=found.entered_by,
        entered_at=tx.clock.now(),
        entered_on=tx.clock.today(),
    )
    await _enter(tx, approved)
    await restatement.restate_rates(tx, before)
    return views.held_rate(found)


async def reject_held_rate(tx: Tx, held: UUID) -> views.HeldRate:
    """It is never in force. Raises HeldRateNotFound, HeldRateDecided."""
    return views.held_rate(await _decide(tx, held, HeldStep.REJECT))


async def _decide(tx: Tx, held: UUID, step: HeldStep) -> HeldRate:
    found = await held_rates.lock(tx, held)
    if found is None:
        raise HeldRateNotFound
    by = str(tx.principal)
    state = held_after(found.state, step, entered_by=found.entered_by, by=by)
    decided = replace(found, state=state, decided_by=by, decided_at=tx.clock.now())
    await held_rates.update(tx, decided)
    return decided


async def suppose_rates(tx: Tx, rates: tuple[RateOfMonth, ...], on: date) -> None:
    """For a scenario: as the newest versions, known on the day of the question. Raises CurrencyWithdrawn."""
    _require_money(rates)
    for rate in rates:
        newest = await stored.get_newest_version(tx, rate.currency, first_day(rate.month))
        await stored.insert(tx, _version(tx, rate, supposed_after(newest), "scenario", "scenario", on=on))


def _require_money(rates: Iterable[RateOfMonth]) -> None:
    """A rate is of a month in which the currency was money. Raises CurrencyWithdrawn."""
    for rate in rates:
        reference.require_legal_tender(rate.currency, rate.month)


def _version(tx: Tx, rate: RateOfMonth, version: int, source: str, reason: str, *, on: date | None = None) -> Rate:
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
        raise _exists(rate)
    return views.rate(rate)


def _exists(rate: Rate) -> RateExists:
    return RateExists(f"{rate.currency} {period_of(rate.month)} has a rate: revise it", field="rates")


async def fx_rates(tx: Tx, currency: str | None) -> list[views.FxRate]:
    """Every version of every rate."""
    return [views.rate(rate) for rate in await stored.list_versions(tx, currency)]


async def held_fx_rates(tx: Tx, page: Page, state: HeldState | None, currency: str | None) -> views.HeldRates:
    """What waits for a second person, and what was decided."""
    found, following = await held_rates.list_(tx, page, state, currency)
    return views.HeldRates(items=tuple(map(views.held_rate, found)), next=following)
