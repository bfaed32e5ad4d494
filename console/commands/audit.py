"""`laowu audit`: every stored cell against a recount of the log, and what the sources themselves contradict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console.commands.audit_paper import audit_paper
from console.commands.log_reading import MOST_NAMED, Processes, exit_2_without_answer, log_progress
from console.commands.terminal import Json, message, print_json
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from services.stats.replay.audit import Audit, cell_name
from services.stats.replay.audit import audit as recount
from services.stats.replay.source_conflicts import SourceConflict
from shared import db
from shared.papers.drawing import draw
from shared.settings import Settings
from shared.texts import texts
from shared.values import Clock


class NotWritten(ConsoleError):
    """The report could not be written."""


def audit(
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit 1 also where the figures are equal but a source contradicts itself")
    ] = False,
    processes: Processes = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", dir_okay=False, writable=True, help="write the report with its digests to this file, too")
    ] = None,
    language: Annotated[Literal["zh", "en", "ja"], typer.Option(help="of the PDF")] = "zh",
    as_json: Json = False,
) -> None:
    """Recount the whole log with the reference fold and compare every cell. Starts the stack for the answer if it is down.

    A second auditor's recount up to the same positions has the same fingerprint.
    Exit status: 0 equal, 1 not (the cells are named), 2 it cannot be decided.
    """
    home = Home.here()
    with exit_2_without_answer("audit"), stack.running(home, message):
        found = asyncio.run(_audit(stack.settings("stats", home), processes))
    if pdf is not None:
        _write(pdf, draw(audit_paper(found, texts(language), Clock().today())))
    if as_json:
        print_json(document(found))
    else:
        print("\n".join(lines(found)))
    raise typer.Exit(0 if (found.clean if strict else found.passed) else 1)


async def _audit(settings: Settings, processes: int | None) -> Audit:
    """Raises what is in NO_ANSWER."""
    conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-audit", seconds=1800)
    try:
        with log_progress() as progress:
            return await recount(settings, conn, processes=processes, progress=progress)
    finally:
        conn.terminate()


def _write(file: Path, content: bytes) -> None:
    """Raises NotWritten."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise NotWritten(f"{file}: {error.strerror}") from error


# --- the answer -------------------------------------------------------------------------------------------------------
def document(found: Audit) -> dict[str, Any]:
    """The audit as JSON."""
    return {
        "equal": found.passed,
        "clean": found.clean,
        "events": found.events,
        "cells": found.cells,
        "fingerprint": found.fingerprint,
        "positions": {f"{topic}/{partition}": offset for (topic, partition), offset in found.positions.items()},
        "uncounted": found.uncounted,
        "cut_cells": {name: {"stored": stored, "recounted": recounted} for name, (stored, recounted) in found.cut_cells.items()},
        "digests": {name: {"stored": stored, "recounted": recounted} for name, (stored, recounted) in found.digests.items()},
        "differing": [{"cell": cell_name(cell), "stored": stored, "recounted": counted} for cell, stored, counted in found.differing],
        "sums": [{"sum": name, "stored": stored, "recounted": counted} for name, stored, counted in found.sums],
        "unaccounted": found.unaccounted,
        "contradictions": [{"at": at, **asdict(one), "event": str(one.event)} for at, one in found.source_conflicts],
    }


def lines(found: Audit) -> Iterator[str]:
    """The audit for people."""
    yield f"{found.events:,} events recounted against {found.cells:,} cells"
    for name, (stored, recounted) in found.digests.items():
        verdict = "equal    " if stored == recounted else "DIFFERENT"
        yield f"{verdict} {name:28} stored {stored[:16]} recounted {recounted[:16]}"
    yield f"fingerprint {found.fingerprint} of {len(found.positions)} partitions of the log, {len(found.uncounted)} records left out"
    yield from _first(f"differs: {cell_name(cell)}: stored {stored:,}, recounted {counted:,}" for cell, stored, counted in found.differing)
    yield from _first(f"differs: the sum of {name}: stored {stored:,}, recounted {counted:,}" for name, stored, counted in found.sums)
    if found.unaccounted:
        yield f"WARNING: {len(found.unaccounted)} records can be counted nowhere and are in no dead letter"
        yield from _first(found.unaccounted)
    if found.source_conflicts:
        yield f"WARNING: {len(found.source_conflicts)} events take away something else than was counted: the source contradicts itself"
        yield from _first(f"{one.event} at {at}: {_conflict(one)}" for at, one in found.source_conflicts)


def _conflict(one: SourceConflict) -> str:
    return f"{one.type} of {one.business_id}: counted {_shown(one.expected)}, the event says {_shown(one.found)}"


def _shown(part: dict[str, Any] | None) -> str:
    return "nothing" if part is None else json.dumps(part, ensure_ascii=False)


def _first(every: Iterator[str] | list[str]) -> Iterator[str]:
    named = list(every)
    yield from named[:MOST_NAMED]
    if len(named) > MOST_NAMED:
        yield f"... and {len(named) - MOST_NAMED} more; --json names all"
