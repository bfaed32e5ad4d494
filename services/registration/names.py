"""Names as people spell them, in one spelling."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby

from pypinyin import lazy_pinyin


def written(name: str) -> str:
    """One form for what looks the same: full-width letters, composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def pinyin(name: str) -> str:
    """The name in Latin capitals, as a passport would have it unless it says otherwise: 张三 -> ZHANG SAN."""
    runs = ("".join(run) if latin else " ".join(map(_syllable, run)) for latin, run in groupby(name, str.isascii))
    return " ".join(" ".join(runs).split()).upper()


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    """By itself: names are no phrases. A list of 100,000 people has a few thousand different characters."""
    return "".join(lazy_pinyin(character))
