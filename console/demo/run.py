"""`laowu demo`: bring the stack up for simulation, play 2017-2020, wait until every figure stands, print the report."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from rich.console import Console

from console.api_client import Caller, calling, emptied
from console.commands import report, restatements
from console.commands.progress import bars
from console.demo.player import play
from console.demo.simulation import FIRST, LAST, Plan, months, plan
from console.demo.world import World
from console.local.home import SERVICES
from shared.principals import Role

Token = Callable[[Role, str | None], str]
# bar, what it counts, how many there will be
BARS: tuple[tuple[str, str, Callable[[Plan], int]], ...] = (
    ("registered", "workers registered", lambda plan: len(plan.people)),
    ("adopted", "abroad already, adopted", lambda plan: sum(voyage.adopted for voyage in plan.voyages)),
    ("prepared", "matched, contracted, insured", lambda plan: sum(not voyage.adopted for voyage in plan.voyages)),
    ("certified", "trained and certified", lambda plan: sum(not voyage.adopted for voyage in plan.voyages)),
    ("departed", "departed", lambda plan: sum(not voyage.adopted for voyage in plan.voyages)),
    ("returned", "returned", lambda plan: sum(voyage.returned_on is not None for voyage in plan.voyages)),
    ("paid", "monthly wages reported", lambda plan: sum(len(plan.abroad_in(period)) for period in months(FIRST, LAST))),
)


async def simulate(
    addresses: Mapping[str, str], token: Token, *, seed: int, scale: int, console: Console, revive: Callable[[], None]
) -> dict[str, Any]:
    """Play the plan of the seed through the services at these addresses. Returns the final report.

    `revive` is called every two seconds in a thread: it brings the stack up again where even its supervisor was killed.
    """
    watching = asyncio.create_task(_kept_up(revive))
    playing = asyncio.create_task(_played(addresses, token, seed=seed, scale=scale, console=console))
    try:
        done, _ = await asyncio.wait({watching, playing}, return_when=asyncio.FIRST_COMPLETED)
        return await (playing if playing in done else watching)
    finally:
        watching.cancel()
        playing.cancel()
        await asyncio.wait({watching, playing})


async def _kept_up(revive: Callable[[], None]) -> NoReturn:
    while True:
        await asyncio.sleep(2)
        await asyncio.to_thread(revive)


async def _played(addresses: Mapping[str, str], token: Token, *, seed: int, scale: int, console: Console) -> dict[str, Any]:
    played = plan(seed, scale)
    began = time.monotonic()
    async with calling(addresses, token, run=f"{seed}-{scale}-{secrets.token_hex(6)}") as caller:
        with bars(console) as progress:
            tasks = {name: progress.add_task(title, total=total(played)) for name, title, total in BARS}
            say = _say_nothing if console.is_terminal else console.print  # bars need a terminal; a log wants lines
            await play(World(played, caller, lambda name, count: progress.advance(tasks[name], count), say))
        await everything_settled(caller)
        document = await report.fetch(caller, seed)
        document |= await restatements.fetch(caller, document)
    console.print(f"Played 2017-2020 at 1:{scale} in {time.monotonic() - began:.0f} s.")
    return document


def _say_nothing(_line: str) -> None:
    """Where bars move, lines would only push them about."""


async def everything_settled(caller: Caller) -> None:
    """Until every service has applied all that any of them published, reactions to reactions included."""
    operator, before = caller.speaking_as(Role.OPERATOR), None
    while True:
        await asyncio.gather(*(emptied(operator, service, "outbox") for service in SERVICES))
        await asyncio.gather(*(emptied(operator, service, "lag") for service in SERVICES))
        states = await asyncio.gather(*(operator.get(service, "/delivery") for service in SERVICES))
        applied = [state["positions"] for state in states]
        if applied == before:  # nothing moved between two looks, and all was empty at both
            return
        before = applied


def chosen_seed(given: int | None) -> int:
    return secrets.randbelow(10**6) if given is None else given


def run(
    addresses: Mapping[str, str], token: Token, *, seed: int, scale: int, console: Console, revive: Callable[[], None]
) -> dict[str, Any]:
    return asyncio.run(simulate(addresses, token, seed=seed, scale=scale, console=console, revive=revive))
