"""SumQuery of whole months as known now, and the cache of those that are settled.

A question that is asked again reads only the blocks that are in no sums yet, and those that were added to them since.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from services.stats.queries import year_cells
from services.stats.queries.cells import Buckets, CellSum, SumQuery
from services.stats.queries.year_cells import Settlement
from shared.db import Tx

MOST_CACHED = 20_000  # sums


@dataclass(frozen=True, slots=True)
class SettledSums:
    """`at`: the last settlement that they hold."""

    at: Settlement
    sums: list[CellSum]


class SumCache:
    """The least recently used entries go first. A hit takes the same time however much is cached."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._entries: OrderedDict[SumQuery, SettledSums] = OrderedDict()

    def get(self, query: SumQuery) -> SettledSums | None:
        found = self._entries.get(query)
        if found is not None:
            self._entries.move_to_end(query)
        return found

    def put(self, query: SumQuery, settled: SettledSums) -> None:
        self.size += _weight(settled) - _weight(self._entries.get(query))
        self._entries[query] = settled
        self._entries.move_to_end(query)
        while self.size > self.most:
            _, dropped = self._entries.popitem(last=False)
            self.size -= _weight(dropped)


def _weight(settled: SettledSums | None) -> int:
    """An entry without sums takes room too."""
    return 0 if settled is None else len(settled.sums) + 1


_cache = SumCache(MOST_CACHED)


async def sum_months(tx: Tx, query: SumQuery, *, cached: bool = True) -> list[CellSum]:
    """The same keys may come in several rows. `cached` False: whoever recounts reads everything again."""
    while True:
        kept = _cache.get(query) if cached else None
        newest = await year_cells.list_newest(tx, query, kept.at if kept else None)
        if kept and newest.settled is not None:
            settled = added(kept.sums, newest.settled)
        else:
            then, settled = await year_cells.list_settled(tx, query)
            if then != newest.at:  # more was settled between the two statements
                continue
        if newest.at is not None and cached:
            _cache.put(query, SettledSums(newest.at, settled))
        return [*settled, *newest.unsettled]


def added(sums: Iterable[CellSum], more: Iterable[CellSum]) -> list[CellSum]:
    """Both together, the same keys and year in one row."""
    rows: dict[tuple[object, ...], CellSum] = {}
    for row in chain(sums, more):
        bucket, _ = row.values[0]
        key = row.measure, row.k1, row.k2, row.currency, bucket.year if bucket else None
        rows[key] = row._replace(values=_by_bucket(rows[key].values, row.values)) if key in rows else row
    return list(rows.values())


def _by_bucket(values: Buckets, more: Buckets) -> Buckets:
    found = dict(values)
    for bucket, value in more:
        found[bucket] = found.get(bucket, 0) + value
    return list(found.items())
