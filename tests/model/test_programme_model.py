"""Random lawful and unlawful commands to all five services while their processes are killed: what must always hold, holds.

    python -m tests.model.test_programme_model --steps 10000 --seed 7

plays as many steps as one likes; the test plays STEPS of a seed that it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from console.api_client import ApiClient, wait_until_all_applied
from console.services import SERVICES
from shared.principals import Role
from tests.faults.test_stack_kills import send
from tests.model.invariants import violations
from tests.model.lives import LIVES, Life, license_centres
from tests.model.random_commands import random_command
from tests.model.world import Model
from tests.support import journey, recount
from tests.support.journey import RunningStack, local_stack

STEPS = 1_800
TOGETHER = 6  # commands under way at a time
CHECKS = 4  # times in between at which everything has to be applied and right
PROCESSES = (*SERVICES, "postgres", "kafka")
LATEST = 420  # days: every deadline of every step is over


@dataclass(slots=True)
class Scheduler:
    """Which life goes on next. `idle`: how often nothing was commanded since the day began."""

    model: Model
    lives: list[tuple[Callable[[Model], Life], Life]] = field(default_factory=list)
    idle: int = 0

    async def step(self) -> None:
        """One command, or none where a life waits for a day; now and then a random one, a sweep, the next day."""
        model, chance = self.model, self.model.chance.random()
        before = model.outcomes.total()
        if self.idle > sum(LIVES.values()):  # almost everybody waits for a day
            model.pass_days(1)
            self.idle = 0
        elif chance < 0.15:
            await random_command(model)
        elif chance < 0.17:
            await sweep(model, model.chance.choice(SERVICES))
        else:
            await self._live()
        self.idle += model.outcomes.total() == before

    async def _live(self) -> None:
        for kind, most in LIVES.items():
            if sum(one is kind for one, _ in self.lives) < most:
                self.lives.append((kind, kind(self.model)))
                break
        kind, life = self.lives.pop(self.model.chance.randrange(len(self.lives)))
        try:
            await anext(life)
        except StopAsyncIteration:
            return
        self.lives.append((kind, life))


async def sweep(model: Model, service: str) -> int:
    answer = await model.speaking_as(Role.OPERATOR).post(service, "/sweep", None, f"{model.chance.random()}")
    return int(answer["acted"])


async def play(running: RunningStack, client: ApiClient, *, steps: int, seed: int) -> Model:
    """Raises what went wrong. Every process is killed at least once where there are enough steps."""
    model, kills = Model(client, Random(seed)), [*PROCESSES]
    model.chance.shuffle(kills)
    scheduler = Scheduler(model)
    killed = checked = 0
    await license_centres(model)
    while model.outcomes.total() < steps:
        await asyncio.gather(*(scheduler.step() for _ in range(TOGETHER)))
        done = model.outcomes.total() / steps
        if running.home is not None and done * len(kills) > killed + 0.5 and killed < len(kills):
            killed += send(running.home, kills[killed], signal.SIGKILL)
        if done * CHECKS > checked + 1:
            checked += 1
            await require_right(running, model)
    await end(running, model)
    return model


async def require_right(running: RunningStack, model: Model) -> None:
    await wait_until_all_applied(model.client)
    assert await violations(running) == {}, f"on {model.day}"


async def end(running: RunningStack, model: Model) -> None:
    """Every deadline passes: nothing is left on its way, nothing is lost, and the figures are those of the log."""
    model.pass_days(LATEST)
    await wait_until_all_applied(model.client)
    for _ in range(3):  # what one service's sweep publishes may give another something to do
        for service in SERVICES:
            while await sweep(model, service):
                pass
        await wait_until_all_applied(model.client)
    await require_right(running, model)
    log = await recount.recount(running.kafka)
    await journey.require_all_delivered(model.client, log)
    assert await journey.answered_figures(model.client) == recount.figures(log.events)
    assert running.home is not None
    assert await journey.is_audited_clean(running.home, seconds=600)


@pytest.mark.timeout(600)
async def test_whatever_is_commanded_and_whoever_is_killed_what_must_hold_holds(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  # shown where the test fails
    async with local_stack(tmp_path) as running, running.client() as client:
        model = await play(running, client, steps=STEPS, seed=seed)
    reached = {name for name, outcome in model.outcomes if outcome == "done"}
    assert {"training certificates", "docking departure", "registration merge"} <= reached


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="laowu-model-") as folder:
        async with local_stack(Path(folder)) as running, running.client() as client:
            model = await play(running, client, steps=asked.steps, seed=asked.seed)
    for (name, outcome), count in sorted(model.outcomes.items()):
        print(f"{count:6} {name}: {outcome}")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
