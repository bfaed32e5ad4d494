"""What a paper is made of. Values only: nothing here knows how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Labels with their values; each in one language, or in two."""

    heading: str | None = None
    rows: Sequence[tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Column:
    """`share`: of the width that columns of numbers leave."""

    label: str
    number: bool = True
    share: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    cells: Sequence[str]
    strong: bool = False  # a total


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`groups`: labels over several columns each, which together are as many as there are columns."""

    heading: str | None = None
    columns: Sequence[Column]
    groups: Sequence[tuple[str, int]] = ()
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A signed token, as QR code and as text. `alt`: what is read out instead of the code."""

    heading: str | None = None
    token: str
    alt: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """Lines to be filled in by hand."""

    heading: str | None = None
    lines: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    heading: str | None = None
    lines: Sequence[str]


Part = Fields | Table | Token | Blanks | Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """`day`: the document's own, and its only date: the same paper gives the same bytes whenever it is drawn.

    `language`: zh, en or ja: which forms of Chinese characters are drawn, and what a screen reader speaks.
    """

    language: str
    title: str
    subtitle: str | None = None
    overline: str | None = None
    footer: str
    day: date
    keywords: Sequence[str] = ()
    landscape: bool = False
    parts: Sequence[Part]
