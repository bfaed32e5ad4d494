"""`laowu demo`: the programme played through the services of a stack started for it, and its report."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from console.api_client import RequestRefused, ServiceUnavailable
from console.commands import report
from console.commands.terminal import as_typed, message, messages, progress_bars
from console.demo import run
from console.errors import ConsoleError
from console.local import demo_lock, postgres, stack
from console.local.home import Home, remove_folder
from console.local.stack import Options
from shared.texts import texts


class RealData(ConsoleError):
    """The folder holds a stack that was not made by a demo; a demo starts from nothing and will not wipe it."""


class DemoFailed(ConsoleError):
    """A service refused a command of the demo, or stayed away too long."""


def demo(
    *,
    seed: Annotated[int | None, typer.Option(help="the same seed gives the same figures; drawn and printed when left out")] = None,
    scale: Annotated[int, typer.Option(min=10, max=10_000, help="so many real persons are one here")] = 1000,
    keep: Annotated[bool, typer.Option("--keep", help="leave the stack running, terminal or not")] = False,
) -> None:
    """Play the programme 2017-2020 through the five services and print the report a ministry would want."""
    home = Home.here()
    with demo_lock.playing(home):
        leave_running = keep or sys.stdout.isatty()
        document = _play(home, run.draw_seed() if seed is None else seed, scale, leave_running=leave_running)
        report.show(document, texts(report.language_of_terminal()))
    if leave_running:
        message("The stack is still up. Try:")
        for words in ("report --json", "report --as-known-at 2018-02-01", "audit", "watch", "down"):
            message(f"    {as_typed()} {words}")
        if address := stack.console_address(home):
            message(f"Screens in a browser, by role: {address}")


def _play(home: Home, seed: int, scale: int, *, leave_running: bool) -> dict[str, Any]:
    """The final report. Raises RealData, DemoFailed, and whatever keeps the stack from starting."""
    options = Options(simulation=True, on_message=message)

    def keep_up() -> None:
        if not stack.is_up(home):
            stack.up(home, options)

    message(f"seed {seed}, scale 1:{scale}")
    _start_from_nothing(home)
    home.write("demo.json", {"seed": seed, "scale": scale})
    try:
        with messages.status("starting Kafka, PostgreSQL and five services"):
            stack.up(home, options)
        with progress_bars() as bars:
            print_line = _print_nothing if messages.is_terminal else message  # bars need a terminal; a log wants lines
            request = run.Request(stack.endpoints(home), stack.tokens(home), seed, scale)
            seconds = run.play_all(request, bars, print_line=print_line, keep_up=keep_up)
        message(f"Played 2017-2020 at 1:{scale} in {seconds:.0f} s.")
        return report.ask(home, None)
    except* (RequestRefused, ServiceUnavailable) as failures:
        raise DemoFailed("; ".join(map(str, failures.exceptions[:3]))) from failures
    finally:
        if not leave_running:
            stack.down(home)


def _print_nothing(_line: str) -> None:
    """Lines would only push moving bars about."""


def _start_from_nothing(home: Home) -> None:
    """Remove what an earlier demo left; ports, keys and jars stay. Raises RealData."""
    if home.read("demo.json") is None:
        if home.file("postgres").exists():
            raise RealData(f"{home.folder} holds data that no demo made. Name another folder: LAOWU_HOME=... laowu demo")
        return
    stack.down(home)
    postgres.remove(home.file("postgres"))
    remove_folder(home.file("kafka"))
