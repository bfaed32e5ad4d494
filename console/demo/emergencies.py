"""An emergency in one country: everybody there is accounted for, and whoever was to come home soon is brought home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from console.api_client import wait_until_applied
from console.demo.simulation import Voyage
from console.demo.world import World, all_of
from shared.principals import Role
from shared.values import Channel

DECLARED_ON = date(2020, 3, 27)  # between the days on which clearances are asked for


def country(world: World) -> str | None:
    """That of the contracted projects where fewest of the programme's workers are. None: there are none, in a programme played small."""
    there = Counter(
        voyage.destination for voyage in world.plan.voyages if voyage.channel is Channel.CONTRACTED_PROJECT and _is_there(voyage)
    )
    return min(there, key=lambda destination: (there[destination], destination), default=None)


def _is_there(voyage: Voyage) -> bool:
    """Abroad when the emergency is declared, and for some days more."""
    home = voyage.returned_on
    return not voyage.voided and voyage.departed_on < date(2020, 3, 1) and (home is None or home > date(2020, 4, 5))


async def pass_through_emergency(world: World) -> None:
    """Declared, everybody accounted for, ended before the next ones are to leave for the country."""
    destination = country(world)
    if destination is None:
        return
    body = {
        "destination": destination,
        "kind": "unrest",
        "grade": "II",
        "since": DECLARED_ON.isoformat(),
        "authority": "state",
        "text": "模拟：项目工地附近发生骚乱。",
    }
    declared = (await world.on(DECLARED_ON).post("rights", "/emergencies", body, "emergency"))["emergency"]
    await wait_until_applied(world.client, "rights", "docking")
    members = await _roll(world, declared)
    await all_of(_account_for(world, declared, placement, number) for number, placement in enumerate(members))
    await all_of(_approve_repatriation(world, declared, voyage) for voyage in _home_soon(world, destination))
    await world.on(DECLARED_ON.replace(day=31)).post("rights", f"/emergencies/{declared}/end", {}, "emergency-end")
    await wait_until_applied(world.client, "rights", "docking")


def _home_soon(world: World, destination: str) -> Sequence[Voyage]:
    """Who was to come home in the quarter that follows."""
    return [
        voyage
        for voyage in world.plan.voyages
        if voyage.destination == destination
        and voyage.channel is Channel.CONTRACTED_PROJECT
        and _is_there(voyage)
        and voyage.returned_on is not None
        and voyage.returned_on <= date(2020, 6, 30)
    ]


async def _approve_repatriation(world: World, emergency: str, voyage: Voyage) -> None:
    """Asked for by the enterprise, approved by an officer."""
    asked = {"placement": world.placements[voyage.number], "cause": "emergency", "emergency": emergency, "paid_by": "enterprise"}
    enterprise = world.on(DECLARED_ON.replace(day=29)).as_role(Role.ENTERPRISE, world.enterprise(voyage))
    repatriation = (await enterprise.post("rights", "/repatriations", asked, f"repatriation-{voyage.number}"))["repatriation"]
    approval = {"approval": f"SIM-2020-{voyage.number}", "criteria_version": "2019/1"}
    officer = world.on(DECLARED_ON.replace(day=30))
    await officer.post("rights", f"/repatriations/{repatriation}/approval", approval, f"repatriation-{voyage.number}-approved")
    world.repatriations[voyage.number] = repatriation


async def repatriate(world: World, voyage: Voyage) -> None:
    """Home on the day of the plan; that it is a return docking learns from the event."""
    day = voyage.returned_on
    if day is None:
        raise ValueError(f"voyage {voyage.number} does not return")
    body = {"completed_on": day.isoformat(), "cost": {"minor": 650_000, "currency": "CNY"}, "paid_by": "enterprise"}
    path = f"/repatriations/{world.repatriations[voyage.number]}/completion"
    await world.on(day + timedelta(days=1)).post("rights", path, body, f"repatriated-{voyage.number}")
    world.advance("returned", 1)


async def _roll(world: World, emergency: str) -> Sequence[str]:
    rows = await world.on(DECLARED_ON, 12).get_all("rights", f"/emergencies/{emergency}/workers")
    return [row["placement"] for row in rows if row["condition"] == "pending"]


async def _account_for(world: World, emergency: str, placement: str, number: int) -> None:
    """By the embassy, within two days."""
    embassy = world.on(DECLARED_ON.replace(day=28 + number % 2)).as_role(Role.OFFICER)
    body = {"condition": "safe", "whereabouts": "shelter" if number % 3 else "dormitory", "reported_by": "embassy"}
    await embassy.post("rights", f"/emergencies/{emergency}/workers/{placement}", body, f"accounted-for-{placement}")
