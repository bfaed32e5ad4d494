"""Counties, countries, occupations and ports looked for by name, pinyin or code: what a field suggests, and what a typed text means."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import pycountry
from pypinyin import lazy_pinyin

from shared import reference
from shared.principals import NATION
from shared.texts import LANGUAGES, Texts, texts

MOST = 12  # suggestions at a time
LONGEST = 80  # characters of a text that is looked for

PORTS = (  # UN/LOCODE of places in China that people leave from; another code is typed as it is
    "CNBJS",
    "CNCAN",
    "CNCKG",
    "CNCTU",
    "CNDLC",
    "CNFOC",
    "CNHGH",
    "CNHRB",
    "CNKMG",
    "CNNGB",
    "CNNKG",
    "CNPEK",
    "CNPVG",
    "CNSHA",
    "CNSHE",
    "CNSZX",
    "CNTAO",
    "CNTSN",
    "CNURC",
    "CNWEI",
    "CNXMN",
    "CNYNT",
)

_MARKS = re.compile(r"[\s()（）,，.·'’\-]+")


class Choice(NamedTuple):
    code: str
    label: str


class _Entry(NamedTuple):
    code: str
    label: str
    keys: tuple[str, ...]  # what may be typed for it, in the form of `_key`


def suggest(kind: str, wanted: str, text: Texts) -> list[Choice]:
    """At most twelve codes whose name, pinyin, initials or code fits, those that begin so first. Raises KeyError for an unknown kind."""
    key = _key(wanted[:LONGEST])
    ranked: list[tuple[int, int, str, Choice]] = []
    for entry in _entries(kind, text.language):
        rank = min((_rank(key, one) for one in entry.keys), default=9)
        if rank < 9:
            ranked.append((rank, len(entry.label), entry.code, Choice(entry.code, entry.label)))
    return [choice for *_, choice in sorted(ranked)[:MOST]]


def label(kind: str, code: str, text: Texts) -> str:
    """The name of a code; the code itself where it is none."""
    return _NAMES[kind](text, code) if code and kind in _NAMES else code


def meant(kind: str, typed: str) -> str:
    """The code that a typed text means where it can only be one; else the text itself, which the service refuses at the field.

    All of a name counts before a part of one. A form may hold thousands of such texts: looking through all names as one text takes
    a twentieth of the time of looking through each.
    """
    key = _key(typed[:LONGEST])
    return (key and (_only(kind, f"\n{key}\n") or _only(kind, key))) or typed


def _only(kind: str, wanted: str) -> str | None:
    """The code of the one entry that has this in what may be typed for it. None: no entry has, or several have."""
    lines, begins, codes = _lines(kind)
    found, at = None, lines.find(wanted)
    while at >= 0:
        code = codes[bisect_right(begins, at) - 1]
        if found not in (None, code):
            return None
        found, at = code, lines.find(wanted, at + 1)
    return found


@cache
def _lines(kind: str) -> tuple[str, Sequence[int], Sequence[str]]:
    """Everything that may be typed, a line each; where each line begins, its line break included, and the code it means."""
    typed = [(key, code) for code, keys in _keys_by_code(kind).items() for key in keys]
    begins = [0, *accumulate(len(key) + 1 for key, _ in typed)]
    return "".join(f"\n{key}" for key, _ in typed) + "\n", begins, [code for _, code in typed]


def _rank(key: str, against: str) -> int:
    """0 the same, 1 begins so, 2 holds it, 9 neither."""
    if key == against:
        return 0
    if against.startswith(key):
        return 1
    return 2 if key in against else 9


def _key(written: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", written)).casefold()


@cache
def _entries(kind: str, language: str) -> tuple[_Entry, ...]:
    name, text = _NAMES[kind], texts(language)
    return tuple(_Entry(code, name(text, code), keys) for code, keys in _keys_by_code(kind).items())


@cache
def _keys_by_code(kind: str) -> dict[str, tuple[str, ...]]:
    """The same whatever language is read: once for all of them. A name that a group shares with its member means the member."""
    found = {code: set(_keys(kind, code)) for code in _CODES[kind]()}
    for code, keys in found.items():
        for group in (code[:length] for length in range(1, len(code))):
            if group in found:
                found[group] -= keys
    return {code: tuple(sorted(keys)) for code, keys in found.items()}


def _keys(kind: str, code: str) -> Iterator[str]:
    yield _key(code)
    for language in LANGUAGES:
        yield _key(_NAMES[kind](texts(language), code))
    for written in {_own_name(kind, code), _NAMES[kind](texts("zh"), code)} - {""}:
        syllables = lazy_pinyin(written)
        yield _key(written)
        yield _key("".join(syllables))
        yield _key("".join(one[0] for one in syllables if one))


def _own_name(kind: str, code: str) -> str:
    """A county without its province and prefecture."""
    county = reference.counties().get(code) if kind in {"county", "region"} else None
    return county.name_zh if county else ""


def _countries() -> list[str]:
    return [code for country in pycountry.countries if reference.known_destination(code := country.alpha_3)]


_NAMES: dict[str, Callable[[Texts, str], str]] = {
    "county": Texts.place,
    "region": Texts.place,
    "country": Texts.country,
    "occupation": Texts.occupation,
    "port": lambda text, code: text.value("port", code),
}
_CODES: dict[str, Callable[[], list[str]]] = {
    "county": lambda: list(reference.counties()),
    "region": lambda: [NATION, *reference.provinces(), *reference.counties()],
    "country": _countries,
    "occupation": lambda: list(reference.occupations()),
    "port": lambda: list(PORTS),
}
