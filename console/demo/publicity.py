"""Before each year the programme is made known in the counties that are surveyed; some say at registration what they have heard of."""

from __future__ import annotations

from datetime import date

from console.demo.simulation import Person
from console.demo.surveys import asked_counties
from console.demo.world import Announcement, World, all_of

CHANNELS = ("broadcast", "wechat", "village_meeting")
HEARD_OF_IT = 3  # one registration in so many says so


async def make_known(world: World, year: int) -> None:
    """Published on 20 October of the year before; by 5 January every county has heard of it by every channel."""
    counties, day = asked_counties(world, year), date(year - 1, 10, 20)
    if not counties:
        return  # a programme played small
    body = {
        "title": f"{year} 年出国务工招募",
        "counties": counties,
        "channels": list(CHANNELS),
        "languages": ["zh", "bo", "ug"],
        "published_on": day.isoformat(),
    }
    published = await world.on(day).post("registration", "/announcements", body, f"announcement-{year}")
    world.announcements.append(Announcement(published["announcement_no"], day, frozenset(counties)))

    async def heard(county: str, channel: str, reached: int) -> None:
        path, label = f"/announcements/{published['announcement']}/outreach", f"outreach-{year}-{county}-{channel}"
        await world.on(date(year, 1, 5)).post("registration", path, {"county": county, "channel": channel, "reached": reached}, label)

    await all_of(
        heard(county, channel, 400 // (1 + place) + number)
        for number, county in enumerate(counties)
        for place, channel in enumerate(CHANNELS)
    )


def heard_of(world: World, person: Person, day: date) -> tuple[str, str]:
    """(number of the announcement, channel) as a list of workers has them; empty: the person says nothing of the kind."""
    latest = next((one for one in reversed(world.announcements) if one.published_on <= day), None)
    if latest is None or person.county not in latest.counties or person.number % HEARD_OF_IT:
        return "", ""
    return latest.number, CHANNELS[person.number // HEARD_OF_IT % len(CHANNELS)]
