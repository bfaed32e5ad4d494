"""What a path under /public asks for. Everything is a code of a known form: nothing that was typed goes further."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from shared.texts import LANGUAGES

Kind = Literal["home", "year", "table", "register", "notices", "certificate", "method"]
ROOT = "/public"
LONGEST_QUERY = 400
NAMED: Mapping[str, Kind] = {"enterprises": "register", "notices": "notices", "certificate": "certificate", "method": "method"}
_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
_CODE = re.compile(r"[a-z_]{1,40}")
_SERIAL = re.compile(r"TC[0-9]{12}")


class NoSuchPage(Exception):
    """Nothing has this address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A page in a language. `wanted`: what is looked for in the register, or a certificate's serial number; `page`: of a long list."""

    kind: Kind
    language: str
    year: int = 0
    measure: str = ""
    by: str = ""
    csv: bool = False
    wanted: str = ""
    page: int = 1

    @property
    def path(self) -> str:
        head = f"{ROOT}/{self.language}/"
        if self.kind == "home":
            return head
        if self.kind == "year":
            return f"{head}{self.year}/"
        ending = ".csv" if self.csv else ""
        if self.kind == "table":
            return f"{head}{self.year}/{self.measure}/{self.by}{ending}"
        name = next(name for name, kind in NAMED.items() if kind == self.kind)
        query = {
            key: value
            for key, value in (("serial" if self.kind == "certificate" else "wanted", self.wanted), ("page", self.page))
            if value not in ("", 1)
        }
        return f"{head}{name}{ending}" + (f"?{urlencode(query)}" if query else "")

    def in_language(self, language: str) -> Address:
        return replace(self, language=language)

    def as_csv(self) -> Address:
        return replace(self, csv=True, page=1)

    @property
    def is_kept(self) -> bool:
        """Whether a rendered copy is kept: not of what somebody looks for, of which there is no end."""
        return not self.wanted and self.kind != "certificate"


def parse(path: str, query: bytes) -> Address:
    """`path` as the server decoded it. Raises NoSuchPage."""
    parts = path.removeprefix(ROOT).strip("/").split("/")
    language, rest = parts[0], parts[1:]
    if language not in LANGUAGES or len(path) > 200 or len(query) > LONGEST_QUERY:
        raise NoSuchPage
    given = _given(query)
    if not rest:
        return Address(kind="home", language=language)
    if len(rest) == 1:
        return _named(rest[0], language, given)
    if len(rest) == 3 and _YEAR.fullmatch(rest[0]) and _CODE.fullmatch(rest[1]) and _CODE.fullmatch(rest[2].removesuffix(".csv")):
        by = rest[2].removesuffix(".csv")
        return Address(kind="table", language=language, year=int(rest[0]), measure=rest[1], by=by, csv=rest[2].endswith(".csv"))
    raise NoSuchPage


def _named(name: str, language: str, given: Mapping[str, str]) -> Address:
    if _YEAR.fullmatch(name):
        return Address(kind="year", language=language, year=int(name))
    kind = NAMED.get(name.removesuffix(".csv"))
    if kind is None or (name.endswith(".csv") and kind not in {"register", "notices"}):
        raise NoSuchPage
    number = given.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
    csv = name.endswith(".csv")
    if kind == "register":
        return Address(kind=kind, language=language, csv=csv, wanted="" if csv else given.get("wanted", "")[:80].strip(), page=max(page, 1))
    if kind == "certificate":
        return Address(kind=kind, language=language, wanted=given.get("serial", "").upper()[:20].strip())
    return Address(kind=kind, language=language, csv=csv, page=max(page, 1) if kind == "notices" else 1)


def is_serial(text: str) -> bool:
    return _SERIAL.fullmatch(text) is not None


def _given(query: bytes) -> dict[str, str]:
    """The first value of each parameter; what is no UTF-8 is replaced, and finds nothing."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(query.decode("ascii", "replace"), errors="replace", max_num_fields=20) if query.count(b"&") < 20 else ():
        found.setdefault(key, "".join(character for character in value if character.isprintable()))
    return found


def wanted_language(query: bytes) -> str | None:
    """Of `?language=`."""
    found = _given(query).get("language") if len(query) <= LONGEST_QUERY else None
    return found if found in LANGUAGES else None
