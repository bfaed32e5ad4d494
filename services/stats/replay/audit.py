"""Recounting: the whole log through the reference fold, in several processes, compared with the live cells, cell by cell.

An audit takes its positions, what is parked and the cells in one snapshot, so that it may run while counting goes on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.stats.counting.measures import CUT_BY_CODE, CUTS, MEASURE_BY_CODE
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.errors import AbsurdDay
from services.stats.queries import generations
from services.stats.replay import source_conflicts
from services.stats.replay.log_shards import Progress, Report, Share, in_shares
from services.stats.replay.source_conflicts import Contradiction
from services.stats.replay.stored_sums import kept_sums, summed
from shared.db import Cause, Tx
from shared.delivery import event_log
from shared.events import Undecodable, Unknown, decode
from shared.principals import system
from shared.settings import Settings
from shared.values import Clock


@dataclass(frozen=True, slots=True)
class Audit:
    """`differing`: cell, as stored, as recounted; `sums`: the same of what is kept as a sum of cells, by months and in closed periods.

    `digests`: per cut, stored and recounted. `unaccounted`: where records stand that can be counted nowhere and are in no dead
    letter either; `contradictions`: where a source told two stories.
    """

    events: int
    cells: int
    digests: dict[str, tuple[str, str]]
    differing: list[tuple[Cell, int, int]]
    sums: list[tuple[str, int, int]]
    unaccounted: list[str]
    contradictions: list[tuple[str, Contradiction]]  # where the event stands: topic/partition@offset

    @property
    def passed(self) -> bool:
        """Every cell is equal, and every sum of cells."""
        return not self.differing and not self.sums

    @property
    def clean(self) -> bool:
        """Passed, and nothing in the log is at odds with the rest of it."""
        return self.passed and not self.unaccounted and not self.contradictions


async def audit(settings: Settings, conn: Any, *, processes: int | None = 1, progress: Progress = lambda _done, _total: None) -> Audit:
    """Recount what the database says it has counted; `processes` None: one per core.

    Raises kafka.Unavailable, log.Truncated, shares.ReaderLost: then nothing can be said.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        stored = await generations.list_cells(conn)
        sums = await kept_sums(Tx(conn, "stats", Cause(system("stats"), Clock())))
        upto = await generations.list_next_offsets(conn)
        left_out = await generations.list_uncounted(conn)
    counts = await in_shares(recount, Share(settings, upto, left_out), processes, progress)
    recounted: Counter[Cell] = Counter()
    for count in counts:
        recounted.update(count.cells)
    return Audit(
        events=sum(count.events for count in counts),
        cells=len(stored),
        digests={cut.name: (digest(stored, cut.code), digest(recounted, cut.code)) for cut in CUTS},
        differing=differences(stored, recounted),
        sums=differences(sums.stored, summed(recounted, sums.closed)),
        unaccounted=sorted(place for count in counts for place in count.unaccounted),
        contradictions=sorted((one for count in counts for one in count.contradictions), key=lambda one: one[0]),
    )


K = TypeVar("K", Cell, str)


def differences(stored: Mapping[K, int], recounted: Mapping[K, int]) -> list[tuple[K, int, int]]:
    """What two countings do not agree on: name, as stored, as recounted."""
    found = ((key, stored.get(key, 0), recounted.get(key, 0)) for key in sorted(stored.keys() | recounted.keys()))
    return [(key, one, other) for key, one, other in found if one != other]


@dataclass(slots=True)
class Recount:
    """What one share of the log adds up to."""

    events: int = 0
    cells: Counter[Cell] = field(default_factory=Counter)
    unaccounted: list[str] = field(default_factory=list)
    contradictions: list[tuple[str, Contradiction]] = field(default_factory=list)


async def recount(share: Share, report: Report) -> Recount:
    """Count a share of the log, event by event."""
    found, counted = Recount(), source_conflicts.Counted()
    async for records, entries in event_log.read_upto(share.settings, share.upto):
        for entry in entries:
            if place_of(entry) not in share.left_out:
                _count(found, counted, entry)
        report(records)
    return found


def _count(found: Recount, counted: source_conflicts.Counted, entry: event_log.Entry) -> None:
    try:
        event = decode(entry.record.value)
        if isinstance(event, Unknown):
            return
        cells = fold(event)
    except (Undecodable, AbsurdDay):  # the consumer parks these
        found.unaccounted.append(at(entry))
        return
    found.events += 1
    for cell, delta in cells:
        found.cells[cell] += delta
    found.contradictions += [(at(entry), one) for one in source_conflicts.check(counted, event)]


def place_of(entry: event_log.Entry) -> tuple[str, int, int]:
    return entry.topic, entry.record.partition, entry.record.offset


def at(entry: event_log.Entry) -> str:
    """Where an event stands, for people."""
    return f"{entry.topic}/{entry.record.partition}@{entry.record.offset}"


def digest(cells: Mapping[Cell, int], cut: int) -> str:
    """SHA-256 over the cells of a cut in key order, cells of nothing left out."""
    found = hashlib.sha256()
    for cell in sorted(cell for cell, value in cells.items() if value and cell.cut == cut):
        found.update("|".join(map(str, (*cell, cells[cell]))).encode() + b"\n")
    return found.hexdigest()


def name_of(cell: Cell) -> str:
    """A cell for people; `laowu why` takes it back."""
    keys = (MEASURE_BY_CODE[cell.measure].name, CUT_BY_CODE[cell.cut].name, cell.k1, cell.k2, cell.day, f"recorded {cell.recorded_on}")
    return " | ".join(str(key) for key in (*keys, *filter(None, (cell.currency,))))
