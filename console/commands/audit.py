"""`laowu audit`: every stored cell against a recount of the log, and what the sources themselves contradict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console

from console.commands import demo
from console.commands.progress import bars
from console.errors import Trouble
from console.local import stack
from console.local.home import Home
from services.stats.domain.errors import AbsurdDay
from services.stats.replay.audit import Audit, audit, name_of
from services.stats.replay.log_shards import ReaderLost
from services.stats.replay.rebuild import Overtaken
from services.stats.replay.source_conflicts import Contradiction
from shared import db
from shared.delivery import kafka
from shared.delivery.event_log import Truncated
from shared.events import Undecodable
from shared.settings import Settings

told = Console(stderr=True)
# What keeps an audit, or a rebuild, from an answer: it is neither yes nor no.
NO_ANSWER = (
    kafka.Unavailable,
    Truncated,
    ReaderLost,
    Overtaken,
    AbsurdDay,  # in the log, counted, and in no dead letter: laowu audit says where
    Undecodable,
    db.Unavailable,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    Trouble,
)
MOST_NAMED = 20
Processes = Annotated[int | None, typer.Option(min=1, max=64, help="how many read the log at a time; left out: one per core")]
Json = Annotated[bool, typer.Option("--json", help="for programs")]


def audit_command(
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit 1 also where the figures are equal but a source contradicts itself")
    ] = False,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Recount the whole log with the reference fold and compare every cell. Starts the stack for the answer if it is down.

    Exit status: 0 equal, 1 not (the cells are named), 2 it cannot be told.
    """
    home = Home.here()
    with no_answer_is_2("audit"), demo.running(home):
        found = asyncio.run(audited(stack.settings("stats", home), processes, told))
    print(json.dumps(document(found), indent=1) if as_json else "\n".join(lines(found)))
    raise typer.Exit(0 if (found.clean if strict else found.passed) else 1)


@contextmanager
def no_answer_is_2(command: str) -> Iterator[None]:
    try:
        yield
    except NO_ANSWER as error:
        told.print(f"laowu {command}: {error or type(error).__name__}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


async def audited(settings: Settings, processes: int | None, console: Console) -> Audit:
    """Raises what is in NO_ANSWER."""
    conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-audit", seconds=1800)
    try:
        with reading(console) as progress:
            return await audit(settings, conn, processes=processes, progress=progress)
    finally:
        conn.terminate()


@contextmanager
def reading(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar for the records of the log."""
    with bars(console, transient=True) as drawn:
        task = drawn.add_task("reading the log", total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total)


# --- what it says -------------------------------------------------------------------------------------------------------
def document(found: Audit) -> dict[str, Any]:
    """The audit as JSON."""
    return {
        "equal": found.passed,
        "clean": found.clean,
        "events": found.events,
        "cells": found.cells,
        "digests": {name: {"stored": stored, "recounted": recounted} for name, (stored, recounted) in found.digests.items()},
        "differing": [{"cell": name_of(cell), "stored": stored, "recounted": counted} for cell, stored, counted in found.differing],
        "sums": [{"sum": name, "stored": stored, "recounted": counted} for name, stored, counted in found.sums],
        "unaccounted": found.unaccounted,
        "contradictions": [{"at": at, **asdict(one), "event": str(one.event)} for at, one in found.contradictions],
    }


def lines(found: Audit) -> Iterator[str]:
    """The audit for people."""
    yield f"{found.events:,} events recounted against {found.cells:,} cells"
    for name, (stored, recounted) in found.digests.items():
        verdict = "equal    " if stored == recounted else "DIFFERENT"
        yield f"{verdict} {name:28} stored {stored[:16]} recounted {recounted[:16]}"
    yield from _first(f"differs: {name_of(cell)}: stored {stored:,}, recounted {counted:,}" for cell, stored, counted in found.differing)
    yield from _first(f"differs: the sum of {name}: stored {stored:,}, recounted {counted:,}" for name, stored, counted in found.sums)
    if found.unaccounted:
        yield f"WARNING: {len(found.unaccounted)} records can be counted nowhere and are in no dead letter"
        yield from _first(found.unaccounted)
    if found.contradictions:
        yield f"WARNING: {len(found.contradictions)} events take away something else than was counted: the source contradicts itself"
        yield from _first(f"{one.event} at {at}: {_told(one)}" for at, one in found.contradictions)


def _told(one: Contradiction) -> str:
    return f"{one.type} of {one.business_id}: counted {_short(one.expected)}, the event says {_short(one.found)}"


def _short(part: dict[str, Any] | None) -> str:
    return "nothing" if part is None else json.dumps(part, ensure_ascii=False)


def _first(every: Iterator[str] | list[str]) -> Iterator[str]:
    named = list(every)
    yield from named[:MOST_NAMED]
    if len(named) > MOST_NAMED:
        yield f"... and {len(named) - MOST_NAMED} more; --json names all"
