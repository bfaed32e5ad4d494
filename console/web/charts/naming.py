"""Names of points on a map: beside their dots, else farther off with a line that leads there; off dots, flows and each other.

What is taken is kept in cells of CELL by CELL: a row of them is one integer, a bit for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import cos, pi, sin
from typing import Literal

from console.web.charts.svg import width_of

CELL = 3.0
LETTERS, NAME_HEIGHT = 19.0, 22.0  # of a name where its letters are largest, in a narrow window (console.css)
DOT, BESIDE = 3.0, 7.0  # half of a dot, and how far from its middle a name begins
RINGS, DIRECTIONS = (24.0, 44.0, 68.0, 96.0), 12  # where a name may stand farther off
LARGEST = 8  # points whose names may run over flows where there is no other place: they are named first

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Anchor = Literal["start", "middle", "end"]
Ground = list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Where a name stands. `leads_from`: a point that is not beside it, and `box`'s nearest edge is led to."""

    text: str
    box: Box
    anchor: Anchor
    foot: Point
    leads_from: Point | None


def place_names(points: Sequence[tuple[str, Point]], flows: Sequence[Sequence[Point]], size: Point) -> tuple[list[Name], list[str]]:
    """Names for the points, the first ones first, and those for which there is no room."""
    names: Ground = [0] * (int(size[1] / CELL) + 1)
    lines = names.copy()
    for _, (x, y) in points:
        _mark(names, (x - DOT, y - DOT, x + DOT, y + DOT))
    for x, y in chain.from_iterable(flows):
        _mark(lines, (x, y, x, y))
    found, left = [], []
    for number, (text, at) in enumerate(points):
        choices = [
            one for one in _choices(text, at) if _is_inside(one.box, size) and _is_free(names, one.box) and _leads_freely(names, one)
        ]
        clear = (one for one in choices if _is_free(lines, one.box))
        name = next(clear, next(iter(choices), None) if number < LARGEST else None)
        if name is None:
            left.append(text)
            continue
        found.append(name)
        _mark(names, name.box)
        for x, y in _leader(name):
            _mark(lines, (x, y, x, y))
    return found, left


def _choices(text: str, at: Point) -> Iterator[Name]:
    """Above, right, left and below, then around the point, farther and farther off."""
    for direction in (-0.5 * pi, 0.0, pi, 0.5 * pi):
        yield _name(text, at, direction, BESIDE)
    for ring in RINGS:
        for number in range(DIRECTIONS):
            yield _name(text, at, (number + 0.5) * 2 * pi / DIRECTIONS, ring)


def _name(text: str, at: Point, direction: float, away: float) -> Name:
    """A name whose nearest edge is so far `away` from its point."""
    width = width_of(text, LETTERS)
    across, down = cos(direction), sin(direction)
    anchor: Anchor = "middle" if abs(across) < 0.3 else "start" if across > 0 else "end"
    x, y = at[0] + across * away, at[1] + down * (away + NAME_HEIGHT / 2)
    left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
    top = y - NAME_HEIGHT / 2
    foot = y + 5 if anchor != "middle" else top + NAME_HEIGHT - 5 if down < 0 else top + 15
    box = (left, top, left + width, top + NAME_HEIGHT)
    return Name(text=text, box=box, anchor=anchor, foot=(x, foot), leads_from=at if away > BESIDE else None)


def led_to(name: Name) -> Point:
    """Where the line to a name ends."""
    _, top, _, bottom = name.box
    middle = (top + bottom) / 2
    if name.anchor != "middle" or name.leads_from is None:
        return name.foot[0], middle
    return name.foot[0], bottom if middle < name.leads_from[1] else top


def _leader(name: Name) -> list[Point]:
    """Points of the line to a name, off its dot and short of its box."""
    if name.leads_from is None:
        return []
    (x, y), (end_x, end_y) = name.leads_from, led_to(name)
    return [(x + (end_x - x) * part / 20, y + (end_y - y) * part / 20) for part in range(6, 18)]


def _leads_freely(names: Ground, name: Name) -> bool:
    return all(_is_free(names, (x, y, x, y)) for x, y in _leader(name))


def _is_inside(box: Box, size: Point) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]


def _cells(box: Box) -> tuple[range, int]:
    """The rows of a box, and its cells in each of them."""
    left, top, right, bottom = (int(max(edge, 0) / CELL) for edge in box)
    return range(top, bottom + 1), (2 << right) - (1 << left)


def _mark(ground: Ground, box: Box) -> None:
    rows, cells = _cells(box)
    for row in rows:
        if row < len(ground):
            ground[row] |= cells


def _is_free(ground: Ground, box: Box) -> bool:
    rows, cells = _cells(box)
    return not any(ground[row] & cells for row in rows if row < len(ground))
