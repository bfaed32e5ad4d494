"""What people write in lists instead of codes: schooling, trades, countries, places, yes and no, in Chinese and English.

The words are data: reference/usual_words.csv, ISCO-08's own titles, and the names of countries of pycountry in both languages. A code
itself is read too. A word that could be two codes is in no table.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

import pycountry

from shared import reference
from shared.place_names import find_county
from shared.sheets import cells
from shared.sheets.cells import CellRefused
from shared.values import Currency

_MARKS = re.compile(r"[\s()\[\]（）【】·,.\-_'’\"]+")
_SEPARATOR = re.compile(r"[;；,，、/\n|+]")
_COUNTY_CODE = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_MOST_CODES = 20
_LONGEST_WORD, _LONGEST_LIST = 200, 1000  # characters: what is remembered is bounded


_remembered = lru_cache(maxsize=10_000)  # a list has a few hundred different words


def word_key(word: str) -> str:
    """One spelling for what looks the same: narrow, lower case, without spaces and brackets; the mark alone where there is only that."""
    text = unicodedata.normalize("NFKC", word).casefold().strip()
    return _MARKS.sub("", text) or text


@cache
def _table(kind: str) -> dict[str, str]:
    return {word_key(word): code for word, code in reference.usual_words(kind).items()}


def _look_up(kind: str, text: str, refusal: str) -> str:
    """Raises CellRefused with the code `refusal`."""
    code = _table(kind).get(word_key(text)) if len(text) <= _LONGEST_WORD else None
    if code is None:
        raise CellRefused(refusal)
    return code


@_remembered
def read_sex(text: str) -> str:
    """Raises CellRefused, as all of these do."""
    return _look_up("sex", text, "SEX_NOT_READABLE")


@_remembered
def read_yes_no(text: str) -> bool:
    return _look_up("yes_no", text, "YES_OR_NO") == "yes"


@_remembered
def read_household_status(text: str) -> str:
    return _look_up("household_status", text, "HOUSEHOLD_STATUS_NOT_KNOWN")


@_remembered
def read_education(text: str) -> int:
    """An ISCED 2011 level."""
    return int(text) if len(text) == 1 and text in "012345678" else int(_look_up("education", text, "EDUCATION_NOT_KNOWN"))


@_remembered
def read_outreach_channel(text: str) -> str:
    return _look_up("outreach_channel", text, "OUTREACH_CHANNEL_NOT_KNOWN")


@_remembered
def read_currency(text: str) -> Currency:
    if len(text) > _LONGEST_WORD:
        raise CellRefused("CURRENCY_NOT_KNOWN")
    code = _table("currency").get(word_key(text))
    return Currency(code) if code else cells.read_currency(text)


@_remembered
def read_county(text: str) -> str:
    """A division code of six digits as it stands; a name only where exactly one county fits."""
    if text.isascii() and text.isdecimal():
        if not _COUNTY_CODE.fullmatch(text):
            raise CellRefused("COUNTY_CODE_FORM")
        return text
    if len(text) > _LONGEST_WORD:
        raise CellRefused("PLACE_NOT_KNOWN")
    place = find_county(text)
    if place.code is not None:
        return place.code
    raise CellRefused("PLACE_AMBIGUOUS", *place.candidates) if place.candidates else CellRefused("PLACE_NOT_KNOWN")


def read_codes(text: str) -> list[str]:
    """The parts of a cell that lists several. Raises CellRefused for more than twenty."""
    parts = [part for one in _SEPARATOR.split(text) if (part := one.strip())]
    if len(parts) > _MOST_CODES:
        raise CellRefused("TOO_MANY_CODES", str(_MOST_CODES))
    return parts


@_remembered
def read_occupations(text: str) -> tuple[str, ...]:
    return _all_of(text, _occupations(), "OCCUPATION_NOT_KNOWN")


@_remembered
def read_destinations(text: str) -> tuple[str, ...]:
    found = _all_of(text, _countries(), "DESTINATION_NOT_KNOWN")
    if not all(map(reference.known_destination, found)):
        raise CellRefused("DESTINATION_NOT_KNOWN")
    return found


def _all_of(text: str, known: Mapping[str, str], refusal: str) -> tuple[str, ...]:
    """The code of every word, once; a name may hold a separator itself: "Korea, Republic of". Raises CellRefused."""
    if len(text) > _LONGEST_LIST:
        raise CellRefused(refusal)
    words = [text] if word_key(text) in known else read_codes(text)
    codes = [known.get(word_key(word)) for word in words]
    if not all(codes):
        raise CellRefused(refusal)
    return tuple(dict.fromkeys(code for code in codes if code))


@cache
def _occupations() -> dict[str, str]:
    """ISCO-08's codes and titles, the longest code where several share a title, and the usual words."""
    titles = sorted(reference.occupations().items())
    return {code: code for code, _ in titles} | {word_key(title): code for code, title in titles} | _table("occupation")


@cache
def _countries() -> dict[str, str]:
    """Codes of two and three letters, and names in English and Chinese -> alpha-3. The table of usual words goes first."""
    chinese = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["zh_CN"])
    found: dict[str, str] = {}
    for country in pycountry.countries:
        names = [name for field in ("name", "common_name", "official_name") if (name := getattr(country, field, None))]
        for word in (country.alpha_3, country.alpha_2, *names, *map(chinese.gettext, names)):
            found[word_key(word)] = country.alpha_3
    return found | _table("destination")
