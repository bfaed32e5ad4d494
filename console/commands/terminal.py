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
from rich.cells import cell_len
from rich.console import Console
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
    """Figures, each in one line."""
    table.add_column(name, justify="right")


def print_table(console: Console, table: Table) -> None:
    """As a table where no figure and no word is broken, else a line per cell: a figure that is cut off is a wrong figure."""
    for box in (table.box, None):
        table.box = box
        widths = _widths(table, console.width)
        if widths is not None:
            for column, width in zip(table.columns, widths, strict=True):
                column.width = width
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


def _widths(table: Table, room: int) -> list[int] | None:
    """Of the columns: what each needs, the rest to whom it spares wrapping, from the left. None: there is too little room."""
    needed, wished = [], []
    for column in table.columns:
        texts = [Text.from_markup(str(text)) for text in (column.header, *column.cells)]
        words = [word for text in texts for word in text.plain.split()]
        unbroken = [text.plain for text in texts[1:]] if column.justify == "right" else []
        needed.append(max(map(cell_len, [*words, *unbroken]), default=0))
        wished.append(max(text.cell_len for text in texts))
    borders = len(needed) + 1 if table.box else 0
    spare = room - borders - sum(needed) - 2 * len(needed)  # a space on either side
    if spare < 0:
        return None
    widths = []
    for least, most in zip(needed, wished, strict=True):
        widths.append(least + min(spare, most - least))
        spare -= widths[-1] - least
    return widths


# --- progress -----------------------------------------------------------------------------------------------------------
class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


def progress_bars(*, transient: bool = False) -> Progress:
    """Bars with count, rate and time left; where stderr is no terminal, only the last state is drawn."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=messages, transient=transient)
