"""Screens as data: a list, one thing with what belongs to it, a command. screens/ holds those of each role.

A screen names the route of a service that answers it; columns and fields are names of that answer, filters are its query parameters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from markupsafe import Markup

from console.web import enterprises
from console.web.backend import Answer, ServiceRefused, filled, parts_of
from console.web.forms import Option
from console.web.names import IDENTIFIER, Names, names_in
from console.web.pages import DAY_COOKIE, LANGUAGE_COOKIE, Visitor, filled_in, pick, refused_text, render, show
from shared.principals import Principal, Role
from shared.texts import Texts

Item = Mapping[str, Any]
Options = Callable[[Visitor, Mapping[str, str]], Awaitable[Sequence[Option]]]
Shape = Callable[[Sequence[Item], Texts], Sequence[Item]]  # rows as they are shown
Known = Callable[[Visitor, Mapping[str, str]], Awaitable[Mapping[str, str]]]  # raises ServiceRefused
Resolve = Callable[[Visitor, str], Awaitable[str]]  # raises ServiceRefused

PAGE = 25  # rows: on a telephone a page of them is a few windows high
LONGEST_VALUE = 401  # characters in the query: a cursor has 400 at most
HISTORY = ("recorded", "effective", "type", "actor", "reason")
NOTHING = "There is nothing here."
SOON = 90  # days: what falls due later is not yet to be done


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How the form of an operation differs from what its schema alone gives.

    `first`: the command of the same service to begin with where a required list has nothing to choose from: there is no form then.

    `hidden`: body fields that come from the address (`?enterprise=...`) and are not asked for; `version` always is. `options`: fields to
    be chosen from a list; `suggested`: from a list or typed. `resolved`: fields for which a number that people use is typed, and what the
    service takes in its place.
    `then`: where to go afterwards, a path with {fields} of the answer, of the address or `back`.
    `now`: dotted field -> where in the thing it acts on its present value is, where not under the field's own name; "": nowhere.
    `filled`: dotted fields that stand at their present value: what is sent takes its place whole.
    """

    service: str
    operation: str
    hidden: tuple[str, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)
    suggested: Mapping[str, Options] = field(default_factory=dict)
    searched: Mapping[str, str] = field(default_factory=dict)  # dotted field of ids -> kind of thing that is looked for by name
    first: str | None = None
    unoffered: Mapping[str, str] = field(default_factory=dict)  # field -> a sentence: why there is nothing to choose, and what to do
    needed: tuple[str, ...] = ()  # fields that whoever is asked for them must fill in, though the schema has them without a value
    resolved: Mapping[str, Resolve] = field(default_factory=dict)
    then: str = "{back}"
    renamed: Mapping[str, str] = field(default_factory=dict)  # name in the address -> a sentence: what the command is called there
    note: str | None = None  # a sentence above the form
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()  # heading, and the fields under it; fields of none come last
    live: bool = True  # checked while it is filled in
    danger: bool = False  # cannot be taken back
    labels: Mapping[str, str] = field(default_factory=dict)  # field -> a sentence, where its own word says too little here
    hints: Mapping[str, str] = field(default_factory=dict)  # field -> a sentence: how it is filled in, where it has no hint of its own
    of_part: bool = False  # every part of the system has one: the form says whose it is
    local: bool = False  # a clerk of one county enters mostly what is of that county
    asked_of: Mapping[str, frozenset[Role]] = field(default_factory=dict)  # fields that only these roles are asked for
    known: Known | None = None  # what stands in other records already, filled in by dotted name
    now: Mapping[str, str] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    recorded: Known | None = None  # present values that the thing itself does not have, as they are shown, by dotted name


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Leads to a command's form. `parts`: name in the address -> field of the item it stands beside. `when`: whether it is there.

    `offers`: a command of the same address that the form offers besides, such as voiding what it corrects: one link beside a row for both.
    """

    service: str
    operation: str
    parts: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[Role] = frozenset(Role)
    when: Callable[[Item], bool] = lambda _item: True
    offers: str | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do where a list is empty: for roles that can do it. `when`: whether it can be done to the thing that the list is of."""

    sentence: str
    roles: frozenset[Role]
    when: Callable[[Item], bool] = lambda _item: True
    page: str | None = None  # where it is done


class State(str):
    """A sentence that says how things stand; one that is none says what somebody must do soon."""

    __slots__ = ()


def falling_due(line: str, day: date, today: date) -> str:
    """Something to do from SOON days before on."""
    return line if (day - today).days <= SOON else State(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScreen:
    path: str
    title: str  # a sentence of the catalogue, as all texts here
    service: str
    route: str
    columns: tuple[str, ...]
    roles: frozenset[Role]
    group: str | None = None  # heading in the navigation; None: not there
    filters: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)  # query parameters always sent; "{party}" is the visitor's own
    row: str | None = None  # where a row leads, a path with {fields}
    buttons: tuple[Button, ...] = ()
    row_buttons: tuple[Button, ...] = ()
    resolved: Mapping[str, Resolve] = field(default_factory=dict)  # filters for which a number that people use is typed, as of a Command
    searched: Mapping[str, str] = field(default_factory=dict)  # filters of ids -> kind of thing that is looked for by name
    labels: Mapping[str, str] = field(default_factory=dict)  # filter -> a sentence, where its own word says too little here
    hints: Mapping[str, str] = field(default_factory=dict)  # the same of its hint
    asked_of: Mapping[str, frozenset[Role]] = field(default_factory=dict)  # filters that only these roles are offered
    unchosen: Mapping[str, str] = field(default_factory=dict)  # filter -> a sentence: what is shown without it, where that is not all
    note: str | None = None
    explain: Callable[[Item, Texts], str | None] = lambda _answer, _text: None  # a sentence of the whole answer: why these rows
    due: str | None = None  # the column of the day by which something is to be done in every row; one that is past is marked
    at: str = "items"  # where in the answer the rows are
    empty: str = NOTHING  # where nobody chose a filter
    fits_filters: bool = False  # `empty` is right whatever is filtered by
    advice: Advice | None = None
    says: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # column -> sentences for values whose own word says too little
    rows: int = PAGE  # of a page: fewer where each takes many lines on a narrow window
    usual: Mapping[str, str] = field(default_factory=dict)  # filters until somebody chooses: what there is to do
    needed: tuple[str, ...] = ()  # filters that the service does not answer without: as usual, where nobody chooses
    sort: str | None = None  # until somebody chooses
    shape: Shape = lambda rows, _text: rows
    words: Mapping[str, str] = field(default_factory=dict)  # headings of columns, where not the word for the field
    beneath: Mapping[str, str] = field(default_factory=dict)  # column -> the earlier one in whose cells it stands, where there are many


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A list on the page of one thing. `parts` and `query`: name in the route -> field of the thing. `at`: where in the answer it is."""

    title: str
    service: str
    route: str
    columns: tuple[str, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    row: str | None = None
    buttons: tuple[Button, ...] = ()  # beside each row
    roles: frozenset[Role] = frozenset(Role)
    at: str = "items"
    key: str | None = None  # the column for the names, where the answer is an object of objects
    most: int | None = None  # rows that are asked for, where not as many as the service thinks right
    empty: str = NOTHING
    advice: Advice | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)  # query parameters always sent
    when: Callable[[Item], bool] = lambda _item: True  # whether it is there
    same: tuple[str, ...] = ()  # fields that a row has in common with the thing, where the route answers others' rows, too
    own: bool = False  # only for whom the thing is in reach of (ItemScreen.reaches)
    shape: Shape = lambda rows, _text: rows
    to_do: Callable[[Any, Item, Texts, date], Sequence[str]] = lambda _answer, _item, _text, _today: ()  # what comes next, by the answer
    words: Mapping[str, str] = field(default_factory=dict)  # headings of columns, where not the word for the field
    folded: bool = False  # its rows are seldom looked at
    shown: int = 20  # rows that are not folded


def history(service: str, route: str, parts: Mapping[str, str], roles: frozenset[Role] = frozenset(Role)) -> Part:
    """What became of the thing, as every service answers it."""
    return Part(title="History", service=service, route=route, parts=parts, columns=HISTORY, roles=roles)


def in_order_of(*names: str) -> Shape:
    """Rows that a service answers in the order of their ids, in one that people can follow."""
    return lambda rows, _text: sorted(rows, key=lambda row: [str(pick(row, name) or "") for name in names])


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScreen:
    """One thing: its fields, lists of what belongs to it, and what can be done with it.

    `tags`: fields shown as words beside the title. `groups`: heading -> fields, in place of `fields`. `tables`: title, field that is a
    list, and its columns. `links`: label, a path with {fields}, roles. `to_do`: what comes next, who must act and by when, as sentences.
    """

    path: str  # its {parts} are those of the route
    title: str  # with {fields}, such as "Worker {worker_no}", as they are shown
    above: str | None = None  # the path of the list that it belongs to, where its own does not begin with it
    service: str
    route: str
    roles: frozenset[Role]
    known_by: tuple[str, ...] = ()  # shown beside the title at the head of the forms of its commands
    fields: tuple[str, ...] = ()  # empty: all
    parts: tuple[Part, ...] = ()
    buttons: tuple[Button, ...] = ()
    note: str | None = None
    tags: tuple[str, ...] = ()
    groups: tuple[tuple[str | None, tuple[str, ...]], ...] = ()
    tables: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)  # field of a table -> a sentence: what is counted in it
    links: tuple[tuple[str, str, frozenset[Role]], ...] = ()
    to_do: Callable[[Item, Texts, date], Sequence[str]] = lambda _item, _text, _today: ()
    # Whether it lies within the visitor's scope: of what does not, there are no buttons, no links and no parts of its own.
    reaches: Callable[[Principal, Item], bool] = lambda _who, _item: True
    shape: Callable[[Item], Item] = lambda item: item  # as it is shown
    words: Mapping[str, str] = field(default_factory=dict)  # of fields, where not the word for the field
    unset: Mapping[str, str] = field(default_factory=dict)  # field -> a sentence: what it means that nothing is in it
    says: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # tag -> sentences for values whose own word says too little
    linked: Callable[[Item], Item] = lambda item: item  # what links are filled with; None for a field: the link is not there


Screen = ListScreen | ItemScreen


# --- what is asked for, and what stands where there is nothing ---------------------------------------------------------------
def asked_for(who: Visitor) -> list[tuple[str, str]]:
    """The query; too long a value is cut, and refused where it is asked for, rather than left out of what is asked."""
    return [(name, value[:LONGEST_VALUE]) for name, value in who.request.query_params.items()]


def empty_text(who: Visitor, screen: ListScreen | Part, item: Item, *, filtered: bool = False) -> str:
    """What stands where there is nothing, and what to do, for whoever can."""
    fits = not filtered or (isinstance(screen, ListScreen) and screen.fits_filters)
    advice, empty = screen.advice, who.text(screen.empty) if fits else who.text("Nothing matches the filter.")
    if advice is None or who.role not in advice.roles or not advice.when(item):
        return empty
    what = who.text(advice.sentence)
    between = " " if who.text.language == "en" else ""
    return Markup("{}{}{}").format(empty, between, Markup('<a href="{}">{}</a>').format(advice.page, what) if advice.page else what)


async def put_meant(who: Visitor, command: Command | ListScreen, body: dict[str, Any]) -> Answer | None:
    """Put what is meant in place of what was typed; the refusal, at its field, where that is nothing."""
    for name, resolve in command.resolved.items():
        if name in body and not IDENTIFIER.fullmatch(str(body[name])):
            try:
                body[name] = await resolve(who, str(body[name]))
            except ServiceRefused as refused:
                found = {"code": refused.answer.code, "errors": [{"field": name, "code": refused.answer.code}]}
                return Answer(status=refused.answer.status, body=found)
    return await _put_found(who, command, body)


async def _put_found(who: Visitor, command: Command | ListScreen, body: dict[str, Any]) -> Answer | None:
    """The same of what is looked for by name, one or several."""
    for at in command.searched:
        within, _, name = at.rpartition(".")
        holder = pick(body, within) if within else body
        typed = holder.get(name) if isinstance(holder, dict) else None
        try:
            if isinstance(typed, list):
                holder[name] = [await enterprises.meant(who, str(one)) for one in typed]
            elif typed is not None:
                holder[name] = await enterprises.meant(who, str(typed))
        except ServiceRefused as refused:
            code = refused.answer.code
            return Answer(status=refused.answer.status, body={"code": code, "errors": [{"field": at, "code": code}]})
    return None


# --- one thing -----------------------------------------------------------------------------------------------------------
async def item_page(who: Visitor, screen: ItemScreen) -> Response:
    item = await read_item(who, screen)
    own = screen.reaches(who.principal, item)
    there = [part for part in screen.parts if who.role in part.roles and part.when(item) and (own or not part.own)]
    parts = await asyncio.gather(*(_part(who, part, item) for part in there))
    names = await names_in(who.backend, [item, *(part.rows for part in parts)])
    linked, shown = screen.linked(item), screen.shape(item)
    lines = [*screen.to_do(item, who.text, who.today), *(line for one in parts for line in one.to_do)]
    return render(
        who,
        "item.html",
        screen=screen,
        above=screen.above,
        item=shown,
        names=names,
        title=title_of(who, screen.title, item, names),
        groups=_groups(screen, shown),
        to_do=[line for line in lines if not isinstance(line, State)],
        states=[line for line in lines if isinstance(line, State)],
        links=[(label, target) for label, at, roles in screen.links if own and who.role in roles and (target := address(at, linked))],
        parts=parts,
        buttons=[leads for one in screen.buttons if own and (leads := button(who, one, item))],
    )


def _groups(screen: ItemScreen, item: Item) -> Sequence[tuple[str | None, Sequence[str]]]:
    """Headings and fields of what there is."""
    groups = screen.groups or ((None, screen.fields or tuple(item)),)
    found = [(heading, filled_in(fields, item, screen.unset)) for heading, fields in groups]
    return [(heading, fields) for heading, fields in found if fields]


def title_of(who: Visitor, title: str, item: Item, names: Names | None = None) -> str:
    """`title` with the {fields} of the item as they are shown."""
    return who.text(
        title, **{name: show(who.text, name, value, names).striptags() for name, value in item.items() if not isinstance(value, dict)}
    )


async def read_item(who: Visitor, screen: ItemScreen) -> dict[str, Any]:
    """The answer, with the parts of its address. Raises ServiceRefused."""
    return await read_thing(who, screen, who.request.path_params)


async def read_thing(who: Visitor, screen: ItemScreen, given: Mapping[str, str]) -> dict[str, Any]:
    """The answer, with the parts of the page's address. Raises ServiceRefused."""
    found = await who.backend.get(screen.service, screen.route, **{part: given[part] for part in parts_of(screen.route)})
    return {**given, **found}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """A part as the template draws it; `problem` where its service does not answer."""

    part: Part
    columns: Sequence[str]
    rows: Sequence[Item]
    to_do: Sequence[str]
    more: bool
    problem: str | None
    empty: str
    link: Callable[[Item], str | None] | None
    buttons: Sequence[Sequence[ShownButton]]


async def ask_part(who: Visitor, part: Part, item: Item) -> tuple[Answer, list[Item]]:
    """The rows; none where the service does not answer."""
    path = filled(part.route, {name: pick(item, at) for name, at in part.parts.items()})
    query = {name: pick(item, at) for name, at in part.query.items()} | {**part.fixed, "limit": part.most}
    answer = await who.backend.send("GET", part.service, path, query=query)
    rows = _rows(answer.body if answer.ok else [], part)
    return answer, [row for row in rows if all(row[name] == item[name] for name in part.same)]


async def _part(who: Visitor, part: Part, item: Item) -> ShownPart:
    answer, found = await ask_part(who, part, item)
    page = answer.body if answer.ok else []
    items = part.shape(found, who.text)
    return ShownPart(
        part=part,
        columns=own_left_out(who, part.columns),
        rows=items,
        to_do=part.to_do(page, item, who.text, who.today) if answer.ok else (),
        more=isinstance(page, dict) and bool(page.get("next")),
        empty=empty_text(who, part, item),
        problem=None if answer.ok or answer.status == HTTPStatus.NOT_FOUND else refused_text(who.text, answer),
        link=(lambda one: address(part.row, {**item, **one})) if part.row else None,
        buttons=[[shown for one in part.buttons if (shown := button(who, one, {**item, **row}))] for row in items],
    )


def _rows(page: Any, part: Part) -> list[Item]:
    """The list at `part.at`; an object of objects or of numbers there, each with its name; all of the answer where nothing is there."""
    found: Any = page if isinstance(page, list) else pick(page, part.at)
    if found is None:
        return [page]
    return (
        [{part.key: name, **(one if isinstance(one, Mapping) else {part.at: one})} for name, one in found.items()]
        if part.key
        else list(found)
    )


def address(pattern: str | None, item: Item) -> str | None:
    """`pattern` with {fields} of the item filled in; None where one of them is missing."""
    if pattern is None:
        return None
    values = {name: pick(item, name) for name in parts_of(pattern)}
    return filled(pattern, values) if all(value not in (None, ".", "..") for value in values.values()) else None


# --- buttons -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ShownButton:
    label: str
    address: str
    danger: bool
    plain: bool = False  # a link


PARTY = {Role.ENTERPRISE: "enterprise", Role.TRAINER: "centre"}  # role -> field that says whose a thing is


def own_left_out(who: Visitor, columns: Sequence[str]) -> Sequence[str]:
    """Without the column of the enterprise or centre that the visitor acts for: every row would say the same."""
    return [one for one in columns if one != PARTY.get(who.role)] or columns


def _is_anothers(who: Visitor, item: Item) -> bool:
    """Whether the thing belongs to another enterprise or centre than the visitor acts for: the service would refuse."""
    owner = item.get(PARTY.get(who.role, ""))
    return owner is not None and owner != who.principal.party


def button(who: Visitor, wanted: Button, item: Item) -> ShownButton | None:
    """None where the role has no such command, or it makes no sense now."""
    if who.role not in wanted.roles or _is_anothers(who, item) or not wanted.when(item):
        return None
    parts = {name: pick(item, at) for name, at in wanted.parts.items()}
    if item.get("version") is not None:
        parts["version"] = item["version"]
    query = urlencode({name: value for name, value in parts.items() if value is not None} | {"back": _here(who)})
    command = command_of(who, wanted.service, wanted.operation)
    label = called(who, command, wanted.operation.replace("_", " ").title(), parts) if wanted.offers is None else who.text("Put right …")
    return ShownButton(label, f"/do/{wanted.service}/{wanted.operation}?{query}", command.danger, plain=wanted.offers is not None)


def called(who: Visitor, command: Command, summary: str, asked: Mapping[str, Any]) -> str:
    """What the command is called at an address with `asked`."""
    own = next((name for at, name in command.renamed.items() if at in asked), None)
    return who.text(own) if own else who.text.word("command", summary)


def _here(who: Visitor) -> str:
    """The page, with what it was asked for: a list is come back to as it was. Without what was done before, and what is too long."""
    of_visit = {"done", "earlier", LANGUAGE_COOKIE, DAY_COOKIE}
    kept = urlencode([(name, value) for name, value in who.request.query_params.multi_items() if name not in of_visit])
    path = who.request.url.path
    return f"{path}?{kept}" if kept and len(path) + len(kept) < LONGEST_VALUE - 1 else path


def command_of(who: Visitor, service: str, operation: str) -> Command:
    """How its form differs; as its schema has it where nothing is declared."""
    declared: Mapping[tuple[str, str], Command] = who.request.app.state.commands
    return declared.get((service, operation)) or Command(service=service, operation=operation)
