"""Recounting: the whole log through the reference fold, compared with the live cells, cell by cell; and what a figure is made of.

`python -m services.stats.audit` exits 0 when every digest is equal, 1 naming the cells that differ, 2 when it cannot tell.
`python -m services.stats.audit why MEASURE CUT K1 K2 FROM TO` lists the events behind a figure.
An audit takes its positions, what is parked and the cells in one snapshot, so that it may run while counting goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.stats.domain import AbsurdDay
from services.stats.figures import bounds
from services.stats.fold import Cell, fold
from services.stats.freshness import SOURCES
from services.stats.measures import CUT_BY_CODE, CUTS, MEASURE, MEASURE_BY_CODE
from services.stats.queries import generations
from shared import db, kafka, log
from shared.events import Data, Recorded, Undecodable, Unknown, decode
from shared.settings import Settings

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """`differing`: cell, as stored, as recounted. `digests`: per cut, stored and recounted."""

    events: int
    cells: int
    digests: dict[str, tuple[str, str]]
    differing: list[tuple[Cell, int, int]]

    @property
    def passed(self) -> bool:
        return not self.differing


@dataclass(frozen=True, slots=True)
class Behind:
    """An event that a figure is made of."""

    topic: str
    partition: int
    offset: int
    event: UUID
    type: str
    subject: str
    cell: Cell
    delta: int


async def audit(settings: Settings, conn: Any) -> Audit:
    """Recount what the database says it has counted. Raises kafka.Unavailable."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        stored = await generations.all_cells(conn)
        upto = await generations.positions_by_place(conn)
        left_out = await generations.left_out(conn)
    recounted: Counter[Cell] = Counter()
    events = 0
    async for _, event in _counted(settings, upto, left_out):
        events += 1
        for cell, delta in fold(event):
            recounted[cell] += delta
    differing = [
        (cell, stored.get(cell, 0), recounted.get(cell, 0))
        for cell in sorted(stored.keys() | recounted.keys())
        if stored.get(cell, 0) != recounted.get(cell, 0)
    ]
    digests = {cut.name: (digest(stored, cut.code), digest(recounted, cut.code)) for cut in CUTS}
    return Audit(events, len(stored), digests, differing)


async def why(settings: Settings, wanted: Cell, until: date) -> AsyncIterator[Behind]:
    """The events that add to a figure: `wanted` names measure, cut and keys, and the first day; empty keys match all."""
    async for entry, event in _counted(settings, None, frozenset()):
        try:
            found = fold(event)
        except AbsurdDay:
            continue
        for cell, delta in found:
            if _matches(cell, wanted, until):
                record = entry.record
                kind = type(event.data).type_name()
                yield Behind(entry.topic, record.partition, record.offset, event.id, kind, event.subject, cell, delta)


def digest(cells: Mapping[Cell, int], cut: int) -> str:
    """SHA-256 over the cells of a cut in key order, cells of nothing left out."""
    found = hashlib.sha256()
    for cell in sorted(cell for cell, value in cells.items() if value and cell.cut == cut):
        found.update("|".join(map(str, (*cell, cells[cell]))).encode() + b"\n")
    return found.hexdigest()


def _matches(cell: Cell, wanted: Cell, until: date) -> bool:
    return (
        (cell.measure, cell.cut) == (wanted.measure, wanted.cut)
        and wanted.k1 in ("", cell.k1)
        and wanted.k2 in ("", cell.k2)
        and wanted.day <= cell.day <= until
    )


async def _counted(
    settings: Settings, upto: Mapping[tuple[str, int], int] | None, left_out: frozenset[tuple[str, int, int]]
) -> AsyncIterator[tuple[log.Entry, Recorded[Data]]]:
    """The events of the log by the consumer's own rule, up to the positions, without what stands in dead letters."""
    async for entry in log.read_log(settings, SOURCES):
        record = entry.record
        beyond = upto is not None and record.offset >= upto.get((entry.topic, record.partition), 0)
        if beyond or (entry.topic, record.partition, record.offset) in left_out:
            continue
        try:
            event = decode(record.value)
        except Undecodable:
            continue  # only where nothing is left out (why): the consumer has parked it
        if not isinstance(event, Unknown):
            yield entry, event


# --- command line -----------------------------------------------------------------------------------------------------
async def run(arguments: Sequence[str]) -> int:
    """Exit code of the command."""
    settings = Settings()  # from the environment, like the service's
    try:
        if arguments[:1] == ["why"]:
            return await _explain(settings, arguments[1:])
        conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-audit", statement_timeout="30min")
        try:
            return _told(await audit(settings, conn))
        finally:
            conn.terminate()
    except (kafka.Unavailable, db.Unavailable, OSError) as error:
        _say(f"audit: {error}")
        return 2


def _told(found: Audit) -> int:
    _say(f"{found.events} events recounted against {found.cells} cells")
    for name, (stored, recounted) in found.digests.items():
        _say(f"{'equal    ' if stored == recounted else 'DIFFERENT'} {name:28} {stored[:16]} {recounted[:16]}")
    for cell, kept, counted in found.differing[:MOST_NAMED]:
        _say(f"differs: {name_of(cell)}: stored {kept}, recounted {counted}")
    if len(found.differing) > MOST_NAMED:
        _say(f"... and {len(found.differing) - MOST_NAMED} more")
    return 0 if found.passed else 1


def name_of(cell: Cell) -> str:
    """A cell for people."""
    keys = (MEASURE_BY_CODE[cell.measure].name, CUT_BY_CODE[cell.cut].name, cell.k1, cell.k2, cell.day, f"recorded {cell.recorded_on}")
    return " | ".join(str(key) for key in (*keys, *filter(None, (cell.currency,))))


async def _explain(settings: Settings, arguments: Sequence[str]) -> int:
    if len(arguments) != 6 or arguments[0] not in MEASURE or not arguments[1].isdigit() or int(arguments[1]) not in CUT_BY_CODE:
        _say("why MEASURE CUT-CODE K1 K2 FROM TO; empty keys match all; cuts: " + ", ".join(f"{cut.code} {cut.name}" for cut in CUTS))
        return 2
    measure, cut, k1, k2, start, end = arguments
    first = bounds(start, upper=False)
    total = 0
    wanted = Cell(MEASURE[measure].code, int(cut), k1, k2, first, first, "")
    async for found in why(settings, wanted, bounds(end, upper=True)):
        total += found.delta
        where = f"{found.topic}/{found.partition}@{found.offset}"
        _say(f"{found.delta:+d} {found.type} {found.subject} {found.event} {where} {name_of(found.cell)}")
    _say(f"{total} in all")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1:])))
