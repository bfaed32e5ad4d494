"""Departures recorded, corrected and voided; what workers say of their arrival; returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from console.demo.simulation import Voyage
from console.demo.world import World, all_of, port, report, stays_to_the_end, weekly

ASKED_AFTER = (14, 90)  # days abroad
FORGOTTEN = 25  # one in so many is not asked
AS_AGREED = {**dict.fromkeys(("employer", "wage", "work", "place", "hours"), "as_agreed"), "passport_kept": True}


async def depart(world: World, voyages: Sequence[Voyage], after: date, until: date) -> None:
    """What is entered about the departures after one day and until another: the recording, and what puts it right."""
    recorded = weekly((voyage, voyage.recorded_on) for voyage in voyages if after < voyage.recorded_on <= until)
    await all_of(_record(world, day, several) for day, several in recorded.items())
    await all_of(_mend(world, voyage) for voyage in voyages if after < voyage.mended_on <= until)


async def _record(world: World, day: date, voyages: Sequence[Voyage]) -> None:
    """A week's list; sent twice where one of it is."""
    rows = [_departure(world, voyage) for voyage in voyages]
    for _ in range(2 if any(voyage.sent_twice for voyage in voyages) else 1):
        await report(world.on(day, 16), "departures", rows, f"departures-{day}-{voyages[0].number}")
    world.advance("departed", len(voyages))


def _departure(world: World, voyage: Voyage) -> dict[str, object]:
    wrong = voyage.first_recorded_as
    return {
        "placement": world.placements[voyage.number],
        "departed_on": wrong.get("departed_on", voyage.departed_on.isoformat()),
        "port": wrong.get("port", port(voyage)),
        "visa": "work",
        "evidence": "exit_stamp",
    }


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
    answers = weekly(
        (_answer(world, voyage, days, on), on)
        for voyage in world.plan.voyages
        for days in ASKED_AFTER
        if first <= (on := _asked_on(voyage, days)) <= last and _is_asked(voyage, on) and (voyage.number + days) % FORGOTTEN
    )
    await all_of(report(world.on(day, 17), "arrivals", rows, f"arrivals-{day}") for day, rows in answers.items())


def _asked_on(voyage: Voyage, days: int) -> date:
    """Within four days."""
    return voyage.departed_on + timedelta(days=days + voyage.number % 4)


def _is_asked(voyage: Voyage, on: date) -> bool:
    if voyage.adopted or voyage.voided or voyage.first_recorded_as or voyage.recorded_on > on:
        return False
    return voyage.returned_on is None or voyage.returned_on > on


def _answer(world: World, voyage: Voyage, days: int, on: date) -> dict[str, object]:
    return {"placement": world.placements[voyage.number], "day": days, "confirmed_on": on.isoformat(), "terms": AS_AGREED}


async def return_home(world: World, voyages: Sequence[Voyage]) -> None:
    """Reported the day after the last return of a week."""
    weeks = weekly((voyage, voyage.returned_on) for voyage in voyages if voyage.returned_on is not None)
    await all_of(_return(world, day + timedelta(days=1), several) for day, several in weeks.items())


async def _return(world: World, day: date, voyages: Sequence[Voyage]) -> None:
    await report(world.on(day), "returns", [_homecoming(world, voyage) for voyage in voyages], f"returns-{day}")
    world.advance("returned", len(voyages))


def _homecoming(world: World, voyage: Voyage) -> dict[str, object]:
    return {
        "placement": world.placements[voyage.number],
        "returned_on": str(voyage.returned_on),
        "reason": "completed" if stays_to_the_end(voyage) else "early",
    }
