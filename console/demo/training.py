"""Training sessions: scheduled, attended, assessed, certified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import cycle

from console.demo.simulation import Voyage
from console.demo.world import CENTRE, MINUTES_A_DAY, SESSION_DAYS, TRAINERS, World, all_of, ordered_destination
from shared.principals import Role
from shared.values import Period, first_day


def sessions_of(voyages: Sequence[Voyage]) -> dict[tuple[str, str, Period], int]:
    seats: dict[tuple[str, str, Period], int] = defaultdict(int)
    for voyage in voyages:
        seats[ordered_destination(voyage), voyage.occupation, Period(voyage.departed_on.strftime("%Y-%m"))] += 1
    return seats


def _session_start(period: Period) -> date:
    return first_day(period) - timedelta(days=30)


async def schedule_sessions(world: World, voyages: Sequence[Voyage]) -> None:
    async def schedule(key: tuple[str, str, Period], seats: int, account: str) -> None:
        destination, occupation, period = key
        start = _session_start(period)
        body = {
            "starts_on": start.isoformat(),
            "ends_on": (start + timedelta(days=SESSION_DAYS - 1)).isoformat(),
            "seats": seats,
            "trainer": account,
        }
        trainer = world.on(start - timedelta(days=30)).as_role(Role.TRAINER, CENTRE)
        path = f"/courses/{world.courses[destination, occupation]}/sessions"
        world.sessions[key] = (await trainer.post("training", path, body, f"session-{'-'.join(key)}"))["session"]

    await all_of(schedule(*one, account) for one, account in zip(sessions_of(voyages).items(), cycle(TRAINERS), strict=False))


async def hold_sessions(world: World, voyages: Sequence[Voyage]) -> None:
    """Those scheduled for these voyages."""
    rosters: dict[str, list[str]] = defaultdict(list)
    for row in await world.client.as_role(Role.TRAINER, CENTRE).get_all("training", "/enrolments", state="enrolled"):
        rosters[row["session"]].append(row["enrolment"])
    await all_of(_hold(world, key, seats, rosters[world.sessions[key]]) for key, seats in sessions_of(voyages).items())


async def _hold(world: World, key: tuple[str, str, Period], seats: int, roster: Sequence[str]) -> None:
    """The register of three days, the assessment by somebody else, certificates for all who passed."""
    session, start, label = world.sessions[key], _session_start(key[2]), "-".join(key)
    world.advance("certified", seats)
    if not roster:
        return  # whoever was expected holds a valid certificate from an earlier journey
    present = [{"enrolment": one, "minutes": MINUTES_A_DAY} for one in roster]
    days = [start + timedelta(days=number) for number in range(SESSION_DAYS)]
    last = days[-1]
    register = {"days": [{"day": day.isoformat(), "entries": present} for day in days]}
    trainer = world.on(last, 18).as_role(Role.TRAINER, CENTRE)
    await trainer.post("training", f"/sessions/{session}/register", register, f"register-{label}")
    results = {"entries": [{"enrolment": one, "score": 80} for one in roster]}
    assessor = world.on(last, 20).as_role(Role.ASSESSOR, CENTRE)
    await assessor.post("training", f"/sessions/{session}/assessments", results, f"assessment-{label}")
    after = world.on(last + timedelta(days=1)).as_role(Role.TRAINER, CENTRE)
    await after.post("training", f"/sessions/{session}/certificates", {}, f"certificates-{label}")
