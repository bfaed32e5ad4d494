"""From the job order to the request for clearance: match, contract, insurance, medical examination."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from console.api_client import ApiClient
from console.demo.simulation import Voyage
from console.demo.world import TERM_MONTHS, World, all_of, contract_body, order_key, ordered_destination, report
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
    await all_of(_match(world, voyage) for voyage in voyages)
    months: dict[date, list[Voyage]] = defaultdict(list)
    for voyage in voyages:
        months[_begin(voyage)].append(voyage)
    for kind, row in (("insurances", _insurance), ("medicals", _medical)):
        await all_of(
            report(_before(world, begin, 37), kind, [row(world, voyage) for voyage in several], f"{kind}-{begin}")
            for begin, several in months.items()
        )
    await all_of(_ask_clearance(world, voyage) for voyage in voyages)


def _begin(voyage: Voyage) -> date:
    """Of the month of the departure."""
    return first_day(Period(voyage.departed_on.strftime("%Y-%m")))


async def _match(world: World, voyage: Voyage) -> None:
    """With its contract."""
    before = partial(_before, world, _begin(voyage))
    label = str(voyage.number)
    proposal = {"n": 1, "worker": world.workers[voyage.person.number]}
    proposed = await before(40).post("docking", f"/orders/{world.orders[order_key(voyage)]}/matches", proposal, f"propose-{label}")
    match = proposed["matches"][0]["match"]
    accepted = await before(40).post("docking", f"/matches/{match}/acceptance", {}, f"accept-{label}")
    placement = world.placements[voyage.number] = accepted["placement"]
    await before(38).post("docking", f"/placements/{placement}/contract", contract_body(voyage), f"contract-{label}")


def _insurance(world: World, voyage: Voyage) -> dict[str, object]:
    begin = _begin(voyage)
    return {
        "placement": world.placements[voyage.number],
        "insurer": "模拟保险公司",
        "policy_no": f"POL-{voyage.number:06d}",
        "valid_from": (begin - timedelta(days=37)).isoformat(),
        "valid_to": (begin + timedelta(days=6 * 365)).isoformat(),  # W2: as long as the contract, and longer
    }


def _medical(world: World, voyage: Voyage) -> dict[str, object]:
    examined_on = _begin(voyage) - timedelta(days=37)
    return {
        "placement": world.placements[voyage.number],
        "examined_on": examined_on.isoformat(),
        "result": "fit",
        "place": "模拟医院",
    }


async def _ask_clearance(world: World, voyage: Voyage) -> None:
    path = f"/placements/{world.placements[voyage.number]}/clearance"
    planned = {"planned_departure": voyage.departed_on.isoformat()}
    await world.on(clearance_asked_on(voyage)).post("docking", path, planned, f"clearance-{voyage.number}")
    world.advance("prepared", 1)


def clearance_asked_on(voyage: Voyage) -> date:
    """36 days before the month of the departure; whoever goes again is certified, cleared at once: near enough to leave on it."""
    usual = voyage.departed_on.replace(day=1) - timedelta(days=36)
    return max(usual, voyage.departed_on - timedelta(days=CLEARANCE_DAYS)) if voyage.again else usual


def _before(world: World, begin: date, days: int) -> ApiClient:
    return world.on(begin - timedelta(days=days))
