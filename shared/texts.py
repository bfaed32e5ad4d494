"""Texts in the languages people read: gettext catalogues, `locales/<language>/<part>.po`, one part per owner, read with Babel.

A sentence is its own key, in English: `text("Register a worker")`. A code of the API (an error, a field, a value of a list) is a key with
its kind as the context: `text.word("error", "NOT_OPEN")`. Numbers, days, money and country names have the language's own form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pycountry
from babel import Locale, dates, numbers
from babel.messages.pofile import read_po

from shared import currencies, reference
from shared.place_names import full_name
from shared.place_names_en import english_county, english_province
from shared.principals import NATION
from shared.values import PROGRAMME_ZONE

LANGUAGES: Sequence[str] = ("zh", "en", "ja")
FALLBACK = "en"
READS_CHARACTERS = frozenset({"zh", "ja"})
LOCALES = Path(__file__).parent / "locales"
KIND_OF_FIELD = {  # fields whose values are codes of another kind
    "measure": "measure",
    "measures": "measure",
    "field": "field",
    "fields": "field",
    "role": "role",
    "score": "score",
    "quota": "quota",
    "target": "target",
    "programme": "programme",
    "service": "service",
    "type": "event",
    "types": "event",
    "event_type": "event",
}
LONGEST_LINE = 300  # characters of a line that is looked for
LONGEST_HEADER = 500  # characters that are read
_PERIOD = re.compile(r"([12][0-9]{3})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?", re.ASCII)
_EVENT_TYPE = re.compile(r"[a-z]{1,20}\.(\w{1,80})\.v[0-9]{1,3}", re.ASCII)
_WANTED = re.compile(r"([a-z]{2,3})(?:-[a-z0-9-]{1,40})?(?:\s*;\s*q=([01](?:\.[0-9]{0,3})?))?", re.ASCII | re.IGNORECASE)

Key = tuple[str | None, str]  # kind (None: a sentence), and the sentence or code


@dataclass(frozen=True, slots=True)
class Texts:
    """One language. Without a translation a sentence stays English and a code stays itself; a test holds that none is missing."""

    language: str
    messages: Mapping[Key, str]

    def __call__(self, sentence: str, /, **values: object) -> str:
        """The sentence, with `{name}` filled in from `values`."""
        found = self.messages.get((None, sentence), sentence)
        return found.format(**values) if values else found

    def word(self, kind: str, code: str) -> str:
        return self.messages.get((kind, code), code)

    def has(self, kind: str, code: str) -> bool:
        return (kind, code) in self.messages

    def value(self, field: str, code: str) -> str:
        """A value of a list in a field. The same code may mean something else in another field: then the kind is `value:<field>`."""
        kind = KIND_OF_FIELD.get(field, "")
        if kind == "event":
            code = event_name(code)
        kinds = (kind, f"value:{field}", "value")
        known = next((text for kind in kinds if (text := self.messages.get((kind, code)))), None)
        return known or (self.line(code) if " " in code else code)

    def line(self, line: str) -> str:
        """What a service has written in English around figures, known by its form: "willingness recorded 12 days ago (+45)"."""
        for pattern, text in _lines(self.language) if len(line) <= LONGEST_LINE else ():
            if found := pattern.fullmatch(line):
                values = found.groupdict()
                return text.format(**{name: self.occupation(value) if name == "occupation" else value for name, value in values.items()})
        return line

    def number(self, number: float, decimals: int | None = None) -> str:
        shape = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
        return numbers.format_decimal(number, format=shape, locale=_locale(self.language))

    def share(self, part: int, whole: int) -> str:
        """As per cent with one decimal."""
        return numbers.format_percent(part / whole, format="#,##0.0%", locale=_locale(self.language)) if whole else "–"

    def money(self, minor: int, currency: str) -> str:
        """Of integer minor units."""
        return numbers.format_currency(Decimal(minor).scaleb(-currencies.exponent(currency)), currency, locale=_locale(self.language))

    def currency(self, code: str) -> str:
        """The code of ISO 4217, and its name beside it."""
        name = numbers.get_currency_name(code, locale=_locale(self.language))
        return code if name == code else f"{code} {name}"

    def day(self, day: date) -> str:
        return dates.format_date(day, "long", locale=_locale(self.language))

    def period(self, code: str) -> str:
        """A year, month or quarter, of 2019, 2019-03 or 2019-Q2; the code itself where it is none."""
        if not (found := _PERIOD.fullmatch(code)):
            return code
        year, month, quarter = found.groups()
        first = date(int(year), int(month) if month else int(quarter or 1) * 3 - 2, 1)
        return dates.format_skeleton("yMMMM" if month else "yQQQQ" if quarter else "y", first, locale=_locale(self.language))

    def moment(self, moment: datetime) -> str:
        """To the minute, as clocks in the programme's country show it."""
        here = moment.astimezone(PROGRAMME_ZONE)
        day = dates.format_date(here, "medium", locale=_locale(self.language))
        return f"{day} {here:%H:%M}"

    def country(self, alpha3: str) -> str:
        """The name of an ISO 3166-1 alpha-3 code; the code itself where it is none."""
        known = pycountry.countries.get(alpha_3=alpha3)
        return str(_locale(self.language).territories.get(known.alpha_2, known.name)) if known else alpha3

    def place(self, code: str) -> str:
        """A county's name with its prefecture and province, or a province's name: 甘肃省定西市通渭县, Tongwei County, Dingxi, Gansu."""
        if code == NATION:
            return self("The whole country")
        if code in reference.counties():
            return full_name(code).partition("(")[0] if self.language in READS_CHARACTERS else english_county(code)
        if code in reference.provinces():
            return reference.provinces()[code].name_zh if self.language in READS_CHARACTERS else english_province(code)
        return code

    def occupation(self, code: str) -> str:
        """The title of an ISCO-08 code: English ones come with the table, the others are in the catalogue."""
        return self.messages.get(("occupation", code)) or reference.occupations().get(code, code)


def event_name(code: str) -> str:
    """Dispatched, of docking.Dispatched.v1; what is no type of event stays."""
    found = _EVENT_TYPE.fullmatch(code)
    return found[1] if found else code


def sentence(text: str) -> str:
    """The same: marks a sentence in a table, that is looked up where it is shown, for the test that no text is missing."""
    return text


@cache
def texts(language: str) -> Texts:
    """Raises KeyError for a language without catalogues."""
    if language not in LANGUAGES:
        raise KeyError(language)
    messages: dict[Key, str] = {}
    for part in sorted((LOCALES / language).glob("*.po")):
        with part.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string and not message.fuzzy:
                    messages[message.context, str(message.id)] = str(message.string)
    return Texts(language, messages)


@cache
def _lines(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The forms of lines, each {name} standing for a word of figures, and what they are in that language."""
    found = {form: text for (kind, form), text in texts(language).messages.items() if kind == "line"}
    return tuple((re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(form))), text) for form, text in found.items())


@cache
def _locale(language: str) -> Locale:
    return Locale(language)


def best_language(accept_language: str | None) -> str:
    """The known language that an Accept-Language header wants most; the first of those wanted equally."""
    wanted: list[tuple[float, str]] = []
    for one in (accept_language or "")[:LONGEST_HEADER].split(","):
        found = _WANTED.fullmatch(one.strip())
        weight = float(found[2] or 1) if found else 0
        if found and weight and found[1].lower() in LANGUAGES:
            wanted.append((-weight, found[1].lower()))
    return min(wanted, key=lambda one: one[0], default=(0, FALLBACK))[1]
