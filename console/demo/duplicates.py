"""Five people are entered a second time, without a document; a clerk links the two registrations, an officer merges them."""

from __future__ import annotations

from datetime import date, timedelta

from console.demo.simulation import Person, Voyage
from console.demo.world import World, all_of
from shared.principals import Role

DUPLICATES = 5
ENTERED_ON = date(2018, 5, 15)
DAYS_UNTIL_MERGED = 12


async def merge_duplicates(world: World) -> None:
    """Of people who are abroad: the second registration is the one that goes."""
    await all_of(_enter_again_and_merge(world, voyage.person) for voyage in _entered_again(world))


def _entered_again(world: World) -> list[Voyage]:
    """Departures of the spring before, by different people."""
    spring = [voyage for voyage in world.plan.voyages if date(2018, 1, 1) <= voyage.departed_on <= date(2018, 3, 31) and not voyage.voided]
    by_person = {voyage.person.number: voyage for voyage in reversed(spring)}
    return [by_person[number] for number in sorted(by_person)[:DUPLICATES]]


async def _enter_again_and_merge(world: World, person: Person) -> None:
    clerk, label = world.on(ENTERED_ON).as_role(Role.CLERK), str(person.number)
    first = world.workers[person.number]
    body = {
        "name": person.name,
        "birth_date": person.birth_date.isoformat(),
        "sex": person.sex,
        "county": person.county,
        "education": person.education,
        "occupations": [person.occupation],
        "source": "self",
    }
    second = (await clerk.post("registration", "/workers", body, f"entered-again-{label}"))["worker"]
    link = {"other": first, "reason": "worker_said"}
    linked = await clerk.post("registration", f"/workers/{second}/duplicates", link, f"linked-{label}")
    officer = world.on(ENTERED_ON + timedelta(days=DAYS_UNTIL_MERGED))
    await officer.post("registration", f"/duplicates/{linked['duplicate']}/merge", {"survivor": first}, f"merge-{label}")
