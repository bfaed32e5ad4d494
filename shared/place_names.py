"""Counties by the names people write: "甘肃省定西市通渭县", "定西通渭县", "通渭县", "通渭".

A name is a county only where exactly one fits. What it could also be is returned, and somebody decides; no region of the caller, and
never the prefix of an identity number, decides for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from shared import reference

MOST_CANDIDATES = 6
_AUTONOMOUS = re.compile(r"自治[县旗州]$")
_PEOPLES = re.compile(
    "(?:蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|"
    "布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|保安|裕固|独龙|鄂温克|鄂伦春|各)族?"
)
_SUFFIX = re.compile(r"(?:特别行政区|自治区|自治州|地区|林区|特区|新区|行政委员会|省|市|盟|州|县|区|旗)$")
_REGION_PEOPLES = re.compile(r"(?:壮族|回族|维吾尔)自治区$")
_FILLERS = re.compile(r"[\s·,，、/\-]+|市辖区(?=.)|(?:省|自治区)?直辖县级行政(?:区划|单位)")  # of statistics: no part of a name
_NO_COUNTY = 3  # fit
_SHORTEST = 2  # characters of a name without its suffix


class Reading(NamedTuple):
    """One way of reading a text: the county, and how well it fits: 0 the whole name, 1 a short one, 2 with a village behind it,
    3 a short one that is a province's or prefecture's as well (海南, 河北, 大理), which alone names no county.
    """

    code: str
    fit: int


class PlaceFound(NamedTuple):
    """`code` where exactly one county fits; else what could be meant, at most six, with their province and prefecture."""

    code: str | None
    candidates: tuple[str, ...]


def find_county(text: str) -> PlaceFound:
    """The county of December 2017, or of another year where it is a listed one, under that name."""
    written = _FILLERS.sub("", unicodedata.normalize("NFKC", text))
    readings = {reading for prefixes, rest in _after_prefixes(written) for reading in _counties_named(rest, prefixes)}
    best = min((reading.fit for reading in readings), default=0)
    codes = sorted({reading.code for reading in readings if reading.fit == best})
    if len(codes) == 1 and best < _NO_COUNTY:
        return PlaceFound(codes[0], ())
    return PlaceFound(None, tuple(full_name(code) for code in codes[:MOST_CANDIDATES]))


def full_name(code: str) -> str:
    """With province and prefecture: 甘肃省定西市通渭县(621121)."""
    county = reference.counties()[code]
    above = (reference.provinces()[county.province].name_zh, prefecture_name(code))
    return "".join(dict.fromkeys((*above, county.name_zh))) + f"({code})"


def prefecture_name(code: str) -> str:
    """Of a county's code: 定西市 for 621121; empty where the county lies directly below its province."""
    return _prefectures().get(code[:4], "")


# --- what may stand before the county -----------------------------------------------------------------------------------
def _after_prefixes(text: str) -> list[tuple[str, str]]:
    """(digits that the code then begins with, what is left), for every way of reading a province and a prefecture off the front."""
    found = [("", text)]
    for names in (_province_names(), _prefecture_names()):
        found += [
            (digits, rest[len(name) :])
            for before, rest in found
            for name, every in names.items()
            if rest.startswith(name) and len(rest) > len(name)
            for digits in every
            if digits.startswith(before)
        ]
    return found


@cache
def _prefectures() -> dict[str, str]:
    """First four digits -> name."""
    rows = reference.divisions()
    return {row["code"][:4]: row["name_zh"] for row in rows if row["level"] == "prefecture"}


@cache
def _province_names() -> dict[str, list[str]]:
    return _by_name({code[:2]: province.name_zh for code, province in reference.provinces().items()})


@cache
def _prefecture_names() -> dict[str, list[str]]:
    return _by_name(_prefectures())


def _by_name(names: dict[str, str]) -> dict[str, list[str]]:
    """Name, long and short -> digits."""
    found: dict[str, list[str]] = defaultdict(list)
    for digits, name in names.items():
        for one in {name, *short_names(name)}:
            found[one].append(digits)
    return dict(found)


# --- the county -------------------------------------------------------------------------------------------------------
def _counties_named(text: str, prefix: str) -> list[Reading]:
    full, short = _county_names()
    fit = _NO_COUNTY if text in _province_names() or text in _prefecture_names() else 1
    found = [Reading(code, 0) for code in full.get(text, ())] + [Reading(code, fit) for code in short.get(text, ())]
    if not found:  # 通渭县平襄镇: the longest whole name that the text begins with
        length = next((end for end in range(len(text) - 1, 1, -1) if text[:end] in full), 0)
        found = [Reading(code, 2) for code in full.get(text[:length], ())]
    return [reading for reading in found if reading.code.startswith(prefix)]


@cache
def _county_names() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Whole name -> codes; short name -> codes."""
    full: dict[str, list[str]] = defaultdict(list)
    short: dict[str, list[str]] = defaultdict(list)
    for code, county in reference.counties().items():
        full[county.name_zh].append(code)
        for name in short_names(county.name_zh):
            short[name].append(code)
    for name, code in reference.earlier_names():
        if code not in full[name]:
            full[name].append(code)
    return dict(full), dict(short)


def short_names(name: str) -> set[str]:
    """通渭 for 通渭县; 张家川 and 张家川县 for 张家川回族自治县; 广西 for 广西壮族自治区. None shorter than two characters."""
    if _REGION_PEOPLES.search(name):
        return {_REGION_PEOPLES.sub("", name)}
    if _AUTONOMOUS.search(name):
        stem = _AUTONOMOUS.sub("", name)
        start = next((place for place in range(_SHORTEST, len(stem)) if re.fullmatch(f"(?:{_PEOPLES.pattern})+", stem[place:])), len(stem))
        stem = stem[:start].removesuffix("族")
        return {stem, stem + name[-1]} if len(stem) >= _SHORTEST else set()
    stem = _SUFFIX.sub("", name)
    return {stem} if len(stem) >= _SHORTEST else set()
