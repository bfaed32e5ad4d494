"""Plays a plan through the services' own commands, quarter by quarter; nothing is written to a database directly.

Inside a quarter: new workers are imported, courses scheduled, orders opened, then every departure goes its way (match, contract,
insurance, clearance, training, departure), then returns and payrolls. A stage begins when the services it needs have applied what
the stage before published, which is what clerks in five offices would see happen by itself. A year is published and closed at the
end of the January after it; what is recorded or put right only then restates it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from console.api_client import wait_until_applied, wait_until_read, wait_until_sent
from console.demo.complaints import settle_complaints
from console.demo.departures import confirm_arrivals, depart, return_home
from console.demo.duplicates import merge_duplicates
from console.demo.emergencies import pass_through_emergency, repatriate
from console.demo.fairs import FAIRS, hold_fair
from console.demo.founding import adopt, create_enterprises
from console.demo.placing import open_orders, prepare
from console.demo.publicity import make_known
from console.demo.registering import register
from console.demo.simulation import FIRST, LAST, PUBLISHED_YEARS, Voyage, months, published_on
from console.demo.surveys import survey
from console.demo.training import hold_sessions, schedule_sessions
from console.demo.wages import payrolls
from console.demo.world import World, all_of
from shared.principals import Role
from shared.values import Period, first_day, last_day

DUPLICATES_IN = Period("2018-06")
COMPLAINTS_IN = Period("2018-12")
EMERGENCY_IN = Period("2020-03")
SWEPT = ("registration", "docking", "training", "rights")


async def play(world: World, last: Period = LAST) -> None:
    """The programme from its first day to the end of `last`, which ends a quarter."""
    await create_enterprises(world)
    await adopt(world)
    for quarter in quarters(last):
        await _play_quarter(world, quarter)
        world.print_line(f"{quarter[0]} to {quarter[-1]} played")


def quarters(last: Period = LAST) -> list[tuple[Period, ...]]:
    periods = list(months(FIRST, last))
    return [tuple(periods[start : start + 3]) for start in range(0, len(periods), 3)]


async def _play_quarter(world: World, quarter: tuple[Period, ...]) -> None:
    first, last = first_day(quarter[0]), last_day(quarter[-1])
    departing = world.plan.departing(first, last)
    published = last.month == 12 and last.year in PUBLISHED_YEARS
    if first.month == 1:
        await _before_year(world, first.year)
    until = published_on(last.year) if published else date.max
    await register(world, departing, first - timedelta(days=60), f"quarter-{quarter[0]}")
    await wait_until_applied(world.client, "registration", "docking")
    await asyncio.gather(open_orders(world, departing, first, last), schedule_sessions(world, departing))
    await prepare(world, departing)
    await wait_until_applied(world.client, "docking", "training")
    await hold_sessions(world, departing)
    await wait_until_applied(world.client, "training", "docking")
    await depart(world, departing, date.min, until)
    await confirm_arrivals(world, first, last)
    returning = world.plan.returning(first, last)
    await return_home(world, [voyage for voyage in returning if voyage.number not in world.repatriations])
    await all_of(repatriate(world, voyage) for voyage in returning if voyage.number in world.repatriations)
    await wait_until_applied(world.client, "rights", "docking")  # repatriations are returns
    await wait_until_sent(world.client, "docking")
    await all_of(wait_until_read(world.client, service) for service in ("rights", "registration"))
    late = [voyage for voyage in departing if voyage.right_on > until]
    not_yet = {voyage.number for voyage in late}
    await payrolls(world, quarter, lambda voyage: voyage.number not in not_yet)
    if quarter[-1] == DUPLICATES_IN:
        await merge_duplicates(world)
    if quarter[-1] == COMPLAINTS_IN:
        await settle_complaints(world)
    if quarter[-1] == EMERGENCY_IN:
        await pass_through_emergency(world)
    await all_of(_sweep(world, service, last) for service in SWEPT)
    await all_of(wait_until_sent(world.client, service) for service in SWEPT)
    await wait_until_read(world.client, "stats")
    await _sweep(world, "stats", last)  # in a simulation stats publishes on command
    if published:
        await _publish(world, last.year)
        await _afterwards(world, quarter, late, until)


async def _before_year(world: World, year: int) -> None:
    """The other efforts: who can and wants to go is asked, the programme is made known, enterprises and counties meet."""
    await survey(world, year)
    await make_known(world, year)
    if year in FAIRS:
        await hold_fair(world, year)


async def _publish(world: World, year: int) -> None:
    """The year's figures go out, and are frozen: what comes later is published as a restatement."""
    await world.on(published_on(year), 18).post("stats", "/periods/close", {"period": str(year)}, f"close-{year}")


async def _afterwards(world: World, quarter: Sequence[Period], late: Sequence[Voyage], until: date) -> None:
    """What becomes known, or is put right, when the year is published already; then their wages."""
    await depart(world, late, until, date.max)
    await wait_until_applied(world.client, "docking", "rights")
    numbers = {voyage.number for voyage in late}
    await payrolls(world, quarter, lambda voyage: voyage.number in numbers, entered_on=until + timedelta(days=28))
    await all_of(wait_until_sent(world.client, service) for service in ("docking", "rights"))
    await wait_until_read(world.client, "stats")


async def _sweep(world: World, service: str, day: date) -> None:
    operator = world.on(day, 23).as_role(Role.OPERATOR)
    acted, turn = 1, 0
    while acted:
        acted = (await operator.post(service, "/sweep", None, f"sweep-{day}-{turn}"))["acted"]
        turn += 1
