"""What may be shown of a table of counts, so that nobody can be found in it. Pure and deterministic.

Cells of 1 to `least` - 1 are left out (primary suppression), and as many others as it takes (complementary suppression) that
no arithmetic on what is shown (rows, columns, totals) tells what was left out. Column totals and the grand total are always
shown as they are: they are the same in every table of a measure and year, so tables with different rows tell nothing about
each other. Where a column total is itself too small, the columns are given up and only the whole year is shown; where that is
too small, nothing is.

Whether a left-out cell is safe is decided exactly. The table and its sums are a network: a cell can have another value if and
only if one can be added to it and taken off again around a cycle of left-out cells, none of which falls below zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

RowColumn = tuple[int, int]  # row, column; the last column holds the rows' totals


@dataclass(frozen=True, slots=True)
class DisclosedTable:
    """What is published. None: left out. No `columns` where only the year's totals can be shown, no rows where not even those."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[int | None, ...]]  # per column, then the row's total
    column_totals: tuple[int, ...]
    total: int | None


def suppress(columns: Sequence[str], rows: Mapping[str, Sequence[int]], least: int) -> DisclosedTable:
    """`rows`: counts per column."""
    if any(value < 0 for row in rows.values() for value in row):  # a correction whose first part is parked: nothing to rely on
        return DisclosedTable((), {}, (), None)
    totals = tuple(sum(row[column] for row in rows.values()) for column in range(len(columns)))
    if 0 < sum(totals) < least:
        return DisclosedTable((), {}, (), None)
    if any(0 < total < least for total in totals):
        whole = suppress(("",), {name: (sum(row),) for name, row in rows.items()}, least)
        return DisclosedTable((), {name: row[-1:] for name, row in whole.rows.items()}, (), whole.total)
    names = sorted(rows)
    table = _Table([[*rows[name], sum(rows[name])] for name in names], least)
    table.protect()
    shown = {
        name: tuple(None if (at, column) in table.hidden else value for column, value in enumerate(table.values[at]))
        for at, name in enumerate(names)
    }
    return DisclosedTable(tuple(columns), shown, totals, sum(totals))


EMPTY = 10**12  # the cost of hiding an empty cell: everybody would rather see that nobody is there


class _Table:
    def __init__(self, values: list[list[int]], least: int) -> None:
        self.values, self.least = values, least
        self.width = len(values[0]) - 1 if values else 0
        self.filled = [any(row[column] for row in values) for column in range(self.width + 1)] if values else []
        self.hidden: set[RowColumn] = set()
        self.in_row: defaultdict[int, set[int]] = defaultdict(set)
        self.in_column: defaultdict[int, set[int]] = defaultdict(set)

    def protect(self) -> None:
        """Hide what is small, then whatever keeps a hidden cell from being worked out. Hiding more never makes one less safe."""
        waiting = [(row, column) for row, values in enumerate(self.values) for column, value in enumerate(values) if 0 < value < self.least]
        self._hide(waiting)
        for cell in waiting:  # grows: what is hidden for another's sake must be safe as well
            if not (self._is_safe(cell, 1) or self._is_safe(cell, -1)):
                _, cells = min(cycle for step in (1, -1) if (cycle := self._cheapest_cycle(cell, step)) is not None)
                new = sorted(cell for cell in cells if cell not in self.hidden)
                self._hide(new)
                waiting += new

    def _hide(self, cells: Sequence[RowColumn]) -> None:
        self.hidden.update(cells)
        for row, column in cells:
            self.in_row[row].add(column)
            self.in_column[column].add(row)

    def _is_safe(self, cell: RowColumn, step: int) -> bool:
        """Whether there is a cycle of hidden cells on which this one can take a step while every sum stays what it is."""
        start, goal = cell
        reached, ends = {start}, [start]
        while ends and self._can_step(cell, step):
            row = ends.pop()
            for through in self.in_row[row]:
                if (row, through) == cell or not self._can_step((row, through), -step):
                    continue
                if through == goal:
                    return True
                for then in self.in_column[through] - reached:
                    if self._can_step((then, through), step):
                        reached.add(then)
                        ends.append(then)
        return False

    def _cheapest_cycle(self, cell: RowColumn, step: int) -> tuple[int, list[RowColumn]] | None:
        """The cheapest cycle on which a cell could take a step: what must be hidden for it, and the cells. None: there is none.

        Along it, cells of the row reached take the step back, and cells of their column take it again.
        """
        if not self._can_step(cell, step):
            return None
        start, goal = cell
        best: dict[int, int] = {start: 0}
        came: dict[int, tuple[int, RowColumn, RowColumn]] = {}  # row -> the row before it, and the two cells between them
        queue: list[tuple[int, int]] = [(0, start)]
        closed: tuple[int, int] | None = None  # cost, last row
        while queue:
            cost, row = heappop(queue)
            if closed is not None and closed[0] <= cost:
                break
            if cost > best[row]:
                continue
            if (row, goal) != cell and self._can_step((row, goal), -step):
                closed = min(closed or (EMPTY**2, 0), (cost + self._cost((row, goal)), row))
            for through in range(self.width + 1):
                if through == goal or not self._can_step((row, through), -step):
                    continue
                spent = cost + self._cost((row, through))
                for then in range(len(self.values)):
                    total = spent + self._cost((then, through))
                    if then != row and self._can_step((then, through), step) and total < best.get(then, EMPTY**2):
                        best[then], came[then] = total, (row, (row, through), (then, through))
                        heappush(queue, (total, then))
        return None if closed is None else (closed[0], self._cells_of_cycle(closed[1], goal, came))

    def _cells_of_cycle(self, row: int, goal: int, came: Mapping[int, tuple[int, RowColumn, RowColumn]]) -> list[RowColumn]:
        cells = [(row, goal)]
        while row in came:
            row, back, again = came[row]
            cells += [back, again]
        return cells

    def _cost(self, cell: RowColumn) -> int:
        """Of hiding a cell: what it counts."""
        row, column = cell
        return 0 if cell in self.hidden else self.values[row][column] or EMPTY

    def _can_step(self, cell: RowColumn, step: int) -> bool:
        """Whether a cell may take a step: it does not fall below zero, and is not in a column that everybody sees is empty.

        A row's total is on the other side of the row's equation: it takes the step with the other sign.
        """
        row, column = cell
        change = -step if column == self.width else step
        return self.filled[column] and self.values[row][column] + change >= 0
