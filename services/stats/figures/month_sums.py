"""SumQuery of whole months as known now, and the cache of those that are settled.

A settled sum holds for its version, so a question asked again reads only what is not settled yet.
"""

from __future__ import annotations

from collections import OrderedDict

from services.stats.queries import year_cells
from services.stats.queries.cells import CellSum, SumQuery
from services.stats.queries.year_cells import Version
from shared.db import Tx

MOST_CACHED = 20_000  # sums
Key = tuple[Version, SumQuery]


class SumCache:
    """The least recently used entries go first. A hit takes the same time however much is cached."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._entries: OrderedDict[Key, list[CellSum]] = OrderedDict()

    def get(self, key: Key) -> list[CellSum] | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Key, sums: list[CellSum]) -> None:
        self.size += _weight(sums) - _weight(self._entries.get(key))
        self._entries[key] = sums
        self._entries.move_to_end(key)
        while self.size > self.most:
            _, dropped = self._entries.popitem(last=False)
            self.size -= _weight(dropped)


def _weight(sums: list[CellSum] | None) -> int:
    """An entry without sums takes room too."""
    return 0 if sums is None else len(sums) + 1


_cache = SumCache(MOST_CACHED)


async def sum_months(tx: Tx, query: SumQuery, *, cached: bool = True) -> list[CellSum]:
    """The same keys may come in several rows. `cached` False: whoever recounts reads everything again."""
    while True:
        version, unsettled = await year_cells.list_unsettled(tx, query)
        settled = _cache.get((version, query)) if cached else None
        if settled is None:
            then, settled = await year_cells.list_settled(tx, query)
            if then != version:  # more was settled between the two statements
                continue
            if version is not None and cached:
                _cache.put((version, query), settled)
        return [*settled, *unsettled]
