"""A page has a next one exactly if the query found a row beyond it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import backoff
from shared.paging import page
from shared.values import format_ratio, round_half_up


@given(st.integers(min_value=0, max_value=30), st.integers(min_value=1, max_value=10))
def test_the_pages_hold_every_row_once_and_none_is_empty(rows: int, limit: int) -> None:
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        items, after = page(list(range(after + 1, min(after + limit + 1, rows) + 1)), limit, lambda row: row)
        assert items or not rows
        found += items
    assert found == list(range(1, rows + 1))


def test_a_half_goes_up_and_is_rounded_once() -> None:
    assert [round_half_up(ratio) for ratio in ((1, 2), (3, 2), (-1, 2), (1, 3), (2, 3))] == [1, 2, 0, 0, 1]
    assert [format_ratio((num, 1000), 2) for num in (9, 95, 104, 105, -105)] == ["0.01", "0.10", "0.10", "0.11", "-0.10"]
    assert format_ratio((5, 2), 0) == "3"
    assert format_ratio((5, 0), 2) is None


@given(st.integers(min_value=0, max_value=10_000))
def test_waiting_grows_to_its_bound_and_is_never_the_same_for_all(failures: int) -> None:
    seconds = backoff(failures, first=0.1, longest=5.0)
    assert min(0.1 * 2 ** min(failures, 10), 5.0) * 0.5 <= seconds <= 5.0
