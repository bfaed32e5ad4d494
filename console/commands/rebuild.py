"""`laowu rebuild`: every cell counted anew from the log, beside the live ones, compared, and swapped in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer

from console.commands.log_reading import MOST_NAMED, Processes, exit_2_without_answer, log_progress
from console.commands.terminal import Json, message, print_json
from console.local import demo_lock, stack
from console.local.home import Home
from services.stats.replay.audit import cell_name
from services.stats.replay.rebuild import RebuildResult
from services.stats.replay.rebuild import rebuild as rebuild_cells
from shared import db
from shared.settings import Settings


def rebuild(
    *,
    accept: Annotated[bool, typer.Option("--accept", help="swap the new cells in even where they differ from the live ones")] = False,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Count every cell anew while counting goes on; swap the new cells in if they are equal.

    Interrupted, it resumes where it stopped when it is called again. Starts the stack if it is down.
    Exit status: 0 swapped in, 1 cells differ (they are named, nothing was changed), 2 it could not be done.
    """
    home = Home.here()
    with exit_2_without_answer("rebuild"):
        demo_lock.require_no_demo(home)  # a period closed while cells are swapped in was seen frozen with too little
        with stack.running(home, message):
            found = asyncio.run(_rebuild(stack.settings("stats", home), accept=accept, processes=processes))
    if as_json:
        print_json(document(found))
    else:
        print("\n".join(lines(found)))
    raise typer.Exit(0 if found.swapped else 1)


async def _rebuild(settings: Settings, *, accept: bool, processes: int | None) -> RebuildResult:
    """Raises what is in NO_ANSWER."""
    database = await db.open_database("stats", settings.database_url.get_secret_value(), size=3)
    try:
        with log_progress() as progress:
            return await rebuild_cells(settings, database, accept=accept, processes=processes, progress=progress)
    finally:
        await db.close_database(database)


def document(found: RebuildResult) -> dict[str, object]:
    """What was done, as JSON; at most 100 cells are named."""
    return {
        "swapped": found.swapped,
        "events": found.events,
        "differing": [{"cell": cell_name(cell), "live": live, "rebuilt": new} for cell, live, new in found.differing],
    }


def lines(found: RebuildResult) -> Iterator[str]:
    """What was done, for people."""
    yield f"{found.events:,} events counted anew; {'swapped in' if found.swapped else 'NOT swapped in: nothing was changed'}"
    for cell, live, new in found.differing[:MOST_NAMED]:
        yield f"differs: {cell_name(cell)}: live {live:,}, rebuilt {new:,}"
    if len(found.differing) > MOST_NAMED:
        yield f"... and {len(found.differing) - MOST_NAMED} more; --json names up to 100, laowu audit all"
