"""Bars: one series or several on each other, and ranked ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from console.web.charts.axes import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Scale, Show, horizontal_labels, vertical
from console.web.charts.svg import Words, chart, element, hatched, join, label, line, rectangle

ROW = 36.0  # of a ranked bar: its name above it


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one kind, one per label. None: left out."""

    name: str
    values: Sequence[float | None]


def bar_chart(words: Words, labels: Sequence[str], layers: Sequence[Layer], show: Show, before: Layer | None = None) -> Markup:
    """A bar per label, its layers on each other from below; `before`: a mark across the bar at the value of the year before."""
    sums = [sum(layer.values[number] or 0 for layer in layers) for number in range(len(labels))]
    scale, grid = vertical([*sums, *(value for value in (before.values if before else ()) if value is not None)], show)
    room = (RIGHT - LEFT) / max(len(labels), 1)
    places = [LEFT + room * (number + 0.5) for number in range(len(labels))]
    bars = [_bar(words.key, number, (text, places[number], room * 0.7), layers, (scale, show)) for number, text in enumerate(labels)]
    marks = _marks(before, labels, places, (room, scale, show)) if before else Markup("")
    return chart(words, WIDTH, HEIGHT, [grid, *bars, marks, horizontal_labels(labels, places), _legend(words.key, layers, before)])


def _bar(key: str, number: int, place: tuple[str, float, float], layers: Sequence[Layer], drawing: tuple[Scale, Show]) -> Markup:
    (text, centre, width), (scale, show) = place, drawing
    parts, below = [], 0.0
    for index, layer in enumerate(layers):
        value = layer.values[number]
        if value is None:
            continue
        top, bottom = scale(below + value), scale(below)
        parts.append(
            rectangle(centre - width / 2, top, width, bottom - top, f"bar bar-{index + 1}", title=f"{text}, {layer.name}: {show(value)}")
        )
        if index:
            parts.append(rectangle(centre - width / 2, top, width, bottom - top, "over", fill=hatched(key, (index - 1) % 3 + 1)))
        below += value
    return join(parts)


def _marks(before: Layer, labels: Sequence[str], places: Sequence[float], drawing: tuple[float, Scale, Show]) -> Markup:
    room, scale, show = drawing
    half = room * 0.45
    known = [(labels[number], places[number], value) for number, value in enumerate(before.values[: len(labels)]) if value is not None]
    return join(
        element(
            "g",
            element("title", f"{text}, {before.name}: {show(value)}"),
            line(place - half, scale(value), place + half, scale(value), "mark-before"),
        )
        for text, place, value in known
    )


def _legend(key: str, layers: Sequence[Layer], before: Layer | None) -> Markup:
    names = [*(layer.name for layer in layers), *([before.name] if before else [])]
    rows: list[Markup] = []
    for number, name in enumerate(names):
        x, y = LEFT + (number % 2) * 200, BOTTOM + 42 + number // 2 * 20
        if number < len(layers):
            rows.append(rectangle(x, y - 10, 26, 12, f"bar bar-{number + 1}"))
            if number:
                rows.append(rectangle(x, y - 10, 26, 12, "over", fill=hatched(key, (number - 1) % 3 + 1)))
        else:
            rows.append(line(x, y - 4, x + 26, y - 4, "mark-before"))
        rows.append(label(name, x + 32, y))
    return join(rows)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of a ranking: its name, its value (None: left out), and where a click leads."""

    name: str
    value: float | None
    link: str | None = None


def ranked_chart(words: Words, rows: Sequence[Ranked], show: Show, *, left_out: str = "–") -> Markup:
    """Horizontal bars in the order given. `left_out`: what stands for a value that is not shown."""
    largest = max((row.value for row in rows if row.value is not None), default=0) or 1
    scale = Scale(0, largest, 0, WIDTH - 12)
    return chart(
        words,
        WIDTH,
        len(rows) * ROW + 6,
        (_ranked(row, number * ROW + 16, scale, (show, left_out)) for number, row in enumerate(rows)),
        links=any(row.link for row in rows),
    )


def _ranked(row: Ranked, y: float, scale: Scale, words: tuple[Show, str]) -> Markup:
    show, left_out = words
    shown = left_out if row.value is None else show(row.value)
    name = label(row.name, 2, y)
    drawn = [element("a", name, href=row.link) if row.link else name, label(shown, WIDTH - 4, y, anchor="end", class_="label value")]
    if row.value is None:
        drawn.append(line(2, y + 11, 26, y + 11, "left-out"))
    else:
        drawn.append(rectangle(2, y + 5, max(scale(row.value), 1.5), 11, "bar bar-1"))
    return join(drawn)
