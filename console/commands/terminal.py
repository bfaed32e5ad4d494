"""What the commands have in common: where results and messages go, tables that fit every terminal, progress bars, the --json option.

Every command loads this file, `laowu verify` too: it imports nothing but typer and rich.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000  # columns; what is piped is never wrapped

Json = Annotated[bool, typer.Option("--json", help="for programs")]

messages = Console(stderr=True)  # what happens; results go to stdout


def message(line: str, style: str = "") -> None:
    """One line on stderr, as it is: no markup, no wrapping."""
    messages.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def results() -> Console:
    """stdout: as wide as the terminal, or unbounded where it is piped."""
    return Console(width=None if sys.stdout.isatty() else UNBOUNDED)


def as_typed() -> str:
    """How this command was called, to print commands that work when they are typed: laowu, .venv/bin/laowu, python -m console."""
    called = sys.argv[0]
    if Path(called).name != "laowu":
        return f"{sys.executable} -m console"
    on_path = shutil.which("laowu")
    return "laowu" if on_path and Path(on_path).samefile(called) else called


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=1, ensure_ascii=False))


# --- tables -------------------------------------------------------------------------------------------------------------
def text_column(table: Table, name: str) -> None:
    """Words, wrapped where the terminal is narrow."""
    table.add_column(name, overflow="fold")


def figure_column(table: Table, name: str) -> None:
    """Figures, never wrapped."""
    table.add_column(name, justify="right", no_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """As a table where all of it fits, else a line per cell: a figure that is cut off is a wrong figure."""
    if Measurement.get(console, console.options.update_width(UNBOUNDED), table).minimum <= console.width:
        console.print(table)
        return
    if table.title:
        console.print(str(table.title), style="italic", markup=False, highlight=False)
    headers = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        for header, cell in zip(headers, cells, strict=True):
            if cell:
                console.print(f"{header}: {cell}", highlight=False)
        console.print()


# --- progress -----------------------------------------------------------------------------------------------------------
class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


def progress_bars(*, transient: bool = False) -> Progress:
    """Bars with count, rate and time left; where stderr is no terminal, only the last state is drawn."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=messages, transient=transient)
