"""The maps that are shipped (shared/reference/maps): outlines as SVG paths by code, read once each."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from shared import reference

FOLDER = reference.FOLDER / "maps"
SEA_TOP, SEA_LEFT = 3300, 2000  # of the China map, in km: what the inset of the South China Sea begins with


@dataclass(frozen=True, slots=True)
class Outline:
    """`d`: the path; `at`: a point within its largest part."""

    d: str
    at: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineMap:
    """`size`: width and height in its own units; `sea`: the maritime boundary; `within`: places that have a point only."""

    vintage: str
    size: tuple[float, float]
    outlines: Mapping[str, Outline]
    sea: str = ""
    within: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def point(self, code: str) -> tuple[float, float] | None:
        return self.outlines[code].at if code in self.outlines else self.within.get(code)


@cache
def read_map(name: str) -> OutlineMap:
    """`china`, `world`, or the code of a province. Raises KeyError."""
    if name not in {"china", "world", *reference.provinces()}:
        raise KeyError(name)
    document = json.loads((FOLDER / f"{name}.json").read_text())
    outlines = {code: Outline(one["d"], tuple(one["at"])) for code, one in document["outlines"].items()}
    size = tuple(document["size"])
    return OutlineMap(
        vintage=document["vintage"], size=size, outlines=outlines, sea=document.get("sea", ""), within=document.get("within", {})
    )


@cache
def _successors() -> Mapping[str, str]:
    with (FOLDER / "successors.csv").open(newline="") as file:
        return {row["code"]: row["shown_as"] for row in csv.DictReader(file)}


def shown_as(county: str) -> str | None:
    """The outline that shows a county of December 2017; None: the map, which is of a later year, has none for it."""
    outlines = read_map(f"{county[:2]}0000").outlines if f"{county[:2]}0000" in reference.provinces() else {}
    if county in outlines:
        return county
    later = _successors().get(county)
    return later if later in outlines else None
