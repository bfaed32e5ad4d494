"""Names in one spelling, and in Latin letters."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from pypinyin import lazy_pinyin

# Surnames whose reading is another than the character's usual one, and those of two characters: Xiandai Hanyu Cidian, entries marked 姓,
# and the compound surnames of the Baijiaxing. Where a surname has two readings, the table has the commoner one: whoever is
# called otherwise states the spelling of the passport.
_READINGS = Path(__file__).parent / "surname_readings.csv"
_LATIN = re.compile(r"[\x00-\x7f]")
_BETWEEN_PARTS = re.compile("[·•・‧]")  # of a name that is no surname with a given name: 阿里木·买买提


def normalise_name(name: str) -> str:
    """One form for what looks the same: full-width letters, composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def romanise_name(name: str) -> str:
    """The name in Latin capitals, as a passport spells it by default: 张三丰 -> ZHANG SANFENG, 吕晨 -> LYU CHEN, 尉迟安 -> YUCHI AN.

    GB/T 28039-2011: the surname, then the given name in one word; ü is written YU.
    """
    if not _LATIN.search(name):
        return " ".join(_romanise(name).split()).upper()
    runs = ("".join(run) if latin else _romanise("".join(run)) for latin, run in groupby(name, str.isascii))
    return " ".join(" ".join(runs).split()).upper()


def romanise_by_character(name: str) -> str:
    """The spelling given to names before GB/T 28039 was followed here: by this they are recognised. 吕晨 -> LV CHEN."""
    runs = ("".join(run) if latin else " ".join("".join(lazy_pinyin(one)) for one in run) for latin, run in groupby(name, str.isascii))
    return " ".join(" ".join(runs).split()).upper()


def _romanise(characters: str) -> str:
    """A run without Latin letters."""
    parts = _BETWEEN_PARTS.split(characters)
    if len(parts) > 1:
        return " ".join(map(_joined, parts))
    readings = surname_readings()
    length = 2 if len(characters) > 2 and characters[:2] in readings else 1
    surname, given = characters[:length], characters[length:]
    return f"{readings.get(surname) or _joined(surname)} {_joined(given)}"


def _joined(characters: str) -> str:
    return "".join(map(_syllable, characters))


@cache
def surname_readings() -> dict[str, str]:
    """Surname -> reading, of the surnames that are not read character by character."""
    with _READINGS.open(encoding="utf-8", newline="") as file:
        return {row["surname"]: row["reading"] for row in csv.DictReader(file)}


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    """Each character by itself, since names are no phrases; cached: a list of 100,000 people has a few thousand different characters."""
    return "".join(lazy_pinyin(character)).replace("v", "yu")
