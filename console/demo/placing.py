"""From the job order to the request for clearance: match, contract, insurance, medical examination."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial

from console.demo.simulation import Voyage
from console.demo.world import (
    LIST_ROWS,
    TERM_MONTHS,
    World,
    all_of,
    batched,
    contract_body,
    grouped,
    order_key,
    ordered_destination,
    report,
    send_rows,
)
from shared.texts import texts
from shared.values import Period, first_day

CHINESE = texts("zh")
CLEARANCE_DAYS = 60  # that a granted clearance allows departure, as docking has it by default


async def open_orders(world: World, voyages: Sequence[Voyage], first: date, last: date) -> None:
    groups: dict[tuple[object, ...], list[Voyage]] = defaultdict(list)
    for voyage in voyages:
        groups[order_key(voyage)].append(voyage)
    world.orders.clear()

    async def open_one(key: tuple[object, ...], group: Sequence[Voyage]) -> None:
        one = group[0]
        body = {
            "enterprise": world.enterprise(one),
            "employer": f"{CHINESE.country(ordered_destination(one))}雇主（模拟）",
            "destination": ordered_destination(one),
            "occupation": one.occupation,
            "channel": one.channel.value,
            "positions": len(group),
            "wage": {"minor": max(voyage.wage_minor for voyage in group), "currency": "CNY"},
            "wage_period": "month",
            "term_months": TERM_MONTHS,
            "expires": (last + timedelta(days=30)).isoformat(),
        }
        label = f"order-{first}-{'-'.join(map(str, key))}"
        world.orders[key] = (await world.on(first - timedelta(days=50)).post("docking", "/orders", body, label))["order"]

    await all_of(open_one(key, group) for key, group in groups.items())


async def prepare(world: World, voyages: Sequence[Voyage]) -> None:
    """Match, contract, insurance, medical examination, request for clearance; training and clearance then go their way by events."""
    await all_of(_match(world, day, several) for day, several in grouped(voyages, partial(_before, days=40)).items())
    for kind, row, day_of in PAPERS:
        await all_of(
            report(world.on(day), kind, [row(world, voyage) for voyage in several], f"{kind}-{day}-{several[0].number}")
            for day, several in grouped(voyages, day_of).items()
        )


def _begin(voyage: Voyage) -> date:
    """Of the month of the departure."""
    return first_day(Period(voyage.departed_on.strftime("%Y-%m")))


def _before(voyage: Voyage, days: int) -> date:
    """So many days before the month of the departure."""
    return _begin(voyage) - timedelta(days=days)


async def _match(world: World, day: date, voyages: Sequence[Voyage]) -> None:
    """Nominated in a list; what is proposed is accepted in a list."""
    matcher = world.on(day)
    for several in batched(voyages, LIST_ROWS):
        label = f"{day}-{several[0].number}"
        nominated = [{"order": world.orders[order_key(one)], "worker": world.workers[one.person.number]} for one in several]
        proposed = await send_rows(matcher, "docking", "/matches/nominations", nominated, f"propose-{label}")
        matches = [{"match": match} for match in proposed["matches"]]
        accepted = await send_rows(matcher, "docking", "/matches/acceptances", matches, f"accept-{label}")
        world.placements |= {one.number: placement for one, placement in zip(several, accepted["placements"], strict=True)}
        world.advance("prepared", len(several))


def _contract(world: World, voyage: Voyage) -> dict[str, object]:
    return {"placement": world.placements[voyage.number], **contract_body(voyage)}


def _insurance(world: World, voyage: Voyage) -> dict[str, object]:
    return {
        "placement": world.placements[voyage.number],
        "insurer": "模拟保险公司",
        "policy_no": f"POL-{voyage.number:06d}",
        "valid_from": _before(voyage, 37).isoformat(),
        "valid_to": (_begin(voyage) + timedelta(days=6 * 365)).isoformat(),  # W2: as long as the contract, and longer
    }


def _medical(world: World, voyage: Voyage) -> dict[str, object]:
    return {
        "placement": world.placements[voyage.number],
        "examined_on": _before(voyage, 37).isoformat(),
        "result": "fit",
        "place": "模拟医院",
    }


def _clearance(world: World, voyage: Voyage) -> dict[str, object]:
    return {"placement": world.placements[voyage.number], "planned_departure": voyage.departed_on.isoformat()}


def clearance_asked_on(voyage: Voyage) -> date:
    """36 days before the month of the departure; whoever goes again is certified, cleared at once: near enough to leave on it."""
    usual = voyage.departed_on.replace(day=1) - timedelta(days=36)
    return max(usual, voyage.departed_on - timedelta(days=CLEARANCE_DAYS)) if voyage.again else usual


# What is reported of placements as lists, in this order; one row of it, and the day on which it is.
PAPERS: tuple[tuple[str, Callable[[World, Voyage], dict[str, object]], Callable[[Voyage], date]], ...] = (
    ("contracts", _contract, partial(_before, days=38)),
    ("insurances", _insurance, partial(_before, days=37)),
    ("medicals", _medical, partial(_before, days=37)),
    ("clearances", _clearance, clearance_asked_on),
)
