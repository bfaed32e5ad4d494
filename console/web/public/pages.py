"""The public pages as bytes: what each is made of, and its template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from console.web.charts.outlines import read_map
from console.web.pages import environment
from console.web.public import csv_files, figures
from console.web.public.addresses import Address, NoSuchPage, is_serial
from console.web.public.names import name_of
from console.web.public.sources import Entry, Notice, Offer, PublicMeasure, Sources, Table, tables
from console.web.public.store import Rendered, rendered
from shared.texts import LANGUAGES, Texts, texts

MAIN_MEASURE = "dispatches"
ROWS = 100  # of a register's page
HTML = b"text/html; charset=utf-8"
CSV = b"text/csv; charset=utf-8"
LANGUAGE_NAMES = {"zh": "中文", "en": "English", "ja": "日本語"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the pages about figures: what is offered, and the tables of this page."""

    offer: Offer
    tables: Mapping[tuple[str, int, str], Table]


@dataclass(frozen=True, slots=True)
class Statement:
    """What training states of a certificate; `found` None: no such certificate, or nothing was asked."""

    asked: str
    found: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Made:
    """What a page is made of. `simulated_day`: that it is where a calendar is played; None: today."""

    of: Any
    simulated_day: date | None


async def read(source: Sources, address: Address) -> Made:
    """Raises NoSuchPage, Away."""
    return Made(await _read(source, address), await source.simulated_day())


async def _read(source: Sources, address: Address) -> Any:
    if address.kind == "register":
        return await source.register()
    if address.kind == "notices":
        return await source.notices()
    if address.kind == "certificate":
        known = await source.certificate(address.wanted) if is_serial(address.wanted) else None
        return Statement(address.wanted, known)
    offer = await source.offer()
    return Figures(offer, await tables(source, offer, _wanted(address, offer)))


def _wanted(address: Address, offer: Offer) -> list[tuple[str, int, str]]:
    """The tables of a page. Raises NoSuchPage."""
    if address.kind == "table":
        offer.year(address.year)
        return [(address.measure, address.year, address.by)]
    if address.kind == "home":
        years = [one.year for one in offer.years]
        channels = [(MAIN_MEASURE, year, "channel") for year in years]
        last = [(MAIN_MEASURE, year, by) for year in years[-1:] for by in ("province", "destination")]
        return [(measure.name, year, measure.by[0]) for year in years for measure in offer.measures] + channels + last
    if address.kind == "year":
        offer.year(address.year)
        before = [(MAIN_MEASURE, address.year - 1, "channel")] if any(one.year == address.year - 1 for one in offer.years) else []
        own = [(measure.name, one.year, measure.by[0]) for one in offer.years for measure in offer.measures]
        return own + before + [(MAIN_MEASURE, address.year, by) for by in ("channel", "province", "destination")]
    return []


def render(address: Address, made: Made, read_at: datetime, away: str | None) -> Rendered:
    """Raises NoSuchPage for a page beyond the end of a list."""
    if address.csv:
        return _file(address, made.of)
    text = texts(address.language)
    values = _VALUES[address.kind](address, made.of, text)
    values["simulated_day"] = made.simulated_day
    return _page(f"public/{address.kind}.html", address, text, read_at=read_at, away=away, **values)


def _page(template: str, address: Address, text: Texts, **values: Any) -> Rendered:
    languages = [(code, LANGUAGE_NAMES[code], address.in_language(code).path) for code in LANGUAGES]
    values = {"csv": None, "simulated_day": None, **values}
    body = environment().get_template(template).render(t=text, address=address, languages=languages, **values)
    return rendered(body.encode(), HTML, (b"content-language", address.language.encode()))


def message(language: str, title: str, sentence: str) -> Rendered:
    """A page that only says something, such as that there is none of this address."""
    text = texts(language)
    address = Address(kind="home", language=language)
    return _page("public/message.html", address, text, title=text(title), message=text(sentence), read_at=None, away=None)


# --- figures --------------------------------------------------------------------------------------------------------------
def _home(_: Address, data: Figures, text: Texts) -> dict[str, Any]:
    offer = data.offer
    last = offer.years[-1] if offer.years else None
    return {
        "offer": offer,
        "totals": [(one, [data.tables[one.name, closed.year, one.by[0]].total for closed in offer.years]) for one in _counted(data)],
        "charts": figures.of_years(text, data.tables, offer, MAIN_MEASURE) + (_of_year(text, data, last.year) if last else []),
        "last": last,
    }


def _counted(data: Figures) -> list[PublicMeasure]:
    """Without those that nothing was ever recorded of: a 0 would say that it did not happen."""
    years = [one.year for one in data.offer.years]
    return [one for one in data.offer.measures if any(data.tables[one.name, year, one.by[0]].total != 0 for year in years)]


def _of_year(text: Texts, data: Figures, year: int) -> list[Any]:
    before = data.tables.get((MAIN_MEASURE, year - 1, "channel"))
    own = data.tables[MAIN_MEASURE, year, "channel"]
    parts = [figures.months(text, own, before), figures.map_of(text, data.tables[MAIN_MEASURE, year, "province"])]
    return [*parts, figures.flows(text, data.tables[MAIN_MEASURE, year, "destination"])]


def _year(address: Address, data: Figures, text: Texts) -> dict[str, Any]:
    offer = data.offer
    return {
        "offer": offer,
        "closed": offer.year(address.year),
        "totals": [(one, data.tables[one.name, address.year, one.by[0]].total) for one in _counted(data)],
        "charts": _of_year(text, data, address.year),
        "link": lambda measure, by: Address(kind="table", language=address.language, year=address.year, measure=measure, by=by).path,
    }


def _table(address: Address, data: Figures, text: Texts) -> dict[str, Any]:
    table = data.tables[address.measure, address.year, address.by]
    names = {code: name_of(text, table.by, code) for code, *_ in table.rows}
    others = [
        Address(kind="table", language=address.language, year=address.year, measure=address.measure, by=by) for by in table.measure.by
    ]
    return {
        "table": table,
        "rows": figures.ranked(table) if table.by == "destination" else table.rows,
        "title": figures.title_of(text, table),
        "names": names,
        "charts": figures.of_table(text, table),
        "others": others,
        "csv": address.as_csv().path,
    }


# --- registers ------------------------------------------------------------------------------------------------------------
def _register(address: Address, entries: Sequence[Entry], _: Texts) -> dict[str, Any]:
    wanted = address.wanted.casefold()
    found = [one for one in entries if wanted in one.name.casefold() or wanted in one.licence_no.casefold()]
    return {
        "entries": _cut(found, address.page),
        "number": len(found),
        **_paging(address, len(found)),
        "csv": address.as_csv().path,
        "name_of": name_of,
    }


def _notices(address: Address, found: Sequence[Notice], _: Texts) -> dict[str, Any]:
    return {"notices": _cut(found, address.page), "number": len(found), **_paging(address, len(found)), "csv": address.as_csv().path}


def _cut(rows: Sequence[Any], page: int) -> Sequence[Any]:
    """Raises NoSuchPage."""
    if page > 1 and (page - 1) * ROWS >= len(rows):
        raise NoSuchPage
    return rows[(page - 1) * ROWS : page * ROWS]


def _paging(address: Address, number: int) -> dict[str, str | None]:
    def path(page: int) -> str:
        return Address(kind=address.kind, language=address.language, wanted=address.wanted, page=page).path

    return {
        "previous": path(address.page - 1) if address.page > 1 else None,
        "following": path(address.page + 1) if address.page * ROWS < number else None,
    }


def _certificate(_address: Address, statement: Statement, text: Texts) -> dict[str, Any]:
    return {
        "asked": statement.asked,
        "wrong": bool(statement.asked) and not is_serial(statement.asked),
        "found": statement.found,
        "name_of": name_of,
        "day": lambda written: text.day(date.fromisoformat(written)),
    }


def _method(_address: Address, data: Figures, _: Texts) -> dict[str, Any]:
    return {"offer": data.offer, "vintage": read_map("china").vintage}


_VALUES: Mapping[str, Callable[[Address, Any, Texts], dict[str, Any]]] = {
    "home": _home,
    "year": _year,
    "table": _table,
    "register": _register,
    "notices": _notices,
    "certificate": _certificate,
    "method": _method,
}


def _file(address: Address, data: Any) -> Rendered:
    text = texts(address.language)
    if address.kind == "register":
        body, name = csv_files.register_file(data), "enterprises"
    elif address.kind == "notices":
        body, name = csv_files.notices_file(data), "notices"
    else:
        table = data.tables[address.measure, address.year, address.by]
        names = {code: name_of(text, table.by, code) for code, *_ in table.rows}
        body, name = csv_files.figure_file(table, names, text("left out")), f"{address.measure}-{address.year}-{address.by}"
    return rendered(body, CSV, (b"content-disposition", f'attachment; filename="{name}.csv"'.encode()))
