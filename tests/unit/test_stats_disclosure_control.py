"""No arithmetic on a published table tells what was left out: an attacker who enumerates every table that fits finds several values.

The attacker knows the rules, all that is shown, and that counts are not negative. It is written on its own, by enumeration.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.stats.periods.disclosure_control import DisclosedTable, suppress

LEAST = 3
Known = tuple[int | None, ...]


def vectors(known: Known, total: int) -> Iterator[tuple[int, ...]]:
    """Every way to fill a column that sums to its total."""
    if not known:
        if total == 0:
            yield ()
        return
    first, rest = known[0], known[1:]
    for value in range(total + 1) if first is None else [first] * (first <= total):
        for others in vectors(rest, total - value):
            yield (value, *others)


def possible(shown: DisclosedTable) -> dict[tuple[int, int], set[int]]:
    """Every value that every cell (row, column; the last column are the totals) can have in some table that fits what is shown."""
    rows = list(shown.rows.values())
    width = len(shown.column_totals)
    columns = [list(vectors(tuple(row[column] for row in rows), shown.column_totals[column])) for column in range(width)]

    def fits(sums: tuple[int, ...], *, end: bool) -> bool:
        return all(row[-1] is None or (total == row[-1] if end else total <= row[-1]) for row, total in zip(rows, sums, strict=True))

    def plus(sums: tuple[int, ...], vector: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(left + right for left, right in zip(sums, vector, strict=True))

    forward: list[set[tuple[int, ...]]] = [{(0,) * len(rows)}]
    for vectors_ in columns:
        forward.append({total for sums in forward[-1] for vector in vectors_ if fits(total := plus(sums, vector), end=False)})
    good = {sums for sums in forward[-1] if fits(sums, end=True)}
    found: dict[tuple[int, int], set[int]] = {(row, width): {sums[row] for sums in good} for row in range(len(rows))}
    for column in reversed(range(width)):
        before: set[tuple[int, ...]] = set()
        for sums in forward[column]:
            for vector in columns[column]:
                if plus(sums, vector) in good:
                    before.add(sums)
                    for row, value in enumerate(vector):
                        found.setdefault((row, column), set()).add(value)
        good = before
    return found


def whole(shown: DisclosedTable) -> DisclosedTable:
    """A table without columns, seen as one column: the year."""
    if shown.columns or shown.total is None:
        return shown
    return DisclosedTable(("",), {name: (*row, *row) for name, row in shown.rows.items()}, (shown.total,), shown.total)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[str, ...], dict[str, list[int]]]:
    width, height = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    count = st.sampled_from((0, 0, 1, 2, 3, 4, 5))
    return tuple("abc"[:width]), {"wxyz"[row]: [draw(count) for _ in range(width)] for row in range(height)}


@given(tables())
@settings(max_examples=300, deadline=None)
def test_every_cell_left_out_could_have_several_values(table: tuple[tuple[str, ...], dict[str, list[int]]]) -> None:
    shown = suppress(*table, LEAST)
    if shown.total is None:
        return
    seen = whole(shown)
    for (row, column), values in possible(seen).items():
        cell = list(seen.rows.values())[row][column]
        assert len(values) > 1 if cell is None else values == {cell}, (seen, row, column, values)


@given(tables())
@settings(max_examples=300, deadline=None)
def test_no_small_cell_is_shown_totals_are_consistent_and_the_answer_is_always_the_same(
    table: tuple[tuple[str, ...], dict[str, list[int]]],
) -> None:
    columns, rows = table
    shown = suppress(columns, rows, LEAST)
    assert shown == suppress(columns, dict(reversed(rows.items())), LEAST)
    everything = [value for row in shown.rows.values() for value in row] + [*shown.column_totals, shown.total]
    assert not [value for value in everything if value is not None and 0 < value < LEAST]
    for name, row in shown.rows.items():
        for value, true in zip(row, [*rows[name], sum(rows[name])] if shown.columns else [sum(rows[name])], strict=True):
            assert value in (None, true)
    if shown.columns:
        assert shown.column_totals == tuple(map(sum, zip(*rows.values(), strict=True)))
        assert shown.total == sum(shown.column_totals)


def test_what_is_large_enough_is_shown_whole() -> None:
    rows = {"Gansu": [12, 30], "Shandong": [40, 0]}
    assert suppress(("01", "02"), rows, 10) == DisclosedTable(("01", "02"), {"Gansu": (12, 30, 42), "Shandong": (40, 0, 40)}, (52, 30), 82)


def test_one_small_cell_takes_three_others_with_it() -> None:
    rows = {"a": [3, 20, 30], "b": [25, 40, 50], "c": [60, 70, 80]}
    shown = suppress(("01", "02", "03"), rows, 10)
    assert shown.rows == {"a": (None, None, 30, 53), "b": (None, None, 50, 115), "c": (60, 70, 80, 210)}


def test_a_month_with_hardly_anybody_leaves_only_the_year_and_a_year_with_hardly_anybody_nothing() -> None:
    shown = suppress(("01", "02"), {"a": [4, 20], "b": [0, 30]}, 10)
    assert (shown.columns, shown.rows, shown.total) == ((), {"a": (24,), "b": (30,)}, 54)
    assert suppress(("01",), {"a": [4]}, 10) == DisclosedTable((), {}, (), None)
    assert suppress(("01",), {}, 10).total == 0


def test_a_table_as_large_as_a_nations_is_done_in_no_time() -> None:
    chance = random.Random(7)
    rows = {f"{place:03d}": [int(chance.paretovariate(0.6)) - 1 for _ in range(12)] for place in range(250)}
    shown = suppress(tuple(f"{month:02d}" for month in range(1, 13)), rows, 10)
    left_out = sum(value is None for row in shown.rows.values() for value in row)
    small = sum(0 < value < 10 for row in rows.values() for value in [*row, sum(row)])
    assert small <= left_out <= 1.3 * small
    names = list(shown.rows)
    assert all(left < right for left, right in pairwise(names))
