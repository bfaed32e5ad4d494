"""`laowu demo` and `laowu report`: the programme played, and its figures."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any

import typer
from rich.console import Console

from console.api_client import Away, Refused, calling
from console.commands import report as reporting
from console.commands import restatements
from console.demo import run as playing
from console.errors import Trouble
from console.local import stack
from console.local.home import Home
from console.local.stack import Options
from shared.principals import Role

told = Console(stderr=True)  # what happens; results go to stdout


class RealData(Trouble):
    """The folder holds a stack that was not made by a demo; a demo starts from nothing and will not wipe it."""


class DemoFailed(Trouble):
    """A service refused a command of the demo, or stayed away too long."""


def demo(
    *,
    seed: Annotated[int | None, typer.Option(help="the same seed gives the same figures; drawn and printed when left out")] = None,
    scale: Annotated[int, typer.Option(min=10, max=10_000, help="so many real persons are one here")] = 1000,
    keep: Annotated[bool, typer.Option("--keep", help="leave the stack running, terminal or not")] = False,
) -> None:
    """Play the programme 2017-2020 through the five services and print the report a ministry would want."""
    home = Home.here()
    chosen = playing.chosen_seed(seed)
    told.print(f"seed {chosen}, scale 1:{scale}", highlight=False)
    _start_from_nothing(home)
    home.folder.mkdir(parents=True, exist_ok=True)
    home.write("demo.json", {"seed": chosen, "scale": scale})
    with told.status("starting Kafka, PostgreSQL and five services"):
        stack.up(home, Options(simulation=True, say=lambda line: told.print(line, highlight=False)))

    def revive() -> None:
        if not stack.is_up(home):
            stack.up(home, Options(simulation=True, say=lambda line: told.print(line, highlight=False)))

    leave_running = keep or sys.stdout.isatty()
    try:
        document = playing.run(stack.endpoints(home), tokens(home), seed=chosen, scale=scale, console=told, revive=revive)
    except* (Refused, Away) as trouble:
        raise DemoFailed("; ".join(map(str, trouble.exceptions[:3]))) from trouble
    finally:
        if not leave_running:
            stack.down(home)
    _show(document)
    if leave_running:
        told.print("The stack is still up. Try: laowu report --json | laowu report --as-known-at 2018-02-01 | laowu audit | laowu down")


def report(
    *,
    as_known_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what was recorded by the end of that day")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs; amounts in fen")] = False,
) -> None:
    """The programme's figures: years, quotas, targets, what was parked, how fresh. Starts the stack for the answer if it is down."""
    home = Home.here()
    with running(home):
        document = asyncio.run(_report(home, as_known_at.date() if as_known_at else None))
    if as_json:
        print(json.dumps(document, indent=1))
    else:
        _show(document)


def _show(document: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 120)
    reporting.show(document, console)
    if "restated" in document:
        restatements.show(document, console)


async def _report(home: Home, known: date | None) -> dict[str, Any]:
    played = home.read("demo.json") or {}
    async with calling(stack.endpoints(home), tokens(home), run="report") as caller:
        document = await reporting.fetch(caller, played.get("seed"), known)
        return document if known else document | await restatements.fetch(caller, document)


@contextmanager
def running(home: Home) -> Iterator[None]:
    """The stack running; as it was before, afterwards."""
    stack.endpoints(home)  # says so where no stack was ever started
    if stack.is_up(home):
        yield
        return
    with told.status("the stack is down: starting it to ask"):
        stack.up(home, Options(simulation=home.read("demo.json") is not None))
    try:
        yield
    finally:
        stack.down(home)


def _start_from_nothing(home: Home) -> None:
    """What an earlier demo left is removed; ports, keys and jars stay. Raises RealData."""
    if home.read("demo.json") is None:
        if home.file("postgres").exists():
            raise RealData(f"{home.folder} holds data that no demo made. Name another folder: LAOWU_HOME=... laowu demo")
        return
    stack.down(home)
    for name in ("postgres", "kafka"):
        shutil.rmtree(home.file(name), ignore_errors=True)


def tokens(home: Home) -> playing.Token:
    """Tokens are signed once per voice: a signature for every one of thousands of commands would be the dearest part of them."""

    @cache
    def token(role: Role, party: str | None) -> str:
        return stack.token(role, party=party, home=home)

    return token
