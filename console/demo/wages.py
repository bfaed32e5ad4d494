"""Wages: a payroll file per enterprise and month."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from console.demo.simulation import ENTERPRISES, Voyage
from console.demo.world import World, all_of
from shared.principals import Role
from shared.values import Period, first_day, last_day


async def payrolls(world: World, quarter: Sequence[Period], whom: Callable[[Voyage], bool], entered_on: date = date.min) -> None:
    """The payrolls of a quarter, of those whom `whom` chooses; entered two days after they are paid, or on a later day."""
    for period in quarter:
        paid = [voyage for voyage in world.plan.abroad_in(period) if whom(voyage)]
        await all_of(
            _pay(world, period, number, [one for one in paid if one.enterprise == number], entered_on) for number in range(ENTERPRISES)
        )


async def _pay(world: World, period: Period, number: int, paid: Sequence[Voyage], entered_on: date) -> None:
    """One enterprise's payroll of one month, as a file."""
    if not paid:
        return
    paid_on = last_day(period) + timedelta(days=10)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["placement", "period", "gross", "deductions", "net", "remitted", "currency", "paid_on"])
    for voyage in paid:
        amount = f"{wage_paid(voyage, period) / 100:.2f}"
        lines.writerow([world.placements[voyage.number], period, amount, "0.00", amount, "", "CNY", paid_on.isoformat()])
    moment = max(paid_on + timedelta(days=2), entered_on)
    employer = world.on(moment).as_role(Role.ENTERPRISE, world.enterprises[number])
    done = await employer.upload("rights", "/payrolls", out.getvalue().encode(), f"payroll-{period}-{number}-{moment}")
    if done["rejected"]:
        raise RuntimeError(f"payroll {period} of enterprise {number}: {done['rejected']} rows rejected: {done['findings'][:3]}")
    world.advance("paid", len(paid))


def wage_paid(voyage: Voyage, period: Period) -> int:
    """Fen: the monthly wage for the days abroad, the days of departure and return included; 60 % of it where it falls short."""
    start, end = first_day(period), last_day(period)
    begin, finish = max(start, voyage.departed_on), min(end, voyage.returned_on or end)
    amount = -(-voyage.wage_minor * ((finish - begin).days + 1) // end.day)
    return amount * 60 // 100 if period == voyage.short_in else amount
