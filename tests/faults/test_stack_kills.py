"""Years of the programme are played while processes of the stack are killed, or asked to leave, at random moments: nothing is lost or
counted twice. What the figures must be is counted from the plan, and from the log."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console.api_client import ApiClient, wait_until_all_applied
from console.demo.player import play
from console.demo.simulation import FIRST, LAST, YEARS, Plan, months, plan
from console.demo.wages import wage_paid
from console.demo.world import World
from console.local import stack
from console.local.home import CONSOLE, Home
from console.services import SERVICES
from shared.values import Period
from tests.support import journey, recount
from tests.support.journey import RunningStack, local_stack
from tests.support.wait import until

EXIT_STATUS = Path(__file__).parents[1] / "support" / "exit_status.py"
PROCESSES = (*SERVICES, "postgres", "kafka")
TWO_YEARS = Period("2018-12")
pytestmark = pytest.mark.timeout(280)


def expected(played: Plan, last: Period) -> dict[str, dict[str, int]]:
    """The report's figures of the years up to `last`, counted from the plan."""
    years = {str(year): Counter[str]() for year in YEARS}
    happened = [voyage for voyage in played.voyages if not voyage.voided]
    for voyage in happened:
        if not voyage.adopted:
            years[str(voyage.departed_on.year)]["dispatches"] += 1
            years[str(voyage.departed_on.year)]["poverty_dispatches"] += voyage.poverty
        if voyage.returned_on is not None:
            years[str(voyage.returned_on.year)]["returns"] += 1
    for year, _ in {(voyage.departed_on.year, voyage.person.number) for voyage in happened if not voyage.adopted}:
        years[str(year)]["persons"] += 1
    for period in months(FIRST, LAST):
        years[period[:4]]["income_cny"] += sum(wage_paid(voyage, period) for voyage in played.abroad_in(period))
    abroad = sum(voyage.adopted for voyage in happened)
    for counted in years.values():
        abroad += counted["dispatches"] - counted["returns"]
        counted["stock"] = abroad
    return {year: dict(counted) for year, counted in years.items() if year <= last[:4]}


async def reported(client: ApiClient, last: Period) -> dict[str, dict[str, int]]:
    names = ("dispatches", "poverty_dispatches", "returns", "persons", "income_cny", "stock")
    years = (await journey.report(client))["years"]
    return {str(year): {name: years[str(year)][name] for name in names} for year in YEARS if year <= int(last[:4])}


# --- disturbance ------------------------------------------------------------------------------------------------------
def send(home: Home, name: str, number: signal.Signals) -> bool:
    """Whether the process was running."""
    pid = stack.pids(home).get(name)
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


async def played_while(work: Awaitable[None], disturb: Sequence[Callable[[], bool]], pause: Callable[[], float]) -> int:
    """Play, and disturb once per pause as long as it lasts. Returns how many disturbances there were."""
    playing, done, waiting = asyncio.ensure_future(work), 0, list(disturb)
    while waiting and not playing.done():
        await asyncio.wait({playing}, timeout=pause())
        if not playing.done() and waiting[0]():
            waiting.pop(0)
            done += 1
    await playing
    return done


# --- what must be true afterwards -------------------------------------------------------------------------------------
async def nothing_lost(running: RunningStack, client: ApiClient, played: Plan, last: Period = LAST) -> recount.Recount:
    """Figures, sets and positions agree with the plan and with the log."""
    await wait_until_all_applied(client)
    log = await recount.recount(running.kafka)
    counted = recount.figures(log.events)
    assert await reported(client, last) == expected(played, last)
    assert await journey.answered_figures(client) == counted
    for topic, service in zip(recount.TOPICS, SERVICES, strict=True):
        published = log.ids(topic)
        assert len(published) == len(set(published)), f"{topic}: an event twice"
        if service != "stats":
            assert set(published) == await accepted(running, service), f"{service}: accepted and published differ"
    await journey.require_all_delivered(client, log)
    by_record = await recount.long_recount(running.kafka)
    assert (by_record.events, {figure: value for figure, value in by_record.figures.items() if value}) == (len(log.events), counted)
    return log


async def accepted(running: RunningStack, service: str) -> set[str]:
    """Ids of the events that the service's committed commands and reactions are on record with."""
    conn = await asyncpg.connect(running.databases[service])
    try:
        return {str(row["event_id"]) for row in await conn.fetch("SELECT event_id FROM history WHERE event_id IS NOT NULL")}
    finally:
        await conn.close()


def in_order(log: recount.Recount) -> None:
    """A placement departs once at most, after it was matched, and returns after that."""
    order = ["MatchedToEnterprise", "ContractRegistered", "ClearanceGranted", "Dispatched", "Returned"]
    for subject, events in log.per_subject().items():
        names = [event["type"].split(".")[1] for event in events]
        steps = [order.index(name) for name in names if name in order]
        assert steps == sorted(set(steps)), f"{subject}: {names}"


# --- the tests --------------------------------------------------------------------------------------------------------
async def test_any_process_killed_at_any_moment_changes_no_figure(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  # shown where the test fails
    chance, played = random.Random(seed), plan(seed, 40_000)
    names = [*PROCESSES, *chance.choices(PROCESSES, k=3)]
    chance.shuffle(names)
    async with local_stack(tmp_path) as running, running.client() as client:
        home = running.home
        assert home is not None
        kills = [lambda name=name: send(home, name, signal.SIGKILL) for name in names]
        world = World(plan=played, client=client, advance=lambda _what, _count: None, print_line=lambda _line: None)
        assert await played_while(play(world), kills, lambda: chance.uniform(1, 3)) >= 7
        log = await nothing_lost(running, client, played)
        in_order(log)
        print(f"killed {names}; {len(log.events)} events, {log.repeats} records repeated")  # noqa: T201


async def test_a_service_asked_to_leave_leaves_cleanly_and_loses_nothing(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  # shown where the test fails
    chance, played = random.Random(seed), plan(seed, 40_000)
    names = [*SERVICES, CONSOLE]
    chance.shuffle(names)

    def command(name: str) -> Sequence[str]:
        return [sys.executable, "-P", str(EXIT_STATUS), str(tmp_path / f"{name}.exits"), stack.service_command(name)[-1]]

    async with local_stack(tmp_path, command) as running, running.client() as client:
        home = running.home
        assert home is not None
        leaves = [lambda name=name: send(home, name, signal.SIGTERM) for name in names]
        world = World(plan=played, client=client, advance=lambda _what, _count: None, print_line=lambda _line: None)
        assert await played_while(play(world, TWO_YEARS), leaves, lambda: chance.uniform(1, 3)) == len(names)
        await until(lambda: stack.all_ready(home), 30, "everything is back")
        in_order(await nothing_lost(running, client, played, TWO_YEARS))
        assert {name: exits(tmp_path, name) for name in names} == {name: ["0"] for name in names}


def exits(folder: Path, name: str) -> Any:
    return (folder / f"{name}.exits").read_text().split()
