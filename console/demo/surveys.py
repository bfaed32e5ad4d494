"""At the beginning of each year, before anybody of the year is matched, the counties ask who can go and who wants to."""

from __future__ import annotations

from collections import Counter
from datetime import date

from console.demo.world import World, all_of

COUNTIES = 24  # asked before every year; each year one that had not been asked takes the place of another


def asked_counties(world: World, year: int) -> list[str]:
    """Poverty counties that most travellers of the plan come from, moved on by one a year."""
    travellers = Counter(voyage.person.county for voyage in world.plan.voyages if voyage.poverty)
    ordered = sorted(travellers, key=lambda county: (-travellers[county], county))
    return ordered[year - 2017 : year - 2017 + COUNTIES]


async def survey(world: World, year: int) -> None:
    """As of 1 January, by the clerk of each county."""
    day = date(year, 1, 1)

    async def ask(number: int, county: str) -> None:
        respondents = 150 + 10 * number
        able = respondents * 6 // 10
        body = {
            "county": county,
            "reference_date": day.isoformat(),
            "respondents": respondents,
            "able": able,
            "willing": able * (40 + year - 2017) // 100,
            "skills": [{"occupation": "7112", "people": able // 2}, {"occupation": "9111", "people": able // 3}],
        }
        await world.on(day.replace(day=3)).post("registration", "/surveys", body, f"survey-{year}-{county}")

    await all_of(ask(number, county) for number, county in enumerate(asked_counties(world, year)))
