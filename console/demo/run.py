"""The demo as one call: the plan of a seed played through running services, under bars that say how far it is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import uvloop
from rich.progress import Progress

from console.api_client import open_client, wait_until_all_applied
from console.demo.player import play
from console.demo.simulation import FIRST, LAST, Plan, months, plan
from console.demo.world import World
from shared.principals import Role

KEEP_UP_SECONDS = 2.0
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


@dataclass(frozen=True, slots=True)
class Request:
    """What is played, and where."""

    addresses: Mapping[str, str]  # service -> base URL
    token: Callable[[Role, str | None], str]
    seed: int
    scale: int


def play_all(request: Request, bars: Progress, *, print_line: Callable[[str], None], keep_up: Callable[[], None]) -> float:
    """Play the plan of the seed, and wait until everything published is applied. Returns the seconds it took.

    `keep_up` is called every two seconds in a thread: it starts the stack again where even its supervisor was killed.
    Raises, in a group or alone: RequestRefused, ServiceUnavailable, and what `keep_up` raises.
    """
    return uvloop.run(_play_all(request, bars, print_line, keep_up))


async def _play_all(request: Request, bars: Progress, print_line: Callable[[str], None], keep_up: Callable[[], None]) -> float:
    keeping = asyncio.create_task(_keep_up(keep_up))
    playing = asyncio.create_task(_play(request, bars, print_line))
    try:
        done, _ = await asyncio.wait({keeping, playing}, return_when=asyncio.FIRST_COMPLETED)
        return await (playing if playing in done else keeping)
    finally:
        keeping.cancel()
        playing.cancel()
        await asyncio.wait({keeping, playing})


async def _keep_up(keep_up: Callable[[], None]) -> NoReturn:
    while True:
        await asyncio.sleep(KEEP_UP_SECONDS)
        await asyncio.to_thread(keep_up)


async def _play(request: Request, bars: Progress, print_line: Callable[[str], None]) -> float:
    played = plan(request.seed, request.scale)
    began = time.monotonic()
    run = f"{request.seed}-{request.scale}-{secrets.token_hex(6)}"
    async with open_client(request.addresses, request.token, run) as client:
        tasks = {name: bars.add_task(title, total=total(played)) for name, title, total in BARS}
        await play(World(plan=played, client=client, advance=lambda name, count: bars.advance(tasks[name], count), print_line=print_line))
        await wait_until_all_applied(client)
    return time.monotonic() - began


def draw_seed() -> int:
    return secrets.randbelow(10**6)
