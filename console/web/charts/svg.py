"""SVG elements as text that is safe to put into a page: names are ours, everything else is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

EMPTY = Markup("")
CHARACTER, LETTERS = (
    8.4,
    16.0,
)  # how wide one is where letters are as large as in a narrow window (console.css); a Chinese one is twice that
_RESERVED = {"class_": "class", "for_": "for"}


def element(name: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """`class_` is class, `marker_end` is marker-end; None leaves an attribute out. Children that are no Markup are escaped."""
    parts = [Markup('{}="{}"').format(_attribute(key), _value(value)) for key, value in attributes.items() if value is not None]
    head = Markup(" ").join([Markup(name), *parts])  # noqa: S704  # a name of ours
    if not children:
        return Markup("<{}/>").format(head)
    return Markup("<{}>{}</{}>").format(head, join(children), Markup(name))  # noqa: S704


def join(parts: Iterable[str | Markup]) -> Markup:
    return EMPTY.join(escape(part) for part in parts)


def _attribute(key: str) -> Markup:
    return Markup(_RESERVED.get(key, key if key == "viewBox" else key.replace("_", "-")))  # noqa: S704


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else short(value)


def short(number: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{number:.1f}".rstrip("0").rstrip(".") if number % 1 else str(int(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a chart says of itself. `key`: unique on the page, for the ids of its parts; `description`: the figures in a sentence."""

    key: str
    title: str
    description: str


def chart(words: Words, width: float, height: float, children: Iterable[str | Markup], *, links: bool = False) -> Markup:
    """The drawing with its name for those who do not see it. `links`: it holds links, and is therefore no single image."""
    return element(
        "svg",
        element("title", words.title, id=f"{words.key}-title"),
        element("desc", words.description, id=f"{words.key}-desc"),
        hatchings(words.key),
        *children,
        class_="chart",
        viewBox=f"0 0 {short(width)} {short(height)}",
        role="group" if links else "img",
        aria_labelledby=f"{words.key}-title",
        aria_describedby=f"{words.key}-desc",
    )


def label(text: str, x: float, y: float, *, anchor: str = "start", class_: str = "label") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def width_of(text: str, letters: float = LETTERS) -> float:
    """About how wide a label is, at most."""
    return CHARACTER * letters / LETTERS * (len(text) + sum(character > "\u2e80" for character in text))


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rectangle(x: float, y: float, width: float, height: float, class_: str, *, title: str | None = None, fill: str | None = None) -> Markup:
    """`title` is shown where a pointer rests on it."""
    inner = [element("title", title)] if title is not None else []
    return element("rect", *inner, x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=class_, fill=fill)


def hatchings(key: str) -> Markup:
    """Three patterns in the ink of the page: what tells areas apart where colours do not."""
    strokes = ("M0 6L6 0", "M0 0L6 6M0 6L6 0", "M3 0V6")
    patterns = (
        element(
            "pattern",
            element("path", d=stroke, class_="hatch"),
            id=f"{key}-hatch-{number}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        )
        for number, stroke in enumerate(strokes, 1)
    )
    return element("defs", *patterns)


def hatched(key: str, number: int) -> str:
    """The fill of the pattern, 1 to 3."""
    return f"url(#{key}-hatch-{number})"
