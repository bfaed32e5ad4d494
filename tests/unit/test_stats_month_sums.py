"""The cache of settled sums: bounded, and the entry that was used the longest ago goes first."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from services.stats.figures.month_sums import SumCache
from services.stats.queries.cells import CellSum, SumQuery

VERSION = uuid4()


def query(cut: int) -> SumQuery:
    return SumQuery(
        cut=cut,
        measures=(6,),
        start=date(2018, 1, 1),
        end=date(2018, 12, 31),
        bucket="year",
        level="none",
        by_k2=False,
        known_on=None,
        k1=None,
        provinces=None,
        k2=None,
    )


def sums(count: int) -> list[CellSum]:
    return [CellSum(6, str(number), "", "", ((date(2018, 1, 1), 1),)) for number in range(count)]


def test_an_equal_query_finds_the_sums_of_its_version_only() -> None:
    cache = SumCache(most=100)
    cache.put((VERSION, query(1)), sums(2))
    assert cache.get((VERSION, query(1))) == sums(2)
    assert cache.get((uuid4(), query(1))) is None


def test_the_entry_used_the_longest_ago_is_dropped_when_the_cache_is_full() -> None:
    cache = SumCache(most=9)
    for cut in (1, 2, 3):
        cache.put((VERSION, query(cut)), sums(2))  # three of room each: the sums and the entry itself
    cache.get((VERSION, query(1)))
    cache.put((VERSION, query(4)), sums(2))
    assert [cut for cut in (1, 2, 3, 4) if cache.get((VERSION, query(cut))) is not None] == [1, 3, 4]


def test_the_size_is_that_of_the_entries_after_one_was_replaced() -> None:
    cache = SumCache(most=100)
    cache.put((VERSION, query(1)), sums(5))
    cache.put((VERSION, query(1)), sums(1))
    cache.put((VERSION, query(2)), [])
    assert cache.size == 3
