"""What a form acts on, read once more with the visitor's own token and shown at its head.

That is: the page it was opened from, the things that its address names, the row of the page which its button stood beside, and the worker
whom these concern. Nothing is taken from the address but ids. What a service does not answer, or not to this visitor, is left out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from markupsafe import Markup

from console.web.backend import ServiceRefused, parts_of
from console.web.documents import Operation
from console.web.listing import read_list
from console.web.names import IDENTIFIER, Names, names_in
from console.web.pages import Visitor, columns_in, in_cell, pick, show
from console.web.screen import Button, Item, ItemScreen, ListScreen, Part, Screen, ask_part, read_thing, title_of
from console.web.sessions import own_path


class PageAt(NamedTuple):
    """A page: its screen, the parts of its address and its query."""

    screen: Screen
    given: Mapping[str, str]
    query: Mapping[str, str]


class Subject(NamedTuple):
    """As the template draws it. `facts`: label and value."""

    title: str
    tags: Sequence[Markup]
    facts: Sequence[tuple[str, Markup]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActedOn:
    """`thing`: the row, else the thing of the command's own address, as it is recorded now. `unset`: of its page, as of an ItemScreen."""

    shown: Sequence[Subject]
    thing: Item | None
    names: Names
    offers: str | None = None  # as of the Button that it was opened by
    unset: Mapping[str, str] = field(default_factory=dict)


Things = dict[tuple[str, str], tuple[ItemScreen, Item]]  # by page
NOTHING = ActedOn(shown=(), thing=None, names={})


async def read_subjects(who: Visitor, operation: Operation, asked: Mapping[str, str]) -> ActedOn:
    """Of a form at an address with `asked`."""
    opened = page_at(who, asked.get("back"))
    places = {_key(one): one for one in (opened, *_named(who, operation.service, asked)) if one is not None and is_named(one.screen)}
    things = await _things(who, list(places.values()))
    held = await _row(who, operation, asked, opened, things) if opened is not None else None
    rows = [held.row] if held is not None else []
    things |= await _worker(who, [*rows, *(item for _, item in things.values())], things)
    names = await names_in(who.backend, [*rows, *(item for _, item in things.values())])
    own = [(screen, item) for screen, item in things.values() if operation.parts and _last_part(screen) == operation.parts[-1]]
    shown = [_subject(who, screen, item, names) for screen, item in things.values()]
    if held is not None and not own:  # the page of the thing itself says it already
        shown.append(Subject(who.text(held.title), (), _facts(who, held.columns, held.row, names, held.words)))
    screen, thing = next(iter(own), (None, None))
    unset = screen.unset if screen is not None and not rows else {}
    offers = held.button.offers if held is not None and held.button.operation == operation.name else None
    return ActedOn(shown=shown, thing=next(iter(rows), thing), names=names, offers=offers, unset=unset)


# --- pages ---------------------------------------------------------------------------------------------------------------
def page_at(who: Visitor, address: str | None) -> PageAt | None:
    """The screen at an address of the console that the visitor's role has."""
    path, _, query = own_path(address, "").partition("?")
    found = [(screen, fits) for screen in _screens(who) if (fits := _pattern(screen.path).fullmatch(path))]
    if not found:
        return None
    screen, fits = min(found, key=lambda one: one[0].path.count("{"))  # /placements/stuck is none of /placements/{placement}
    return PageAt(screen, {name: unquote(part) for name, part in fits.groupdict().items()}, dict(parse_qsl(query, keep_blank_values=True)))


def _screens(who: Visitor) -> Iterable[Screen]:
    screens: Sequence[Screen] = who.request.app.state.screens
    return (screen for screen in screens if who.role in screen.roles)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _key(place: PageAt) -> tuple[str, str]:
    return place.screen.path, str(sorted(place.given.items()))


def _last_part(screen: Screen) -> str | None:
    """The {part} that its path ends with: what it is the page of."""
    return parts_of(screen.path)[-1] if screen.path.endswith("}") else None


def _named(who: Visitor, service: str, asked: Mapping[str, str]) -> Iterator[PageAt]:
    """The page of each thing that the address names; of several with one such part, that of the same service."""
    for name in asked:
        pages = [one for one in _screens(who) if _last_part(one) == name and set(parts_of(one.path)) <= set(asked)]
        own = [one for one in pages if one.service == service] or pages
        if len(own) == 1:
            yield PageAt(own[0], {part: asked[part] for part in parts_of(own[0].path)}, {})


def is_named(screen: Screen) -> bool:
    """Whether anything on it says which thing it is: a page that does not, such as that of a secret, is not read for a form."""
    return isinstance(screen, ItemScreen) and bool(screen.known_by or parts_of(screen.title))


async def _things(who: Visitor, places: Sequence[PageAt]) -> Things:
    """Those that are answered."""
    pages = [(place, place.screen) for place in places if isinstance(place.screen, ItemScreen)]
    found = await asyncio.gather(*(_thing(who, screen, place.given) for place, screen in pages))
    return {_key(place): (screen, item) for (place, screen), item in zip(pages, found, strict=True) if item is not None}


async def _thing(who: Visitor, screen: ItemScreen, given: Mapping[str, str]) -> Item | None:
    try:
        return await read_thing(who, screen, given)
    except ServiceRefused:
        return None


async def _worker(who: Visitor, found: Iterable[Item], known: Things) -> Things:
    """The worker whom it concerns, where the visitor may see one: a number is easily mistaken, with a name beside it less so."""
    worker = next((one["worker"] for one in found if IDENTIFIER.fullmatch(str(one.get("worker")))), None)
    place = page_at(who, f"/workers/{worker}") if worker else None
    return await _things(who, [place]) if place is not None and _key(place) not in known else {}


# --- rows ----------------------------------------------------------------------------------------------------------------
class Row(NamedTuple):
    """A row that a button stood beside, in the list of that title."""

    title: str
    columns: Sequence[str]
    words: Mapping[str, str]
    row: Item
    button: Button


async def _row(who: Visitor, operation: Operation, asked: Mapping[str, str], opened: PageAt, things: Things) -> Row | None:
    if isinstance(opened.screen, ListScreen):
        return await _row_of_list(who, opened.screen, operation, asked, opened.query)
    screen, item = things.get(_key(opened), (None, {}))
    for part in screen.parts if screen is not None else ():
        wanted = _button(part.buttons, operation)
        if wanted is not None and who.role in part.roles:
            rows = part.shape((await ask_part(who, part, item))[1], who.text)
            return _beside(part, rows, wanted, asked, item)
    return None


async def _row_of_list(
    who: Visitor, screen: ListScreen, operation: Operation, asked: Mapping[str, str], query: Mapping[str, str]
) -> Row | None:
    wanted = _button(screen.row_buttons, operation)
    if wanted is None:
        return None
    try:
        found = await read_list(who, screen, query)
    except ServiceRefused:
        return None
    return _beside(screen, found.items, wanted, asked, {})


def _button(buttons: Iterable[Button], operation: Operation) -> Button | None:
    return next((one for one in buttons if one.service == operation.service and operation.name in (one.operation, one.offers)), None)


def _beside(holder: ListScreen | Part, rows: Iterable[Item], wanted: Button, asked: Mapping[str, str], item: Item) -> Row | None:
    """The row whose button has this address."""
    words = holder.words if isinstance(holder, Part) else {}
    for row in rows:
        whole = {**item, **row}
        if all((value := pick(whole, at)) is None or str(value) == asked.get(name) for name, at in wanted.parts.items()):
            return Row(holder.title, holder.columns, words, whole if isinstance(holder, Part) else row, wanted)
    return None


# --- as it is drawn --------------------------------------------------------------------------------------------------------
def _subject(who: Visitor, screen: ItemScreen, item: Item, names: Names) -> Subject:
    tags = [show(who.text, at.rpartition(".")[2], value, names) for at in screen.tags if (value := pick(item, at)) is not None]
    return Subject(title_of(who, screen.title, item, names), tags, _facts(who, screen.known_by, item, names, {}))


def _facts(who: Visitor, columns: Sequence[str], item: Item, names: Names, words: Mapping[str, str]) -> list[tuple[str, Markup]]:
    """What there is in these columns."""
    there = [at for at in columns if pick(item, at) not in (None, "", [], {})]
    shown = columns_in(who.text, there, [item], words)
    return [(one.label, in_cell(who.text, one.name, pick(item, one.at), names)) for one in shown]
