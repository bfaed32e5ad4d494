"""One figure on its way: a share against its threshold, a target against its floor and stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from console.web.charts.axes import WIDTH, Scale, Show
from console.web.charts.svg import Words, chart, element, hatched, join, label, line, rectangle, width_of

ROWS, ROW, GAP = 3, 17.0, 10.0  # of names below the track: their rows, the height of one, and what is between two on it
BAR_TOP, BAR_HEIGHT = 34.0, 22.0
NAMES = BAR_TOP + BAR_HEIGHT + 18  # where the first row of them stands


@dataclass(frozen=True, slots=True)
class Mark:
    """A value that matters, named above or below the track."""

    name: str
    value: float
    below: bool = False


def gauge(words: Words, value: float, marks: Sequence[Mark], show: Show, *, tone: str, end: float | None = None) -> Markup:
    """A filled track up to `value`, with its marks. `tone`: good, warning, bad or open, which a word beside it says as well.

    `end`: what the track's end stands for; left out: a little more than the largest value.
    """
    largest = end or max([value, *(mark.value for mark in marks)]) * 1.15 or 1.0
    scale = Scale(0, largest, 2, WIDTH - 2)
    names, height = _marks(scale, marks, show)
    return chart(words, WIDTH, height, [_track(scale, value, largest, tone), _value(scale, value, show), names])


def progress(words: Words, value: float, marks: Sequence[Mark], show: Show, *, tone: str, heading: tuple[float, float] | None) -> Markup:
    """A gauge that also shows between what (`heading`) the figure will end."""
    largest = max([value, *(mark.value for mark in marks), *(heading or ())]) * 1.08 or 1.0
    scale = Scale(0, largest, 2, WIDTH - 2)
    drawn = [_track(scale, value, largest, tone)]
    if heading is not None:
        low, high = heading
        place = (scale(low), BAR_TOP, scale(high) - scale(low), BAR_HEIGHT)
        drawn += [rectangle(*place, "band"), rectangle(*place, "over", fill=hatched(words.key, 1))]
    names, height = _marks(scale, marks, show)
    return chart(words, WIDTH, height, [*drawn, _value(scale, value, show), names])


def _track(scale: Scale, value: float, largest: float, tone: str) -> Markup:
    return join(
        [
            rectangle(2, BAR_TOP, scale(largest) - 2, BAR_HEIGHT, "track"),
            rectangle(2, BAR_TOP, scale(min(value, largest)) - 2, BAR_HEIGHT, f"fill tone-{tone}"),
        ]
    )


def _value(scale: Scale, value: float, show: Show) -> Markup:
    place = scale(min(value, scale.high))
    return join([line(place, BAR_TOP - 6, place, BAR_TOP + BAR_HEIGHT, "here"), _beside(show(value), place, BAR_TOP - 10, "label value")])


def _marks(scale: Scale, marks: Sequence[Mark], show: Show) -> tuple[Markup, float]:
    """Below the track, on lines of their own where two would run together; and how high the drawing is with them."""
    drawn, taken = [], [-1.0] * ROWS
    names: dict[str, list[Mark]] = {}  # by what is shown: equal ones are one
    for mark in sorted(marks, key=lambda one: one.value):
        names.setdefault(show(mark.value), []).append(mark)
    for shown, equal in names.items():
        place = scale(min(equal[0].value, scale.high))
        text = f"{' / '.join(mark.name for mark in equal)} {shown}"
        half = width_of(text) / 2
        start = min(max(place - half, 0), WIDTH - 2 * half)
        row = next((one for one in range(ROWS) if start > taken[one]), ROWS - 1)
        taken[row] = start + 2 * half + GAP
        drawn += [
            element("path", d=f"M{place:.1f} {BAR_TOP - 3}V{BAR_TOP + BAR_HEIGHT + 5}", class_="mark"),
            _beside(text, place, NAMES + row * ROW, "tick"),
        ]
    return join(drawn), NAMES + ROW * sum(end >= 0 for end in taken)


def _beside(text: str, place: float, y: float, class_: str) -> Markup:
    """Centred on its place, or flush with the edge it would leave."""
    half = width_of(text) / 2
    if place - half < 0:
        return label(text, 2, y, class_=class_)
    if place + half > WIDTH:
        return label(text, WIDTH - 2, y, anchor="end", class_=class_)
    return label(text, place, y, anchor="middle", class_=class_)
