"""Training sessions: scheduled, attended, assessed, certified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import cycle

from console.demo.simulation import Voyage
from console.demo.world import (
    CENTRE,
    MINUTES_A_DAY,
    SESSION_DAYS,
    TRAINERS,
    World,
    all_of,
    batched,
    grouped,
    ordered_destination,
    send_rows,
)
from shared.principals import Role
from shared.values import Period, first_day

SESSIONS_AT_ONCE = 20  # in a list
PASSES_A_DAY = 200  # in one centre; training holds the others for an officer, by default
SessionKey = tuple[str, str, Period]  # destination, occupation, month of departure


def sessions_of(voyages: Sequence[Voyage]) -> dict[SessionKey, int]:
    seats: dict[SessionKey, int] = defaultdict(int)
    for voyage in voyages:
        seats[ordered_destination(voyage), voyage.occupation, Period(voyage.departed_on.strftime("%Y-%m"))] += 1
    return seats


def _session_start(period: Period) -> date:
    return first_day(period) - timedelta(days=30)


async def schedule_sessions(world: World, voyages: Sequence[Voyage]) -> None:
    planned = [(key, seats, account) for (key, seats), account in zip(sessions_of(voyages).items(), cycle(TRAINERS), strict=False)]

    async def schedule(period: Period, number: int, several: Sequence[tuple[SessionKey, int, str]]) -> None:
        trainer = world.on(_session_start(period) - timedelta(days=30)).as_role(Role.TRAINER, CENTRE)
        rows = [_session(world, *one) for one in several]
        answer = await send_rows(trainer, "training", "/sessions", rows, f"sessions-{period}-{number}")
        world.sessions |= {key: session for (key, *_), session in zip(several, answer["sessions"], strict=True)}

    await all_of(
        schedule(period, number, several)
        for period, month in grouped(planned, lambda one: one[0][2]).items()
        for number, several in enumerate(batched(month, SESSIONS_AT_ONCE))
    )


def _session(world: World, key: SessionKey, seats: int, account: str) -> dict[str, object]:
    destination, occupation, period = key
    start = _session_start(period)
    return {
        "course": world.courses[destination, occupation],
        "starts_on": start.isoformat(),
        "ends_on": (start + timedelta(days=SESSION_DAYS - 1)).isoformat(),
        "seats": seats,
        "trainer": account,
    }


async def hold_sessions(world: World, voyages: Sequence[Voyage]) -> None:
    """Those scheduled for these voyages; whoever is expected in one without a roster holds a valid certificate from an earlier journey."""
    rosters: dict[str, list[str]] = defaultdict(list)
    for row in await world.client.as_role(Role.TRAINER, CENTRE).get_all("training", "/enrolments", state="enrolled"):
        rosters[row["session"]].append(row["enrolment"])
    planned = sessions_of(voyages)
    held = [key for key in planned if world.sessions[key] in rosters]
    await all_of(
        _hold(world, days_later, several, rosters)
        for month in grouped(held, lambda key: key[2]).values()
        for days_later, examined in enumerate(exam_days(month, [len(rosters[world.sessions[key]]) for key in month]))
        for several in batched(examined, SESSIONS_AT_ONCE)
    )
    world.advance("certified", sum(planned.values()))


def exam_days(held: Sequence[SessionKey], workers: Sequence[int]) -> list[list[SessionKey]]:
    """The sessions of a month day by day, as many on a day as may pass in one centre."""
    days: list[list[SessionKey]] = [[]]
    passes = 0
    for key, passing in zip(held, workers, strict=True):
        if days[-1] and passes + passing > PASSES_A_DAY:
            days.append([])
            passes = 0
        days[-1].append(key)
        passes += passing
    return days


async def _hold(world: World, days_later: int, held: Sequence[SessionKey], rosters: Mapping[str, Sequence[str]]) -> None:
    """The registers of three days, the assessments by somebody else so many days later, certificates for all who passed."""
    start, label = _session_start(held[0][2]), "-".join(held[0])
    days = [(start + timedelta(days=day)).isoformat() for day in range(SESSION_DAYS)]
    last = start + timedelta(days=SESSION_DAYS - 1)
    sessions = [world.sessions[key] for key in held]
    trainer = world.on(last, 18).as_role(Role.TRAINER, CENTRE)
    registers = [{"session": session, "days": [_attendance(day, rosters[session]) for day in days]} for session in sessions]
    await send_rows(trainer, "training", "/sessions/registers", registers, f"registers-{label}")
    examined_on = last + timedelta(days=days_later)
    assessor = world.on(examined_on, 20).as_role(Role.ASSESSOR, CENTRE)
    results = [{"session": session, "entries": [{"enrolment": one, "score": 80} for one in rosters[session]]} for session in sessions]
    await send_rows(assessor, "training", "/sessions/assessments", results, f"assessments-{label}")
    after = world.on(examined_on + timedelta(days=1)).as_role(Role.TRAINER, CENTRE)
    await send_rows(after, "training", "/sessions/certificates", [{"session": session} for session in sessions], f"certificates-{label}")


def _attendance(day: str, roster: Sequence[str]) -> dict[str, object]:
    return {"day": day, "entries": [{"enrolment": one, "minutes": MINUTES_A_DAY} for one in roster]}
