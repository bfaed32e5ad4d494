"""`laowu rebuild`: every cell counted anew from the log, beside the live ones, compared, and swapped in."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from console.commands import demo
from console.commands.audit import MOST_NAMED, Json, Processes, no_answer_is_2, reading
from console.local import stack
from console.local.home import Home
from services.stats.replay.audit import name_of
from services.stats.replay.rebuild import Rebuilt, rebuild
from shared import db
from shared.settings import Settings

told = Console(stderr=True)


def rebuild_command(
    *,
    accept: Annotated[bool, typer.Option("--accept", help="swap the new cells in even where they differ from the live ones")] = False,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Count every cell anew while figures are read and counting goes on; swap the new cells in if they are equal.

    Cut short, it goes on where it stood when it is called again. Starts the stack if it is down.
    Exit status: 0 swapped in, 1 cells differ (they are named, nothing was changed), 2 it could not be done.
    """
    home = Home.here()
    with no_answer_is_2("rebuild"), demo.running(home):
        found = asyncio.run(rebuilt(stack.settings("stats", home), told, accept=accept, processes=processes))
    print(json.dumps(document(found), indent=1) if as_json else "\n".join(lines(found)))
    raise typer.Exit(0 if found.swapped else 1)


async def rebuilt(settings: Settings, console: Console, *, accept: bool, processes: int | None) -> Rebuilt:
    """Raises what is in NO_ANSWER."""
    database = await db.open_database("stats", settings.database_url.get_secret_value(), size=3)
    try:
        with reading(console) as progress:
            return await rebuild(settings, database, accept=accept, processes=processes or os.cpu_count() or 1, progress=progress)
    finally:
        await db.close_database(database)


def document(found: Rebuilt) -> dict[str, object]:
    """What was done, as JSON; at most 100 cells are named."""
    return {
        "swapped": found.swapped,
        "events": found.events,
        "differing": [{"cell": name_of(cell), "live": live, "rebuilt": new} for cell, live, new in found.differing],
    }


def lines(found: Rebuilt) -> Iterator[str]:
    """What was done, for people."""
    yield f"{found.events:,} events counted anew; {'swapped in' if found.swapped else 'NOT swapped in: nothing was changed'}"
    for cell, live, new in found.differing[:MOST_NAMED]:
        yield f"differs: {name_of(cell)}: live {live:,}, rebuilt {new:,}"
    if len(found.differing) > MOST_NAMED:
        yield f"... and {len(found.differing) - MOST_NAMED} more; --json names up to 100, laowu audit all"
