"""Names in one spelling, and in Latin letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby

from pypinyin import lazy_pinyin


def normalise_name(name: str) -> str:
    """One form for what looks the same: full-width letters, composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def romanise_name(name: str) -> str:
    """The name in Latin capitals, as a passport spells it by default: 张三 -> ZHANG SAN."""
    runs = ("".join(run) if latin else " ".join(map(_syllable, run)) for latin, run in groupby(name, str.isascii))
    return " ".join(" ".join(runs).split()).upper()


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    """Each character by itself, since names are no phrases; cached: a list of 100,000 people has a few thousand different characters."""
    return "".join(lazy_pinyin(character))
