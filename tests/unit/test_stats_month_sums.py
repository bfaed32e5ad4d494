"""Settled sums: what was settled since is added to them; their cache is bounded, the entry that was used the longest ago goes first."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from services.stats.figures.month_sums import SettledSums, SumCache, added
from services.stats.queries.cells import Buckets, CellSum, SumQuery
from services.stats.queries.year_cells import Settlement

AT = Settlement(uuid4(), 1)


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


def sums(count: int) -> SettledSums:
    return SettledSums(AT, [row(str(number), ((date(2018, 1, 1), 1),)) for number in range(count)])


def row(k1: str, values: Buckets) -> CellSum:
    return CellSum(6, k1, "", "", values)


def test_an_equal_query_finds_the_sums() -> None:
    cache = SumCache(most=100)
    cache.put(query(1), sums(2))
    assert cache.get(query(1)) == sums(2)
    assert cache.get(query(2)) is None


def test_the_entry_used_the_longest_ago_is_dropped_when_the_cache_is_full() -> None:
    cache = SumCache(most=9)
    for cut in (1, 2, 3):
        cache.put(query(cut), sums(2))  # three of room each: the sums and the entry itself
    cache.get(query(1))
    cache.put(query(4), sums(2))
    assert [cut for cut in (1, 2, 3, 4) if cache.get(query(cut)) is not None] == [1, 3, 4]


def test_the_size_is_that_of_the_entries_after_one_was_replaced() -> None:
    cache = SumCache(most=100)
    cache.put(query(1), sums(5))
    cache.put(query(1), sums(1))
    cache.put(query(2), sums(0))
    assert cache.size == 3


def test_what_was_settled_since_is_added_by_keys_and_bucket() -> None:
    january, february, next_year = date(2018, 1, 1), date(2018, 2, 1), date(2019, 1, 1)
    kept = [row("620000", ((january, 1),)), row("620000", ((next_year, 2),)), row("370000", ((january, 4),))]
    more = [row("620000", ((january, 8),)), row("620000", ((february, 16),)), row("370000", ((january, -4),))]
    assert [(one.k1, dict(one.values)) for one in added(kept, more)] == [
        ("620000", {january: 9, february: 16}),
        ("620000", {next_year: 2}),
        ("370000", {january: 0}),
    ]


def test_sums_of_several_years_without_a_bucket_are_added() -> None:
    kept = [row("620000", ((None, 1),)), row("620000", ((None, 2),))]
    assert added(kept, [row("620000", ((None, 4),))]) == [row("620000", [(None, 7)])]
