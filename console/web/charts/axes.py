"""Scales: from a value to a place, with ticks at round numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from console.web.charts.svg import CHARACTER, join, label, line, width_of

Show = Callable[[float], str]
WIDTH, HEIGHT = 480.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 470.0, 16.0, 232.0  # of the plot within the chart
STEPS = (1, 2, 5, 10)


def ticks(lowest: float, highest: float, wanted: int = 5) -> list[float]:
    """Round numbers that hold both; at least two."""
    if highest - lowest < 1e-6:  # one value: nothing that is counted is finer
        highest = lowest + 1
    rough = max((highest - lowest) / wanted, 1.0)
    size = 10.0 ** floor(log10(rough))
    step = next(size * one for one in STEPS if size * one >= rough * 0.999999)
    return [round(number * step, 10) for number in range(floor(lowest / step), ceil(highest / step - 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear, from [low, high] to [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def vertical(values: Iterable[float], show: Show) -> tuple[Scale, Markup]:
    """The scale of a plot whose axis begins at 0, or below where values do, and its grid with labels."""
    found = [0.0, *values]
    marks = ticks(min(found), max(found))
    scale = Scale(marks[0], marks[-1], BOTTOM, TOP)
    rows = [
        part
        for mark in marks
        for part in (
            line(LEFT, scale(mark), RIGHT, scale(mark), "axis" if mark == 0 else "grid"),
            label(show(mark), LEFT - 6, scale(mark) + 4, anchor="end", class_="tick"),
        )
    ]
    return scale, join(rows)


def horizontal_labels(labels: Sequence[str], places: Sequence[float]) -> Markup:
    """As many as fit without touching; the last one always."""
    room = max((width_of(text) for text in labels), default=CHARACTER) + 8
    every = max(1, ceil(room * len(labels) / (RIGHT - LEFT)))
    last = len(labels) - 1
    shown = [number for number in range(len(labels)) if (last - number) % every == 0]
    return join(label(labels[number], places[number], BOTTOM + 18, anchor="middle", class_="tick") for number in shown)
