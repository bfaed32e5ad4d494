"""Workers: imported as a county's list; who is back from abroad states willingness again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from console.api_client import ApiClient
from console.demo.publicity import heard_of
from console.demo.simulation import Voyage
from console.demo.world import World, all_of, ordered_destination


async def register(world: World, voyages: Sequence[Voyage], day: date, label: str, *, willing: bool = True) -> None:
    """Import who is new, as a county's list; who is back from abroad states willingness again."""
    new = {v.person.number: v for v in voyages if v.person.number not in world.workers}
    back = [v for v in voyages if v.person.number in world.workers]
    officer = world.on(day)
    rows = list(new.values())
    content = _worker_list(world, rows, day, willing=willing)
    done = await officer.upload("registration", "/imports", content, label)
    if done["rejected"]:
        raise RuntimeError(f"{label}: {done['rejected']} rows rejected: {done['findings'][:3]}")
    await _learn_workers(world, officer, done["import_id"], rows)
    world.advance("registered", len(rows))
    again = await officer.upload("registration", "/imports", content, label)  # sent twice, as files are; nothing happens
    if again["import_id"] != done["import_id"]:
        raise RuntimeError(f"{label}: the same file made a second import")
    await all_of(_willing_again(world, voyage, day) for voyage in back)


async def _learn_workers(world: World, officer: ApiClient, import_id: str, rows: Sequence[Voyage]) -> None:
    for worker in await officer.get_all("registration", "/workers", import_id=import_id):
        world.workers[rows[worker["import_row"] - 2].person.number] = worker["worker"]


async def _willing_again(world: World, voyage: Voyage, day: date) -> None:
    body = {
        "destinations": [ordered_destination(voyage)],
        "occupations": [voyage.occupation],
        "wage_floor": {"minor": voyage.wage_minor, "currency": "CNY"},
        "available_from": day.isoformat(),
        "family_consent": True,
    }
    path = f"/workers/{world.workers[voyage.person.number]}/willingness"
    await world.on(day).post("registration", path, body, f"willing-{voyage.number}")


def _worker_list(world: World, voyages: Sequence[Voyage], day: date, *, willing: bool) -> bytes:
    out = io.StringIO()
    columns = [
        "name",
        "id_number",
        "birth_date",
        "sex",
        "county",
        "education",
        "occupations",
        "household_status",
        "id_checked",
        "registered_on",
        "destinations",
        "wage_floor",
        "wage_currency",
        "available_from",
        "family_consent",
        "announcement",
        "outreach_channel",
    ]
    lines = csv.writer(out)
    lines.writerow(columns)
    for voyage in voyages:
        person = voyage.person
        offer = [ordered_destination(voyage), f"{voyage.wage_minor / 100:.2f}", "CNY", day.isoformat(), "yes"] if willing else [""] * 5
        lines.writerow(
            [
                person.name,
                person.id_number,
                person.birth_date.isoformat(),
                person.sex,
                person.county,
                person.education,
                voyage.occupation,
                person.household_status,
                "yes",
                day.isoformat(),
                *offer,
                *heard_of(world, person, day),
            ]
        )
    return out.getvalue().encode()
