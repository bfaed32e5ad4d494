"""Lines over time: this year beside the year before, and where it is heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from console.web.charts.axes import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Scale, Show, horizontal_labels, vertical
from console.web.charts.svg import Words, chart, element, hatched, join, label, short

Kind = Literal["actual", "before", "expected", "chosen"]
MARKERS = {"actual": "circle", "before": "square", "expected": "none", "chosen": "ring"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line. None: nothing is known there, and the line has a gap."""

    name: str
    kind: Kind
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Where the line is heading from its last value on: to between `low` and `high`, likely `likely`, at the last label."""

    name: str
    low: float
    likely: float
    high: float


def line_chart(words: Words, labels: Sequence[str], series: Sequence[Series], show: Show, band: Band | None = None) -> Markup:
    """`labels`: of the places from left to right, one per value."""
    values = [value for one in series for value in one.values if value is not None]
    scale, grid = vertical([*values, *((band.low, band.high) if band else ())], show)
    across = Scale(0, max(len(labels) - 1, 1), LEFT + 8, RIGHT - 8)
    places = [across(number) for number in range(len(labels))]
    drawn = [_band(words.key, band, series[0], places, scale)] if band else []
    drawn += [_line(one, labels, places, scale, show) for one in reversed(series)]
    return chart(words, WIDTH, HEIGHT, [grid, *drawn, horizontal_labels(labels, places), _legend(words.key, series, band)])


def _line(series: Series, labels: Sequence[str], places: Sequence[float], scale: Scale, show: Show) -> Markup:
    path, pen_down, spots = "", False, []
    for place, text, value in zip(places, labels, series.values, strict=False):
        if value is None:
            pen_down = False
            continue
        path += f"{'L' if pen_down else 'M'}{short(place)} {short(scale(value))}"
        pen_down = True
        spots.append(marker(MARKERS[series.kind], place, scale(value), f"line-{series.kind}", f"{series.name}, {text}: {show(value)}"))
    return element("g", element("path", d=path or "M0 0", class_=f"line line-{series.kind}"), join(spots), class_="series")


def marker(shape: str, x: float, y: float, class_: str, title: str | None = None) -> Markup:
    inner = [element("title", title)] if title else []
    if shape == "circle":
        return element("circle", *inner, cx=x, cy=y, r=3.2, class_=f"spot {class_}")
    if shape == "ring":  # about the marker of another line
        return element("circle", *inner, cx=x, cy=y, r=7, class_=f"spot {class_}")
    if shape == "square":
        return element("rect", *inner, x=x - 2.8, y=y - 2.8, width=5.6, height=5.6, class_=f"spot {class_}")
    return Markup("")


def _band(key: str, band: Band, actual: Series, places: Sequence[float], scale: Scale) -> Markup:
    known = [(place, value) for place, value in zip(places, actual.values, strict=False) if value is not None]
    start, value = known[-1] if known else (places[0], 0.0)
    end = places[-1]
    area = f"M{short(start)} {short(scale(value))}L{short(end)} {short(scale(band.high))}V{short(scale(band.low))}z"
    likely = f"M{short(start)} {short(scale(value))}L{short(end)} {short(scale(band.likely))}"
    return element(
        "g",
        element("path", d=area, class_="band"),
        element("path", d=area, fill=hatched(key, 1)),
        element("path", d=likely, class_="line line-likely"),
    )


def _legend(key: str, series: Sequence[Series], band: Band | None) -> Markup:
    rows = []
    for number, one in enumerate(series):
        x, y = LEFT + (number % 2) * 200, BOTTOM + 42 + number // 2 * 20
        sample = element("path", d=f"M{short(x)} {short(y - 4)}h26", class_=f"line line-{one.kind}")
        rows += [sample, marker(MARKERS[one.kind], x + 13, y - 4, f"line-{one.kind}"), label(one.name, x + 32, y)]
    if band:
        number = len(series)
        x, y = LEFT + (number % 2) * 200, BOTTOM + 42 + number // 2 * 20
        box = element("rect", x=x, y=y - 10, width=26, height=12, class_="band")
        rows += [box, element("rect", x=x, y=y - 10, width=26, height=12, fill=hatched(key, 1)), label(band.name, x + 32, y)]
    return join(rows)
