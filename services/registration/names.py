"""Names as people spell them, in one spelling."""

from __future__ import annotations

import unicodedata

from pypinyin import lazy_pinyin


def written(name: str) -> str:
    """One form for what looks the same: full-width letters, composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def pinyin(name: str) -> str:
    """The name in Latin capitals, as a passport would have it unless it says otherwise: 张三 -> ZHANG SAN."""
    return " ".join(lazy_pinyin(name)).upper()
