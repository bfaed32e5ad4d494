"""Names of divisions in English: "Tongwei County, Dingxi, Gansu", "Xiahe County, Gannan Tibetan Autonomous Prefecture, Gansu".

Provinces and peoples have their conventional names, and so have the prefectures whose names are no Chinese words; everything else is
pinyin, joined into one word (GB/T 28039), with the kind of division behind it. Official romanisations of Mongolian, Uyghur and Tibetan
names of counties follow no rule that could be written down here: those are in pinyin.
"""

from __future__ import annotations

import re
from functools import cache

from shared import reference
from shared.place_names import prefecture_name

PROVINCES = reference.english_names("province")
PEOPLES = reference.english_names("people")
PLACES = reference.english_names("place")  # no Chinese words, and Chinese ones with a reading of their own
READINGS = reference.english_names("reading")  # of a character in names of places, whatever it is in other words
KINDS = (  # longest first; a kind alone is no name
    ("自治州", "Autonomous Prefecture"),
    ("自治县", "Autonomous County"),
    ("自治旗", "Autonomous Banner"),
    ("行政委员会", "Administrative Committee"),
    ("地区", "Prefecture"),
    ("新区", "New Area"),
    ("矿区", "Mining District"),
    ("特区", "Special District"),
    ("县", "County"),
    ("区", "District"),
    ("市", "City"),
    ("旗", "Banner"),
    ("盟", "League"),
)
FORESTS = "神农架林区"
_OF_PEOPLES = re.compile(f"(.*?)((?:(?:{'|'.join(PEOPLES)})族?)+)")
_PEOPLE = re.compile("|".join(PEOPLES))
_WINGS = re.compile(r"(.+?)([左右]?)翼?([前中后]?)")
_WING_WORDS = {"左": "Left", "右": "Right", "前": "Front", "中": "Middle", "后": "Rear"}
_SHORTEST = 2  # characters of a name before 新区 or 矿区: 清新区 is Qingxin District


@cache
def english_county(code: str) -> str:
    """With prefecture and province. Raises KeyError for a code that is no county's."""
    county = reference.counties()[code]
    above = _prefecture(prefecture_name(code)), PROVINCES[f"{code[:2]}0000"]
    return ", ".join(one for one in dict.fromkeys((_named(county.name_zh), *above)) if one)


def english_province(code: str) -> str:
    """Raises KeyError for a code that is no province's."""
    return PROVINCES[f"{code[:2]}0000"]


def _prefecture(name: str) -> str:
    """A city at this level goes by its name alone: Dingxi."""
    return _word(name.removesuffix("市")) if name.endswith("市") else _named(name)


def _named(name: str) -> str:
    """A division's own name and its kind."""
    if name == FORESTS:
        return "Shennongjia Forestry District"
    for suffix, kind in KINDS:
        stem = name.removesuffix(suffix)
        if stem != name and (len(stem) >= _SHORTEST or suffix not in ("新区", "矿区")):
            return _with_kind(stem, suffix, kind)
    return _word(name)


def _with_kind(stem: str, suffix: str, kind: str) -> str:
    if suffix.startswith("自治") and (found := _OF_PEOPLES.fullmatch(stem)):
        *others, last = (PEOPLES[one] for one in _PEOPLE.findall(found[2]))
        peoples = f"{', '.join(others)} and {last}" if others else last
        return f"{_word(found[1])} {peoples} {kind}".strip()
    if suffix == "旗" and (found := _WINGS.fullmatch(stem)):
        return " ".join((_word(found[1]), *(_WING_WORDS[one] for one in found[2] + found[3]), kind))
    if suffix == "区" and len(stem) == 1:  # 城区, 郊区: "Chengqu" is the name
        return f"{_word(stem + suffix)} {kind}"
    return f"{_word(stem)} {kind}"


def _word(characters: str) -> str:
    """One word of pinyin; an apostrophe goes before a vowel inside it: Chang'an."""
    known = PLACES.get(characters)
    if known:
        return known
    if not characters:
        return ""
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # its dictionaries: a tenth of a service's start, and most never name a place

    first, *others = (READINGS.get(one, read) for one, read in zip(characters, lazy_pinyin(characters), strict=True))
    return (first + "".join(f"'{one}" if one[0] in "aeo" else one for one in others)).replace("v", "ü").capitalize()
