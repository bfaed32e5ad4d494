"""Screens as data: a list, one thing with what belongs to it, a command. screens/ holds those of each role.

A screen names the route of a service that answers it; columns and fields are names of that answer, filters are its query parameters.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from console.web import choices, forms
from console.web.backend import Answer, ServiceRefused, filled, parts_of
from console.web.documents import Operation
from console.web.forms import Field, Given, Option
from console.web.names import IDENTIFIER, Names, names_in
from console.web.pages import Visitor, error_text, lead_on, pick, refused_text, render, show
from console.web.sessions import own_path
from console.web.sorting import orders_of, sorting_by
from shared import reference
from shared.principals import Forbidden, Principal, Role
from shared.texts import Texts

Item = Mapping[str, Any]
Options = Callable[[Visitor, Mapping[str, str]], Awaitable[Sequence[Option]]]
Known = Callable[[Visitor, Mapping[str, str]], Awaitable[Mapping[str, str]]]  # raises ServiceRefused
Resolve = Callable[[Visitor, str], Awaitable[str]]  # raises ServiceRefused

PAGE = 50  # rows
LONGEST_VALUE = 401  # characters in the query: a cursor has 400 at most
HISTORY = ("recorded", "effective", "type", "actor", "reason")
NOTHING = "There is nothing here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How the form of an operation differs from what its schema alone gives.

    `hidden`: body fields that come from the address (`?enterprise=...`) and are not asked for; `version` always is. `options`: fields to
    be chosen from a list. `resolved`: fields for which a number that people use is typed, and what the service takes in its place.
    `then`: where to go afterwards, a path with {fields} of the answer, of the address or `back`.
    """

    service: str
    operation: str
    hidden: tuple[str, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)
    resolved: Mapping[str, Resolve] = field(default_factory=dict)
    then: str = "{back}"
    note: str | None = None  # a sentence above the form
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()  # heading, and the fields under it; fields of none come last
    live: bool = True  # checked while it is filled in
    danger: bool = False  # cannot be taken back
    labels: Mapping[str, str] = field(default_factory=dict)  # field -> a sentence, where its own word says too little here
    local: bool = False  # a clerk of one county enters mostly what is of that county
    asked_of: Mapping[str, frozenset[Role]] = field(default_factory=dict)  # fields that only these roles are asked for
    known: Known | None = None  # what stands in other records already, filled in by dotted name
    now: str | None = None  # the route that answers what is recorded, shown at each field; its {parts} are in the address


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Leads to a command's form. `parts`: name in the address -> field of the item it stands beside. `when`: whether it is there."""

    service: str
    operation: str
    parts: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[Role] = frozenset(Role)
    when: Callable[[Item], bool] = lambda _item: True


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
    labels: Mapping[str, str] = field(default_factory=dict)  # filter -> a sentence, where its own word says too little here
    note: str | None = None
    at: str = "items"  # where in the answer the rows are
    empty: str = NOTHING  # what to do where there is nothing
    usual: Mapping[str, str] = field(default_factory=dict)  # filters until somebody chooses: what there is to do
    sort: str | None = None  # until somebody chooses
    shape: Callable[[Sequence[Item]], Sequence[Item]] = lambda rows: rows  # as they are shown


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
    fixed: Mapping[str, str] = field(default_factory=dict)  # query parameters always sent
    when: Callable[[Item], bool] = lambda _item: True  # whether it is there
    own: bool = False  # only for whom the thing is in reach of (ItemScreen.reaches)
    shape: Callable[[Sequence[Item]], Sequence[Item]] = lambda rows: rows  # as they are shown
    to_do: Callable[[Sequence[Item], Texts], Sequence[str]] = lambda _rows, _text: ()  # what comes next, by its rows
    words: Mapping[str, str] = field(default_factory=dict)  # headings of columns, where not the word for the field


def history(service: str, route: str, parts: Mapping[str, str], roles: frozenset[Role] = frozenset(Role)) -> Part:
    """What became of the thing, as every service answers it."""
    return Part(title="History", service=service, route=route, parts=parts, columns=HISTORY, roles=roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScreen:
    """One thing: its fields, lists of what belongs to it, and what can be done with it.

    `tags`: fields shown as words beside the title. `groups`: heading -> fields, in place of `fields`. `tables`: title, field that is a
    list, and its columns. `links`: label, a path with {fields}, roles. `to_do`: what comes next, who must act and by when, as sentences.
    """

    path: str  # its {parts} are those of the route
    title: str  # with {fields}, such as "Worker {worker_no}", as they are shown
    service: str
    route: str
    roles: frozenset[Role]
    fields: tuple[str, ...] = ()  # empty: all
    parts: tuple[Part, ...] = ()
    buttons: tuple[Button, ...] = ()
    note: str | None = None
    tags: tuple[str, ...] = ()
    groups: tuple[tuple[str | None, tuple[str, ...]], ...] = ()
    tables: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    links: tuple[tuple[str, str, frozenset[Role]], ...] = ()
    to_do: Callable[[Item, Texts], Sequence[str]] = lambda _item, _text: ()
    # Whether it lies within the visitor's scope: of what does not, there are no buttons, no links and no parts of its own.
    reaches: Callable[[Principal, Item], bool] = lambda _who, _item: True
    linked: Callable[[Item], Item] = lambda item: item  # what links are filled with; None for a field: the link is not there


Screen = ListScreen | ItemScreen


# --- lists -------------------------------------------------------------------------------------------------------------
async def list_page(who: Visitor, screen: ListScreen) -> Response:
    operation = await who.documents.operation(screen.service, screen.route)
    asked = {name: choices.meant(kind, value) if (kind := _choice(operation, name)) else value for name, value in _asked(who)}
    chosen = any(name in asked for name in screen.filters)
    wanted = {name: asked[name] for name in screen.filters if asked.get(name)} if chosen else dict(screen.usual)
    kept = wanted or (dict.fromkeys(screen.filters[:1], "") if screen.usual else {})  # a filter left empty is chosen, too
    known = orders_of(operation)
    order = {"sort": asked["sort"]} if asked.get("sort") in known else {"sort": screen.sort} if screen.sort else {}
    fixed = {name: value.format(party=who.principal.party) for name, value in screen.fixed.items()}
    query: dict[str, Any] = {**wanted, **fixed, **order, "after": asked.get("after"), "limit": PAGE}
    answer = await _resolve(who, screen, query) or await who.backend.ask("GET", screen.service, operation.path, query)
    errors = {error["field"]: error_text(who.text, error) for error in answer.errors}
    if not answer.ok and not errors:
        raise ServiceRefused(answer)
    page = answer.body if answer.ok else {screen.at: [], "next": None}
    items = screen.shape(page if isinstance(page, list) else page[screen.at])
    following = page.get("next") if isinstance(page, dict) else None
    return render(
        who,
        "list.html",
        screen=screen,
        items=items,
        names=await names_in(who.backend, items),
        filters=_filters(who, operation, screen, wanted, errors),
        columns=[column for column in screen.columns if column != PARTY.get(who.role)],
        following="?" + urlencode({**kept, **order, "after": following}) if following else None,
        sorting={one: sorting_by(one, order.get("sort", fixed.get("sort", "id")), kept) for one in (*screen.columns, "id") if one in known},
        order=asked.get("sort"),
        everything="?" + urlencode(dict.fromkeys(screen.filters[:1], "")),
        beginning="?" + urlencode({**kept, **order}) if "after" in asked else None,
        link=lambda item: address(screen.row, item),
        buttons=[shown for one in screen.buttons if (shown := button(who, one, {}))],
        row_buttons=[[shown for one in screen.row_buttons if (shown := button(who, one, row))] for row in items],
    )


def _asked(who: Visitor) -> list[tuple[str, str]]:
    """The query; too long a value is cut, and refused where it is asked for, rather than left out of what is asked."""
    return [(name, value[:LONGEST_VALUE]) for name, value in who.request.query_params.items()]


def _choice(operation: Operation, name: str) -> str | None:
    schema = operation.resolve(operation.query.get(name, {}))
    return forms.choice_of(name, schema)


def _filters(who: Visitor, operation: Operation, screen: ListScreen, wanted: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    schema = {"type": "object", "properties": {name: operation.query[name] for name in screen.filters if name in operation.query}}
    given = Given(presets=wanted, labels=screen.labels)
    drawn = forms.draw(replace(operation, body=schema), who.text, given=given, errors=errors)
    for one in drawn:
        one.required = False
    return drawn


# --- one thing -----------------------------------------------------------------------------------------------------------
async def item_page(who: Visitor, screen: ItemScreen) -> Response:
    item = await read_item(who, screen)
    own = screen.reaches(who.principal, item)
    there = [part for part in screen.parts if who.role in part.roles and part.when(item) and (own or not part.own)]
    parts = await asyncio.gather(*(_part(who, part, item) for part in there))
    names = await names_in(who.backend, [item, *(part.rows for part in parts)])
    linked = screen.linked(item)
    return render(
        who,
        "item.html",
        screen=screen,
        item=item,
        names=names,
        title=title_of(who, screen.title, item, names),
        groups=screen.groups or ((None, screen.fields or tuple(item)),),
        to_do=[*screen.to_do(item, who.text), *(line for one in parts for line in one.to_do)],
        links=[(label, target) for label, at, roles in screen.links if own and who.role in roles and (target := address(at, linked))],
        parts=parts,
        buttons=[shown for one in screen.buttons if own and (shown := button(who, one, item))],
    )


def title_of(who: Visitor, title: str, item: Item, names: Names | None = None) -> str:
    """`title` with the {fields} of the item as they are shown."""
    return who.text(
        title, **{name: show(who.text, name, value, names).striptags() for name, value in item.items() if not isinstance(value, dict)}
    )


async def read_item(who: Visitor, screen: ItemScreen) -> dict[str, Any]:
    """The answer, with the parts of its address. Raises ServiceRefused."""
    given = who.request.path_params
    found = await who.backend.get(screen.service, screen.route, **{part: given[part] for part in parts_of(screen.route)})
    return {**given, **found}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """A part as the template draws it; `problem` where its service does not answer."""

    part: Part
    rows: Sequence[Item]
    to_do: Sequence[str]
    more: bool
    problem: str | None
    link: Callable[[Item], str | None] | None
    buttons: Sequence[Sequence[ShownButton]]


async def _part(who: Visitor, part: Part, item: Item) -> ShownPart:
    path = filled(part.route, {name: pick(item, at) for name, at in part.parts.items()})
    query = {name: pick(item, at) for name, at in part.query.items()} | {**part.fixed, "limit": part.most}
    answer = await who.backend.send("GET", part.service, path, query=query)
    page: Any = answer.body if answer.ok else []
    found = _rows(page, part)
    items = part.shape(found)
    return ShownPart(
        part=part,
        rows=items,
        to_do=part.to_do(found, who.text),
        more=isinstance(page, dict) and bool(page.get("next")),
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
    return filled(pattern, values) if all(value is not None for value in values.values()) else None


# --- commands ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ShownButton:
    label: str
    address: str
    danger: bool


PARTY = {Role.ENTERPRISE: "enterprise", Role.TRAINER: "centre"}  # role -> field that says whose a thing is


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
    query = urlencode({name: value for name, value in parts.items() if value is not None} | {"back": who.request.url.path})
    summary = wanted.operation.replace("_", " ").title()
    return ShownButton(
        who.text.word("command", summary),
        f"/do/{wanted.service}/{wanted.operation}?{query}",
        _command(who, wanted.service, wanted.operation).danger,
    )


def _command(who: Visitor, service: str, operation: str) -> Command:
    declared: Mapping[tuple[str, str], Command] = who.request.app.state.commands
    return declared.get((service, operation)) or Command(service=service, operation=operation)


async def _operation(who: Visitor, service: str, name: str) -> Operation:
    """Raises OperationNotFound, Forbidden."""
    operation = await who.documents.operation(service, name)
    if operation.method != "POST" or (operation.roles and who.role not in operation.roles):
        raise Forbidden(f"the role {who.role} may not do this")
    return operation


async def _given_to(who: Visitor, command: Command) -> Given:
    asked = dict(_asked(who))
    options = dict(zip(command.options, await asyncio.gather(*(one(who, asked) for one in command.options.values())), strict=True))
    hidden = {name: asked[name] for name in command.hidden if name in asked} | {"version": asked.get("version", "")} | _own(who)
    hidden |= {name: "" for name, roles in command.asked_of.items() if who.role not in roles}
    known = await command.known(who, asked) if command.known is not None and who.request.method == "GET" else {}
    presets = {**known, **(_own_county(who) if command.local else {})} | {
        name: value for name, value in asked.items() if name not in hidden
    }
    return Given(hidden=hidden, options=options, presets=presets, labels=command.labels, now=await _now(who, command, asked))


def _own(who: Visitor) -> dict[str, str]:
    """The enterprise or centre that the visitor acts for is not asked for."""
    return {PARTY[who.role]: who.principal.party} if who.role in PARTY and who.principal.party else {}


def _own_county(who: Visitor) -> dict[str, str]:
    regions = who.principal.regions
    return {"county": regions[0]} if len(regions) == 1 and regions[0] in reference.counties() else {}


async def _now(who: Visitor, command: Command, asked: Mapping[str, str]) -> dict[str, str]:
    """What is recorded, by field, as it is shown. What the service does not answer is left out."""
    if command.now is None:
        return {}
    answer = await who.backend.send(
        "GET", command.service, filled(command.now, {part: asked.get(part, "") for part in parts_of(command.now)})
    )
    found: dict[str, Any] = {**answer.body.get("personal", {}), **answer.body} if answer.ok else {}
    return {name: str(show(who.text, name, value).striptags()) for name, value in found.items() if value is not None}


async def command_page(who: Visitor, service: str, name: str) -> Response:
    """The empty form."""
    operation, command = await _operation(who, service, name), _command(who, service, name)
    fields = forms.draw(operation, who.text, given=await _given_to(who, command))
    return _form(who, operation, command, fields, key=secrets.token_urlsafe(18))


async def send_command(who: Visitor, service: str, name: str) -> Response:
    """Send what was typed. What is refused comes back as the form, with the reason at its field and everything still in it.

    The form's own key makes a second click, or a second try after a lost answer, the same command.
    """
    operation, command = await _operation(who, service, name), _command(who, service, name)
    form = await who.request.form(max_files=0, max_fields=5000)
    posted = forms.typed_in(form)
    given = await _given_to(who, command)
    posted = [(at, choices.meant(kind, value) if value and (kind := _field_choice(operation, at)) else value) for at, value in posted]
    body = forms.read(operation, posted, hidden=_typed_hidden(operation, given.hidden))
    asked = dict(_asked(who))
    path = filled(operation.path, {part: asked.get(part, "") for part in operation.parts})
    key, checking = str(form.get("_key") or "")[:100], form.get("_check") == "1"
    answer = await _resolve(who, command, body)
    if answer is None:
        answer = await who.backend.command(service, path, body if operation.body else {}, key, dry_run=checking)
    if answer.ok:
        return Response(status_code=204) if checking else _done(who, operation, command, answer, asked)
    errors = {error["field"]: error_text(who.text, error) for error in answer.errors}
    fields = forms.draw(operation, who.text, posted or [("_", "")], errors, given)
    at_fields = set(forms.error_names(fields))
    elsewhere = [f"{who.text.word('field', at)}: {why}" for at, why in errors.items() if not _has_place(at, at_fields)]
    return _form(
        who, operation, command, fields, key=key, status=answer.status, problem=refused_text(who.text, answer), elsewhere=elsewhere
    )


async def _resolve(who: Visitor, command: Command | ListScreen, body: dict[str, Any]) -> Answer | None:
    """Put what is meant in place of what was typed; the refusal, at its field, where that is nothing."""
    for name, resolve in command.resolved.items():
        if name in body and not IDENTIFIER.fullmatch(str(body[name])):
            try:
                body[name] = await resolve(who, str(body[name]))
            except ServiceRefused as refused:
                found = {"code": refused.answer.code, "errors": [{"field": name, "code": refused.answer.code}]}
                return Answer(status=refused.answer.status, body=found)
    return None


def _has_place(name: str, names: set[str]) -> bool:
    """Also where only a field above it is shown: wage for wage.minor."""
    while name:
        if name in names:
            return True
        name = name.rpartition(".")[0]
    return False


def _typed_hidden(operation: Operation, hidden: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in forms.read(operation, list(hidden.items())).items() if name in hidden}


def _field_choice(operation: Operation, name: str) -> str | None:
    """The kind of choice that a dotted field is, if it is one."""
    schema = operation.resolve(operation.body or {})
    for piece in name.split("."):
        if schema.get("type") == "array":
            schema = operation.resolve(schema["items"])
        schema = schema if piece.isdecimal() else operation.resolve(schema.get("properties", {}).get(piece, {}))
    if schema.get("type") == "array":
        schema = operation.resolve(schema["items"])
    return forms.choice_of(name.rpartition(".")[2], schema)


def _done(who: Visitor, operation: Operation, command: Command, answer: Answer, asked: Mapping[str, str]) -> Response:
    found = answer.body if isinstance(answer.body, dict) else {}
    target = own_path(asked.get("back")) if command.then == "{back}" else address(command.then, {**asked, **found}) or "/"
    return lead_on(who, target, operation.summary)


def _sections(command: Command, fields: Sequence[Field]) -> list[tuple[str | None, list[Field]]]:
    """The fields under their headings, in the order of the command's sections."""
    named = [(heading, [one for name in names for one in fields if one.name == name]) for heading, names in command.sections]
    placed = {name for _, names in command.sections for name in names}
    return [(heading, found) for heading, found in (*named, (None, [one for one in fields if one.name not in placed])) if found]


def _form(
    who: Visitor,
    operation: Operation,
    command: Command,
    fields: Sequence[Field],
    *,
    key: str,
    status: int = 200,
    problem: str | None = None,
    elsewhere: Sequence[str] = (),
) -> Response:
    return render(
        who,
        "command.html",
        status=status,
        operation=operation,
        command=command,
        sections=_sections(command, fields),
        needs=any(one.required for one in fields),
        key=key,
        problem=problem,
        elsewhere=elsewhere,
        back=own_path(who.request.query_params.get("back")),
    )
