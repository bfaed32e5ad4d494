"""Regions by code or by name, as people type them: 620000, 甘肃, 甘肃省, gansu; 定西, dingxi; 通渭县, tongwei."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from pypinyin import lazy_pinyin

from console.errors import ConsoleError
from shared import place_names, reference
from shared.principals import NATION, REGION

_NATION_NAMES = frozenset({"cn", "china", "中国", "全国", "zhongguo"})
_SHOWN = 6


class RegionUnclear(ConsoleError):
    """No region has the name, or several have it."""


def region_code(text: str) -> str:
    """The code of a province, prefecture or county, or CN. Raises RegionUnclear."""
    wanted = _plain(text)
    if wanted in _NATION_NAMES:
        return NATION
    if REGION.fullmatch(text.strip()):
        return text.strip()
    whole, short = _names()
    found = whole.get(wanted) or short.get(wanted) or []
    if len(found) != 1:
        options = ", ".join(f"{code} {_name_of(code)}" for code in found[:_SHOWN])
        raise RegionUnclear(f"{text}: which of {options}?" if found else f"{text}: no province, prefecture or county has this name")
    return found[0]


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


@cache
def _names() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Whole name -> codes; short name, and either in pinyin -> codes."""
    whole: dict[str, list[str]] = defaultdict(list)
    short: dict[str, list[str]] = defaultdict(list)
    for row in reference.divisions():
        code, name = row["code"], row["name_zh"]
        whole[name].append(code)
        for other in {*place_names.short_names(name), *map(_pinyin, {name, *place_names.short_names(name)})} - {name}:
            short[other].append(code)
    return dict(whole), dict(short)


def _pinyin(name: str) -> str:
    return _plain("".join(lazy_pinyin(name)))


def _name_of(code: str) -> str:
    return next(row["name_zh"] for row in reference.divisions() if row["code"] == code)
