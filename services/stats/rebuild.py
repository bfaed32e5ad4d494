"""Rebuilding: a new generation of cells from the beginning of the log, beside the live one, compared and swapped in one transaction.

`python -m services.stats.rebuild` refuses to swap in cells that differ (exit 1, naming them); with `--accept` it swaps them in.
Counting goes on meanwhile: only for the last stretch, when the new generation has come near, is it held up. The place of the
swap is a sequence number per topic and partition, the same in both generations, so no event is counted twice or left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from services.stats import columnar, queries
from services.stats.audit import name_of
from services.stats.domain import AbsurdDay
from services.stats.fold import Cell, fold_all
from services.stats.freshness import SOURCES
from services.stats.queries import blocks, generations
from shared import db, kafka
from shared.db import Database, Tx
from shared.events import Data, Recorded, Undecodable, decode
from shared.log import START, Entry, Number, following, read_log
from shared.settings import Settings

BATCH = 20_000
Place = tuple[str, int]
Numbers = Mapping[Place, Number]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`differing`: cell, live, rebuilt; at most 100."""

    events: int
    swapped: bool
    differing: list[tuple[Cell, int, int]]


@dataclass(slots=True)
class _Reading:
    """The log as read so far; what lies beyond the live position waits in `ahead`."""

    log: AsyncIterator[Entry]
    reached: dict[Place, Number] = field(default_factory=dict)
    ahead: list[Entry] = field(default_factory=list)

    async def up_to(self, target: Numbers) -> AsyncIterator[list[Entry]]:
        """Every entry before the target, in batches."""
        waiting, self.ahead = self.ahead, []
        batch = [entry for entry in waiting if self._take(entry, target)]
        while any(self.reached.get(place, START) < number for place, number in target.items()):
            entry = await anext(self.log)
            if self._take(entry, target):
                batch.append(entry)
            if len(batch) >= BATCH:
                yield batch
                batch = []
        yield batch

    def _take(self, entry: Entry, target: Numbers) -> bool:
        place = (entry.topic, entry.record.partition)
        if entry.number >= target.get(place, START):
            self.ahead.append(entry)
            return False
        self.reached[place] = following(entry.number)
        return True


async def rebuild(settings: Settings, database: Database, *, accept: bool = False) -> Rebuilt:
    """Build, compare, swap. Raises kafka.Unavailable, db.Unavailable; then the live generation stands as it was."""
    async with database.transaction(database.system_cause()) as tx:
        await generations.drop_building(tx)
        generation = await generations.new_generation(tx)
        target = await generations.numbers_reached(tx)
    entries = cast("AsyncGenerator[Entry]", read_log(settings, SOURCES, follow=True))
    async with contextlib.aclosing(entries):
        return await _build(database, _Reading(entries), generation, target, accept=accept)


async def _build(database: Database, reading: _Reading, generation: int, target: Numbers, *, accept: bool) -> Rebuilt:
    events = 0
    async for batch in reading.up_to(target):
        async with database.transaction(database.system_cause()) as tx:
            events += await _add(tx, generation, batch)
    async with database.transaction(database.system_cause()) as tx:
        live = await queries.live_generation_alone(tx)  # counting waits from here to the commit
        async for batch in reading.up_to(await generations.numbers_reached(tx)):
            events += await _add(tx, generation, batch)
        differing = await generations.difference(tx, live, generation)
        if differing and not accept:
            await generations.drop_building(tx)
            return Rebuilt(events, swapped=False, differing=differing)
        await generations.swap(tx, live, generation)
    async with database.transaction(database.system_cause()) as tx:
        await generations.drop_retired(tx)
    return Rebuilt(events, swapped=True, differing=differing)


async def _add(tx: Tx, generation: int, batch: Sequence[Entry]) -> int:
    """Count a batch into the new generation, without what stands in dead letters. Returns how many records it read."""
    left_out = await generations.left_out(tx.conn)
    values = [entry.record.value or b"" for entry in batch if (entry.topic, entry.record.partition, entry.record.offset) not in left_out]
    cells = await asyncio.to_thread(fold_values, values)
    await blocks.add_cells(tx, generation, cells)
    return len(values)


def fold_values(values: Sequence[bytes]) -> dict[Cell, int]:
    """Raw records by the columnar fold; what that cannot read, record by record by the reference fold."""
    try:
        return columnar.fold(values)
    except columnar.Unreadable:
        return fold_all(event for event in map(_decoded, values) if event is not None)


def _decoded(value: bytes) -> Recorded[Data] | None:
    event = decode(value)
    return event if isinstance(event, Recorded) else None


# --- command line -----------------------------------------------------------------------------------------------------
async def run(arguments: Sequence[str]) -> int:
    """Exit code of the command."""
    settings = Settings()  # from the environment, like the service's
    try:
        database = await db.open_database("stats", settings.database_url.get_secret_value(), size=3)
        try:
            found = await rebuild(settings, database, accept="--accept" in arguments)
        finally:
            await db.close_database(database)
    except (kafka.Unavailable, db.Unavailable, AbsurdDay, Undecodable) as error:
        sys.stdout.write(f"rebuild: {error}\n")
        return 2
    sys.stdout.write(f"{found.events} events; {'swapped' if found.swapped else 'not swapped'}; {len(found.differing)} cells differ\n")
    for cell, live, rebuilt in found.differing:
        sys.stdout.write(f"differs: {name_of(cell)}: live {live}, rebuilt {rebuilt}\n")
    return 0 if found.swapped else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1:])))
