"""`make soak ARGS="--minutes 20"`: random processes of a stack are killed at random moments under random lawful load, for hours if need be.

The load is that of the model (tests/model): enterprises, centres and workers led through their lives, with unlawful commands between. Every
few minutes the load pauses, everything is applied, and what must hold is compared; all of it once more at the end. The seed is printed; the
stack stays under build/soak/SEED/ until a run is over in which all held, and the same seed goes on with it. Exit status 1 where
something did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg

from console import api_client
from console.api_client import wait_until_all_applied
from console.local import stack
from console.services import SERVICES
from shared.principals import Role
from tests.faults.test_stack_kills import send
from tests.model.invariants import violations
from tests.model.lives import license_centres
from tests.model.test_programme_model import LATEST, PROCESSES, Scheduler, sweep
from tests.model.world import Model
from tests.support import journey
from tests.support.journey import RunningStack, local_stack
from tests.support.recount import LongRecount, long_recount
from tests.support.wait import until

FOLDER = Path("build") / "soak"
EVENTS_ON_RECORD = "SELECT event_id FROM history WHERE event_id IS NOT NULL"
RECOVERY = 20.0  # seconds; after three times as long the next is killed all the same
PATIENCE = 900.0  # seconds that a service may be away: it is killed again while it starts
REMEMBERED = 2000  # ids of each kind that a run which goes on may use


@dataclass(slots=True)
class Progress:
    """Of all runs of a seed."""

    seed: int
    runs: int = 0
    seconds: float = 0.0
    checks: int = 0
    events: int = 0  # in the log at the last check
    commands: int = 0
    day: str = ""
    killed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return FOLDER / str(self.seed)

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.seed}.json"

    @classmethod
    def load(cls, seed: int) -> Progress:
        found = cls(seed)
        if found.file.exists():
            known = json.loads(found.file.read_text())
            found = cls(**known | {"killed": Counter(known["killed"])})
        return found

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".fresh")
        fresh.write_text(json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__}))
        fresh.replace(self.file)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


async def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    progress = Progress.load(asked.seed)
    _say(f"seed {asked.seed}, run {progress.runs + 1}")
    progress.folder.mkdir(parents=True, exist_ok=True)
    api_client.PATIENCE = PATIENCE
    async with local_stack(progress.folder) as running, running.client() as client:
        model = Model(client, Random(f"{asked.seed}/{progress.runs}"))
        _remember(model, progress)
        progress.runs += 1
        await soak(running, model, progress, asked)
    if not (asked.keep or progress.wrong):
        shutil.rmtree(progress.folder, ignore_errors=True)
        progress.file.unlink(missing_ok=True)
    kills = ", ".join(f"{name} {count}" for name, count in sorted(progress.killed.items()))
    _say(f"{progress.killed.total()} kills ({kills}), {progress.commands:,} commands, {progress.events:,} events, {progress.checks} checks")
    _say(f"{len(progress.wrong)} of what must hold did not, seed {progress.seed}")
    return 1 if progress.wrong else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=20.0, help="of load and kills, the checks included")
    parser.add_argument(
        "--events", type=int, default=10_000_000, help="stop when so many are in the log, with those of the seed's runs before"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds between two kills, when all are ready again")
    parser.add_argument("--check", type=float, default=4.0, help="minutes between two checks")
    parser.add_argument("--together", type=int, default=6, help="commands under way at a time")
    parser.add_argument(
        "--keep", action="store_true", help="keep the stack's data, for a run that goes on; it is kept where something was wrong, too"
    )
    return parser.parse_args(arguments)


def _remember(model: Model, progress: Progress) -> None:
    """The day and the ids of the run before: its lives are over, what they left is still there."""
    if progress.day:
        model.day = date.fromisoformat(progress.day)
    for kind, ids in progress.known.items():
        model.known[kind] += ids
        model.seen |= {(kind, one) for one in ids}


# --- load and kills -----------------------------------------------------------------------------------------------------
async def soak(running: RunningStack, model: Model, progress: Progress, asked: argparse.Namespace) -> None:
    """Raises what no refusal and no lost connection explains."""
    began, before, commands = time.monotonic(), progress.seconds, progress.commands
    chance, scheduler = Random(f"{asked.seed}/{progress.runs}/kills"), Scheduler(model)
    await license_centres(model)
    while time.monotonic() < began + asked.minutes * 60 and progress.events < asked.events:
        ends = min(time.monotonic() + asked.check * 60, began + asked.minutes * 60)
        async with _killing(running, chance, asked.pause, progress):
            while time.monotonic() < ends:
                await asyncio.gather(*(scheduler.step() for _ in range(asked.together)))
        progress.commands = commands + model.outcomes.total()
        await _check(running, model, progress, whole=False)
        progress.day, progress.known = model.day.isoformat(), {kind: ids[-REMEMBERED:] for kind, ids in model.known.items()}
        progress.seconds = before + time.monotonic() - began
        progress.save()
        _say(
            f"{progress.seconds / 60:.1f} min: {progress.killed.total()} kills, {progress.commands:,} commands, {progress.events:,} events,"
            f" {model.day}, {len(progress.wrong)} wrong"
        )
    model.pass_days(LATEST)
    await _sweep_all(model)
    await _check(running, model, progress, whole=True)
    progress.day = model.day.isoformat()
    progress.save()


@asynccontextmanager
async def _killing(running: RunningStack, chance: Random, pause: float, progress: Progress) -> AsyncIterator[None]:
    """SIGKILL to one process or another, as long as the block lasts; the next when all are ready again, or RECOVERY is over."""

    async def kill() -> None:
        assert running.home is not None
        while True:
            await asyncio.sleep(chance.expovariate(1 / pause))
            with suppress(AssertionError, TimeoutError):
                await until(partial(stack.all_ready, running.home), RECOVERY, "all are ready again")
            name = chance.choice(PROCESSES)
            progress.killed[name] += send(running.home, name, signal.SIGKILL)

    killing = asyncio.create_task(kill(), name="kills")
    try:
        yield
    finally:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing


async def _sweep_all(model: Model) -> None:
    """Every deadline is over; what one service's sweep publishes may give another something to do."""
    await wait_until_all_applied(model.client)
    for _ in range(3):
        for service in SERVICES:
            while await sweep(model, service):
                pass
        await wait_until_all_applied(model.client)


# --- what must hold -----------------------------------------------------------------------------------------------------
async def _check(running: RunningStack, model: Model, progress: Progress, *, whole: bool) -> None:
    """Once everything is applied. `whole`: an audit of every cell too."""
    await wait_until_all_applied(model.client)
    wrong = [f"{sentence}: {found}" for sentence, found in (await violations(running)).items()]
    log = await long_recount(running.kafka)
    progress.events = log.events
    wrong += await _lost_or_made_up(running, log)
    try:
        await journey.require_all_delivered(model.client, log.counted)
    except AssertionError as error:
        wrong.append(f"not all is delivered: {error}")
    answered = await journey.answered_figures(model.speaking_as(Role.AUDITOR))  # up to its day, which may lie after today
    counted = {figure: value for figure, value in log.figures.items() if value}
    if answered != counted:
        differ = {
            one: (answered.get(one, 0), counted.get(one, 0)) for one in sorted(answered | counted) if answered.get(one) != counted.get(one)
        }
        wrong.append(f"the figures that stats answers are not those of the log: {differ}")
    if whole and not await _audited(running):
        wrong.append("the audit finds cells that a recount does not")
    progress.checks += 1
    for line in wrong:
        _say(f"WRONG on {model.day}: {line[:2000]}")
    progress.wrong += wrong


async def _lost_or_made_up(running: RunningStack, log: LongRecount) -> list[str]:
    """Events that committed commands are on record with, and the log lacks; and the other way round."""
    wrong = []
    for service in SERVICES:
        if service == "stats":  # which has no histories
            continue
        on_record = await _on_record(running.databases[service])
        lost, made_up = on_record - log.ids[service], log.ids[service] - on_record
        if lost or made_up:
            wrong.append(
                f"{service}: {len(lost)} events lost, {len(made_up)} of no command: {[UUID(bytes=one) for one in [*lost, *made_up][:5]]}"
            )
    return wrong


async def _on_record(url: str) -> set[bytes]:
    conn = await asyncpg.connect(url)
    try:
        async with conn.transaction():
            return {row["event_id"].bytes async for row in conn.cursor(EVENTS_ON_RECORD, prefetch=10_000)}
    finally:
        await conn.close()


async def _audited(running: RunningStack) -> bool:
    assert running.home is not None
    return await journey.is_audited_clean(running.home, seconds=3600)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
