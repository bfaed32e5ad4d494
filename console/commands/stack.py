"""`laowu up`, `down`, `status` and `logs`: the local stack."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from console.commands.terminal import Json, figure_column, message, messages, print_json, print_table, results, text_column
from console.errors import ConsoleError
from console.local import demo_lock, kafka, stack
from console.local.home import CONSOLE, MAIL, Home
from console.local.stack import Options
from console.services import SERVICES

JARS_BYTES = 47_000_000
LOGS = ("postgres", "kafka", *SERVICES, CONSOLE, MAIL, "supervisor")
COLOURS = {"ready": "green", "external": "green", "stopped": "dim", "restarting": "red", "unready": "red"}


class NoLog(ConsoleError):
    """The process has written no log here yet."""


def up(
    *,
    simulation: Annotated[bool, typer.Option("--simulation", help="accept a simulated calendar (for the demo)")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="supervise here; Ctrl-C takes everything down")] = False,
) -> None:
    """Start Kafka, PostgreSQL and the five services; returns when all are ready. Already up is no error."""
    home = Home.here()
    demo_lock.require_no_demo(home)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=messages, transient=True) as progress:
        task = progress.add_task("starting", total=None if kafka.jars_present() else JARS_BYTES)
        options = Options(simulation=simulation, on_message=message, progress=lambda size: progress.advance(task, size))
        if foreground:
            progress.stop()
            raise typer.Exit(stack.run_in_foreground(home, options))
        began = time.monotonic()
        started = stack.up(home, options)
    message(f"up after {time.monotonic() - began:.1f} s; state in {home.folder}" if started else "already up; laowu status shows what runs")


def down() -> None:
    """Stop everything the stack runs; its data stays."""
    home = Home.here()
    demo_lock.require_no_demo(home)
    with messages.status("stopping"):
        was_up = stack.down(home)
    message("down" if was_up else "nothing was running")


def status(*, as_json: Json = False) -> None:
    """What runs; exit status 0 when all of it is ready, 1 otherwise."""
    home = Home.here()
    rows = stack.status(home)
    if as_json:
        print_json(rows)
    else:
        _print_status(rows)
    raise typer.Exit(0 if stack.all_ready(home) else 1)


def _print_status(rows: list[stack.Row]) -> None:
    console = results()
    if not rows:
        console.print("no stack was started here yet")
        return
    table = Table(box=None)
    for name in ("name", "pid", "address", "state", "restarts"):
        (figure_column if name in ("pid", "restarts") else text_column)(table, name)
    for row in rows:
        state = f"[{COLOURS.get(row['state'], 'yellow')}]{row['state']}[/]"
        table.add_row(row["name"], str(row["pid"] or "-"), row["address"], state, str(row["restarts"]))
    print_table(console, table)
    for row in rows:
        if "account" in row:
            console.print(f"{row['name']} runs as {row['account']}: programs in {row['programs']}, data in {row['data']}", soft_wrap=True)


def logs(
    service: Annotated[str, typer.Argument(help=", ".join(LOGS))],
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0)] = 100,
) -> None:
    """Print the log of a process of the stack."""
    if service not in LOGS:
        raise typer.BadParameter(f"{service} is none of {', '.join(LOGS)}")
    log = Home.here().log(service)
    if not log.exists():
        raise NoLog(f"{service} has written no log here yet.")
    end = _print_end(log, lines)
    while follow:
        if log.stat().st_size < end:  # rotated: a new file
            end = 0
        with log.open("rb") as file:
            file.seek(end)
            _write(file.read())
            end = file.tell()
        time.sleep(0.2)


def _print_end(log: Path, lines: int) -> int:
    """Print the last lines; returns the offset printed to."""
    content = log.read_bytes()
    _write(b"".join(content.splitlines(keepends=True)[-lines:] if lines else []))
    return len(content)


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
