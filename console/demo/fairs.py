"""Two docking fairs: counties and enterprises agree on how many are meant to go. What became of it is counted by the services."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from console.demo.simulation import ENTERPRISES
from console.demo.world import World, all_of

FAIRS = {2018: date(2017, 10, 20), 2019: date(2018, 10, 19)}  # year they are for -> held on
PAIRS = 30  # of a county and an enterprise with an intention


async def hold_fair(world: World, year: int) -> None:
    """Intentions for the pairs that most travellers of the year will belong to: one head more than will be matched."""
    held_on = FAIRS[year]
    travellers = Counter((voyage.person.county, voyage.enterprise) for voyage in world.plan.voyages if voyage.departed_on.year == year)
    pairs = sorted(travellers, key=lambda pair: (-travellers[pair], pair))[:PAIRS]
    if not pairs:
        return  # a programme played small
    officer = world.on(held_on + timedelta(days=1))
    body = {
        "name": f"{year} 年派出劳务对接会",
        "place": "兰州",
        "held_on": held_on.isoformat(),
        "counties": sorted({county for county, _ in pairs}),
        "enterprises": [world.enterprises[number] for number in range(ENTERPRISES)],
    }
    fair = (await officer.post("docking", "/fairs", body, f"fair-{year}"))["fair"]

    async def intend(county: str, enterprise: int) -> None:
        headcount = travellers[county, enterprise] + 1
        intention = {"county": county, "enterprise": world.enterprises[enterprise], "headcount": headcount}
        await officer.post("docking", f"/fairs/{fair}/intentions", intention, f"intention-{year}-{county}-{enterprise}")

    await all_of(intend(*pair) for pair in pairs)
