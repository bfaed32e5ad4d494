"""Codes that a question filters by: one that no list knows, and nothing was counted by, would look like a figure of 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from itertools import takewhile

import pycountry

from services.stats.domain.errors import CodeNotFound
from services.stats.domain.questions import Filter
from services.stats.figures import classifications
from services.stats.figures.classifications import Classification
from services.stats.queries import words
from shared import reference
from shared.db import Tx

NEAREST = 3  # codes that are named instead of an unknown one
# How the codes of a dimension are written: what was counted by one of them is known even where no list has it, as in another year.
SHAPES = {
    "county": re.compile(r"[1-9][0-9]{5}(?<!0000)"),
    "province": re.compile(r"[1-9][0-9]0000"),
    "destination": re.compile(r"[A-Z]{3}"),
    "occupation": re.compile(r"[1-9][0-9]{0,3}"),
    "enterprise": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


async def require_known(tx: Tx, part: Filter, within: str | None = None) -> None:
    """Raises CodeNotFound for the first code of the filter that no list has and nothing was counted by; it names the nearest.

    `within`: the field that holds the filter, where the dimension alone does not name it.
    """
    for dimension, shape in SHAPES.items():
        listed = _shipped(dimension)
        missing = [code for code in map(str, getattr(part, dimension)) if code not in listed]
        if missing:
            loaded = _loaded(await classifications.in_force(tx)) if dimension == "county" else frozenset()
            counted = filter(shape.fullmatch, await words.list_(tx))
            names = dict.fromkeys([*counted, *loaded], "") | listed
            for code in missing:
                if code not in names:
                    raise CodeNotFound(_line(dimension, code, names), field=f"{within}.{dimension}" if within else dimension)


@cache
def _shipped(dimension: str) -> dict[str, str]:
    """The codes of the dimension's list with their names; an enterprise is in no list."""
    match dimension:
        case "county":
            return {code: county.name_zh for code, county in reference.counties().items()}
        case "province":
            return {code: province.name_en for code, province in reference.provinces().items()}
        case "destination":
            return {country.alpha_3: country.name for country in pycountry.countries if reference.known_destination(country.alpha_3)}
        case "occupation":
            return reference.occupations()
        case _:
            return {}


def _loaded(lists: Classification) -> frozenset[str]:
    """Counties of the lists in force that are not shipped."""
    return frozenset(lists.known | lists.ever.keys())


def _line(dimension: str, code: str, names: Mapping[str, str]) -> str:
    nearest = ", ".join(f"{near} {names[near]}".strip() for near in _nearest(code, names))
    unknown = f"{dimension} {code} is unknown: no list has this code, and nothing was counted by it."
    return f"{unknown} Nearest: {nearest}." if nearest else unknown


def _nearest(code: str, known: Iterable[str]) -> list[str]:
    """By digits: the longest beginning in common, then the smallest difference, which is how divisions are numbered; else by letters."""
    codes = sorted(known)
    if not code.isdecimal():
        return get_close_matches(code, codes, NEAREST, 0.5)
    same_length = [one for one in codes if one.isdecimal() and len(one) == len(code)]
    return sorted(same_length, key=lambda one: (-_in_common(one, code), abs(int(one) - int(code))))[:NEAREST]


def _in_common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
