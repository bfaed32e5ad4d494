"""Audits the live cells: recounts the whole log with the reference fold, in several processes, and compares cell by cell.

Cells, positions and dead letters are read in one snapshot, so an audit may run while counting continues.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from services.stats.counting.cuts import CUT_BY_CODE, CUTS
from services.stats.counting.measures import MEASURE_BY_CODE
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.errors import AbsurdDay
from services.stats.queries import generations
from services.stats.replay import source_conflicts
from services.stats.replay.log_shards import LogShard, Progress, ReportRead, map_shards
from services.stats.replay.source_conflicts import SourceConflict
from services.stats.replay.stored_sums import read_stored_sums, recount_sums
from shared.db import Cause, Tx
from shared.delivery import event_log
from shared.delivery.positions import TopicPartition
from shared.events import Undecodable, Unknown, decode
from shared.principals import system
from shared.settings import Settings
from shared.values import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """`differing`: cell, stored, recounted; `sums`: the same for the stored sums of cells, by months and in closed periods.

    `positions`: up to where each partition of the log was recounted; `uncounted`: records among them that lie in dead letters.
    `digests`: per cut, stored and recounted; `cut_cells`: of how many cells.
    `unaccounted`: positions of records that cannot be counted and are in no dead letter either; `source_conflicts`: positions of events
    with which a source contradicts itself.
    """

    events: int
    cells: int
    positions: dict[TopicPartition, int]
    uncounted: list[str]
    digests: dict[str, tuple[str, str]]
    cut_cells: dict[str, tuple[int, int]]
    differing: list[tuple[Cell, int, int]]
    sums: list[tuple[str, int, int]]
    unaccounted: list[str]
    source_conflicts: list[tuple[str, SourceConflict]]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what was compared: positions, records left out, and both digests of every cut. Equal for another auditor's recount
        of the same log up to the same positions.
        """
        lines = [f"{topic}/{partition}@{offset}" for (topic, partition), offset in sorted(self.positions.items())]
        lines += [f"uncounted {position}" for position in self.uncounted]
        lines += [f"{cut} {stored} {recounted}" for cut, (stored, recounted) in self.digests.items()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def passed(self) -> bool:
        """Every cell is equal, and every sum of cells."""
        return not self.differing and not self.sums

    @property
    def clean(self) -> bool:
        """Passed, every record is accounted for, and no source contradicts itself."""
        return self.passed and not self.unaccounted and not self.source_conflicts


async def audit(settings: Settings, conn: Any, *, processes: int | None = 1, progress: Progress = lambda _done, _total: None) -> Audit:
    """Recount what the database says it has counted; `processes` None: as the log is worth.

    Raises kafka.Unavailable, event_log.Truncated, log_shards.ReaderLost: then there is no result.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        stored = await generations.list_cells(conn)
        sums = await read_stored_sums(Tx(conn, "stats", Cause(principal=system("stats"), clock=Clock())))
        counted = LogShard(settings, await generations.list_next_offsets(conn), await generations.list_uncounted(conn))
    parents = await event_log.read_parents(settings, [partition for partition, end in counted.upto.items() if end])
    counts = await map_shards(recount, replace(counted, parents=parents), processes, progress)
    recounted: Counter[Cell] = Counter()
    for count in counts:
        recounted.update(count.cells)
    return Audit(
        events=sum(count.events for count in counts),
        cells=len(stored),
        positions=dict(sorted(counted.upto.items())),
        uncounted=sorted(f"{topic}/{partition}@{offset}" for topic, partition, offset in counted.uncounted),
        digests={cut.name: (digest(stored, cut.code), digest(recounted, cut.code)) for cut in CUTS},
        cut_cells={cut.name: (_number_of(stored, cut.code), _number_of(recounted, cut.code)) for cut in CUTS},
        differing=differences(stored, recounted),
        sums=differences(sums.values, recount_sums(recounted, sums.closed)),
        unaccounted=sorted(position for count in counts for position in count.unaccounted),
        source_conflicts=sorted((conflict for count in counts for conflict in count.source_conflicts), key=lambda found: found[0]),
    )


K = TypeVar("K", Cell, str)


def differences(stored: Mapping[K, int], recounted: Mapping[K, int]) -> list[tuple[K, int, int]]:
    """Where two countings differ: name, stored, recounted."""
    pairs = ((key, stored.get(key, 0), recounted.get(key, 0)) for key in sorted(stored.keys() | recounted.keys()))
    return [(key, in_store, in_log) for key, in_store, in_log in pairs if in_store != in_log]


@dataclass(slots=True)
class Recount:
    """The result for one shard of the log."""

    events: int = 0
    cells: Counter[Cell] = field(default_factory=Counter)
    unaccounted: list[str] = field(default_factory=list)
    source_conflicts: list[tuple[str, SourceConflict]] = field(default_factory=list)


async def recount(shard: LogShard, report: ReportRead) -> Recount:
    """Count a shard of the log, event by event."""
    result, counted = Recount(), source_conflicts.Counted()
    async for records, entries in event_log.read_upto(shard.settings, shard.upto):
        for entry in entries:
            if position_of(entry) not in shard.uncounted:
                _count(result, counted, entry)
        report(records)
    return result


def _count(result: Recount, counted: source_conflicts.Counted, entry: event_log.Entry) -> None:
    try:
        event = decode(entry.record.value)
        if isinstance(event, Unknown):
            return
        cells = fold(event)
    except (Undecodable, AbsurdDay):  # the consumer parks these
        result.unaccounted.append(position_name(entry))
        return
    result.events += 1
    for cell, delta in cells:
        result.cells[cell] += delta
    result.source_conflicts += [(position_name(entry), conflict) for conflict in source_conflicts.check(counted, event)]


def position_of(entry: event_log.Entry) -> tuple[str, int, int]:
    return entry.topic, entry.record.partition, entry.record.offset


def position_name(entry: event_log.Entry) -> str:
    """The position of a record for people: topic/partition@offset."""
    return f"{entry.topic}/{entry.record.partition}@{entry.record.offset}"


def digest(cells: Mapping[Cell, int], cut: int) -> str:
    """SHA-256 over the cells of a cut in key order, without cells of 0."""
    sha = hashlib.sha256()
    for cell in sorted(cell for cell, value in cells.items() if value and cell.cut == cut):
        sha.update("|".join(map(str, (*cell, cells[cell]))).encode() + b"\n")
    return sha.hexdigest()


def _number_of(cells: Mapping[Cell, int], cut: int) -> int:
    return sum(1 for cell, value in cells.items() if value and cell.cut == cut)


def cell_name(cell: Cell) -> str:
    """The name of a cell for people; `laowu why` accepts it as a key."""
    keys = (MEASURE_BY_CODE[cell.measure].name, CUT_BY_CODE[cell.cut].name, cell.k1, cell.k2, cell.day, f"recorded {cell.recorded_on}")
    return " | ".join(str(key) for key in (*keys, *filter(None, (cell.currency,))))
