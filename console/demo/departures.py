"""Departures recorded, corrected and voided; what workers say of their arrival; returns."""

from __future__ import annotations

from datetime import date, timedelta

from console.demo.simulation import Voyage
from console.demo.world import World, all_of, port, stays_to_the_end

ASKED_AFTER = (14, 90)  # days abroad
FORGOTTEN = 25  # one in so many is not asked
AS_AGREED = {**dict.fromkeys(("employer", "wage", "work", "place", "hours"), "as_agreed"), "passport_kept": True}


async def depart(world: World, voyage: Voyage, after: date, until: date) -> None:
    """What is entered about the departure after one day and until another: the recording, and what puts it right."""
    if after < voyage.recorded_on <= until:
        await _record(world, voyage)
    if after < voyage.mended_on <= until:
        await _mend(world, voyage)


async def _record(world: World, voyage: Voyage) -> None:
    placement, wrong = world.placements[voyage.number], voyage.first_recorded_as
    body = {
        "departed_on": wrong.get("departed_on", voyage.departed_on.isoformat()),
        "port": wrong.get("port", port(voyage)),
        "visa": "work",
        "evidence": "exit_stamp",
    }
    clerk = world.on(voyage.recorded_on, 16)
    for _ in range(2 if voyage.sent_twice else 1):
        await clerk.post("docking", f"/placements/{placement}/departure", body, f"departure-{voyage.number}")
    world.advance("departed", 1)


async def _mend(world: World, voyage: Voyage) -> None:
    path, wrong = f"/placements/{world.placements[voyage.number]}/departure", voyage.first_recorded_as
    officer = world.on(voyage.mended_on)
    if voyage.voided:
        await officer.post("docking", f"{path}/void", {"reason": "not_departed"}, f"void-{voyage.number}")
    elif wrong:
        right = {"departed_on": voyage.departed_on.isoformat(), "port": port(voyage), "destination": voyage.destination}
        body = {name: right[name] for name in wrong} | {"reason": "mistyped"}
        await officer.post("docking", f"{path}/correction", body, f"correction-{voyage.number}")


async def confirm_arrivals(world: World, first: date, last: date) -> None:
    """What workers say in that time who are still abroad and whose departure is recorded rightly; nobody asks who was abroad before."""
    await all_of(
        _confirm(world, voyage, days, on)
        for voyage in world.plan.voyages
        for days in ASKED_AFTER
        if first <= (on := _asked_on(voyage, days)) <= last and _is_asked(voyage, on) and (voyage.number + days) % FORGOTTEN
    )


def _asked_on(voyage: Voyage, days: int) -> date:
    """Within four days."""
    return voyage.departed_on + timedelta(days=days + voyage.number % 4)


def _is_asked(voyage: Voyage, on: date) -> bool:
    if voyage.adopted or voyage.voided or voyage.first_recorded_as or voyage.recorded_on > on:
        return False
    return voyage.returned_on is None or voyage.returned_on > on


async def _confirm(world: World, voyage: Voyage, days: int, on: date) -> None:
    path = f"/placements/{world.placements[voyage.number]}/arrivals"
    await world.on(on, 17).post("docking", path, {"day": days, "terms": AS_AGREED}, f"arrival-{voyage.number}-{days}")


async def return_home(world: World, voyage: Voyage) -> None:
    day = voyage.returned_on
    if day is None:
        raise ValueError(f"voyage {voyage.number} does not return")
    body = {"returned_on": day.isoformat(), "reason": "completed" if stays_to_the_end(voyage) else "early"}
    path = f"/placements/{world.placements[voyage.number]}/return"
    await world.on(day + timedelta(days=1)).post("docking", path, body, f"return-{voyage.number}")
    world.advance("returned", 1)
