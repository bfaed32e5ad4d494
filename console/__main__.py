"""The `laowu` command."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from console.commands import audit, dead_letters, demo, rebuild, relay, verify, watch, why
from console.errors import Trouble
from console.local import kafka, stack
from console.local.home import SERVICES, Home
from console.local.stack import Options, OtherMode

JARS_BYTES = 47_000_000
LOGS = ("postgres", "kafka", *SERVICES, "supervisor")
COLOURS = {"ready": "green", "external": "green", "stopped": "dim", "restarting": "red", "unready": "red"}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Labour dispatch as five services.")
told = Console(stderr=True)  # what happens; results go to stdout
app.command()(demo.demo)
app.command()(demo.report)
app.command()(watch.watch)
app.command("audit")(audit.audit_command)
app.command("why")(why.why_command)
app.command("rebuild")(rebuild.rebuild_command)
app.command("verify")(verify.verify_command)
app.add_typer(dead_letters.app, name="deadletters")
app.add_typer(relay.app, name="relay")


@app.command()
def up(
    *,
    simulation: Annotated[bool, typer.Option("--simulation", help="accept a simulated calendar (for the demo)")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="supervise here; Ctrl-C takes everything down")] = False,
) -> None:
    """Start Kafka, PostgreSQL and the five services; returns when all are ready. Already up is no error."""
    home = Home.here()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=told, transient=True) as progress:
        task = progress.add_task("starting", total=None if kafka.jars_present() else JARS_BYTES)
        options = Options(
            simulation=simulation,
            say=lambda line: progress.console.print(line, highlight=False),
            progress=lambda size: progress.advance(task, size),
        )
        if foreground:
            progress.stop()
            raise typer.Exit(stack.run_in_foreground(home, options))
        began = time.monotonic()
        started = stack.up(home, options)
    if not started:
        told.print("already up; laowu status shows what runs")
    else:
        told.print(f"up after {time.monotonic() - began:.1f} s; state in {home.folder}", highlight=False)


@app.command()
def down() -> None:
    """Stop everything the stack runs; its data stays."""
    home = Home.here()
    with told.status("stopping"):
        was_up = stack.down(home)
    told.print("down" if was_up else "nothing was running")


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False) -> None:
    """What runs; exit status 0 when all of it is ready, 1 otherwise."""
    home = Home.here()
    rows = stack.status(home)
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        table = Table("name", "pid", "address", "state", "restarts", box=None)
        for row in rows:
            state = f"[{COLOURS.get(row['state'], 'yellow')}]{row['state']}"
            table.add_row(row["name"], str(row["pid"] or "-"), row["address"], state, str(row["restarts"]))
        Console().print(table if rows else "no stack was started here yet")
    raise typer.Exit(0 if stack.all_ready(home) else 1)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help=", ".join(LOGS))],
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0)] = 100,
) -> None:
    """What a process of the stack said."""
    if service not in LOGS:
        raise typer.BadParameter(f"{service} is none of {', '.join(LOGS)}")
    log = Home.here().log(service)
    if not log.exists():
        raise Trouble(f"{service} has said nothing here yet.")
    end = _print_end(log, lines)
    while follow:
        if log.stat().st_size < end:  # set aside, begun again
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


def main() -> None:
    """Exit status: 0 done, 1 trouble (one line says which), 2 wrong usage, 3 up in another mode than asked for, 130 Ctrl-C."""
    try:
        app()
    except OtherMode as trouble:
        told.print(f"laowu: {trouble}", style="red", highlight=False, soft_wrap=True)
        sys.exit(3)
    except Trouble as trouble:
        told.print(f"laowu: {trouble}", style="red", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
