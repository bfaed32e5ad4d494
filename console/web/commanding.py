"""Forms of commands: opened with what is known already, checked while they are filled in, sent, and led on from."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from console.web import choices, enterprises, forms
from console.web.backend import Answer, ServiceRefused, filled
from console.web.documents import Operation
from console.web.forms import Field, Given, Option
from console.web.pages import FEW, Visitor, error_text, is_nothing, lead_on, pick, refused_text, render, show
from console.web.screen import PARTY, Command, ItemScreen, Options, address, asked_for, called, command_of, put_meant
from console.web.sessions import own_path
from console.web.subjects import NOTHING, ActedOn, page_at, read_subjects
from shared import reference
from shared.principals import Forbidden
from shared.texts import sentence

NOT_RECORDED = sentence("nothing is recorded")
# Commands that put something right or in another's place: what is recorded now stands beside each field.
CORRECTING = ("correct_", "amend_", "change_", "set_", "renew_", "extend_", "transfer_", "staff_", "assign_", "triage_", "revise_")


async def _operation(who: Visitor, service: str, name: str) -> Operation:
    """Raises OperationNotFound, Forbidden."""
    operation = await who.documents.operation(service, name)
    if operation.method != "POST" or (operation.roles and who.role not in operation.roles):
        raise Forbidden(f"the role {who.role} may not do this")
    return operation


async def _given_to(who: Visitor, command: Command) -> Given:
    asked = dict(asked_for(who))
    options, suggested = await asyncio.gather(*(_offered(who, some, asked) for some in (command.options, command.suggested)))
    hidden = {name: asked[name] for name in command.hidden if name in asked} | {"version": asked.get("version", "")} | _own(who)
    hidden |= {name: "" for name, roles in command.asked_of.items() if who.role not in roles}
    known = await command.known(who, asked) if command.known is not None and who.request.method == "GET" else {}
    presets = {**known, **(_own_county(who) if command.local else {})} | {
        name: value for name, value in asked.items() if name not in hidden
    }
    return Given(
        hidden=hidden,
        options=options,
        suggested=suggested,
        presets=presets,
        labels=command.labels,
        hints=command.hints,
        searched=command.searched,
        called=await enterprises.called(who, [presets[at] for at in command.searched if at in presets]),
        unoffered=command.unoffered,
        needed=command.needed,
    )


async def _offered(who: Visitor, lists: Mapping[str, Options], asked: Mapping[str, str]) -> dict[str, Sequence[Option]]:
    return dict(zip(lists, await asyncio.gather(*(one(who, asked) for one in lists.values())), strict=True))


async def _beside(who: Visitor, operation: Operation, command: Command, acted: ActedOn, given: Given) -> Given:
    """With what is recorded now, which only a form that is drawn needs; a long list that stands in its field is not shown twice."""
    now = {**_now(who, operation, command, acted), **await _recorded(who, command, dict(asked_for(who)))}
    filled, chosen = _filled(operation, command, acted)
    stands = set() if who.request.method == "POST" else _standing(operation, command, acted) - given.presets.keys()
    now = {name: value for name, value in now.items() if name not in stands and len(chosen.get(name, ())) <= FEW}
    called = {**given.called, **{one: acted.names[one] for ids in chosen.values() for one in ids if one in acted.names}}
    return replace(given, now=now, presets={**filled, **given.presets}, chosen=chosen, called=called)


def _own(who: Visitor) -> dict[str, str]:
    """The enterprise or centre that the visitor acts for is not asked for."""
    return {PARTY[who.role]: who.principal.party} if who.role in PARTY and who.principal.party else {}


def _own_county(who: Visitor) -> dict[str, str]:
    regions = who.principal.regions
    return {"county": regions[0]} if len(regions) == 1 and regions[0] in reference.counties() else {}


async def _recorded(who: Visitor, command: Command, asked: Mapping[str, str]) -> Mapping[str, str]:
    """What is recorded beside the thing itself; nothing where a service does not answer."""
    try:
        return await command.recorded(who, asked) if command.recorded is not None else {}
    except ServiceRefused:
        return {}


def _now(who: Visitor, operation: Operation, command: Command, acted: ActedOn) -> dict[str, str]:
    """What is recorded of the thing that is put right, by field, as it is shown. What is not answered is left out."""
    return {name: _as_recorded(who, acted, at, value) for name, (at, value) in _present(operation, command, acted).items()}


def _as_recorded(who: Visitor, acted: ActedOn, at: str, value: Any) -> str:
    if is_nothing(value):
        return who.text(acted.unset.get(at, NOT_RECORDED))
    return str(show(who.text, at.rpartition(".")[2], value, acted.names).striptags())


def _present(operation: Operation, command: Command, acted: ActedOn) -> dict[str, tuple[str, Any]]:
    """Field -> where in the thing, and what is there: of what is answered."""
    found: dict[str, tuple[str, Any]] = {}
    for name, at in places_of_now(operation, command).items():
        within, _, last = at.rpartition(".")
        holder = pick(acted.thing, within) if within else acted.thing
        if isinstance(holder, Mapping) and last in holder:
            found[name] = at, holder[last]
    return found


def _filled(operation: Operation, command: Command, acted: ActedOn) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What the form stands at of the thing: texts, and lists of codes and ids, by field."""
    present = {name: value for name, (_, value) in _present(operation, command, acted).items() if name in command.filled}
    lists = {name: [str(one) for one in value] for name, value in present.items() if isinstance(value, list)}
    texts = {at: value for name, one in present.items() if name not in lists for at, value in forms.as_typed(name, one).items()}
    return texts, lists


def _standing(operation: Operation, command: Command, acted: ActedOn) -> set[str]:
    """Fields that hold what is recorded already: it is not shown twice. What it means that nothing is recorded, no empty field says."""
    return {name for name, (_, value) in _present(operation, command, acted).items() if name in command.filled and not is_nothing(value)}


def places_of_now(operation: Operation, command: Command) -> dict[str, str]:
    """Field -> where in the thing it acts on its present value is: of every field, where the command puts something right."""
    if not operation.name.startswith(CORRECTING) or operation.body is None:
        return dict(command.now)
    fields = operation.resolve(operation.body).get("properties", {})
    places = {name: name for name in fields if name not in {"version", "reason"}} | dict(command.now)
    return {name: at for name, at in places.items() if at}


async def command_page(who: Visitor, service: str, name: str) -> Response:
    """The empty form."""
    operation, command = await _operation(who, service, name), command_of(who, service, name)
    acted = await read_subjects(who, operation, dict(asked_for(who)))
    given = await _beside(who, operation, command, acted, await _given_to(who, command))
    fields = forms.draw(operation, who.text, given=given)
    return await _form(who, operation, command, fields, acted=acted, key=secrets.token_urlsafe(18))


async def send_command(who: Visitor, service: str, name: str) -> Response:
    """Send what was typed. What is refused comes back as the form, with the reason at its field and everything still in it.

    The form's own key makes a second click, or a second try after a lost answer, the same command.
    """
    operation, command = await _operation(who, service, name), command_of(who, service, name)
    form = await who.request.form(max_files=0, max_fields=5000)
    posted = forms.typed_in(form)
    asked = dict(asked_for(who))
    key, checking = str(form.get("_key") or "")[:100], form.get("_check") == "1"
    given = await _given_to(who, command)
    posted = [(at, choices.meant(kind, value) if value and (kind := _field_choice(operation, at)) else value) for at, value in posted]
    codes = {at: {label: code for code, label in options} for at, options in given.suggested.items()}
    posted = [(at, codes.get(at, {}).get(value, value)) for at, value in posted]
    body = forms.read(operation, posted, hidden=_typed_hidden(operation, given.hidden))
    path = filled(operation.path, {part: asked.get(part, "") for part in operation.parts})
    answer = await put_meant(who, command, body)
    if answer is None:
        answer = await who.backend.command(service, path, body if operation.body else {}, key, dry_run=checking)
    if answer.ok:
        return Response(status_code=204) if checking else _done(who, operation, command, answer, asked)
    acted = NOTHING if checking else await read_subjects(who, operation, asked)
    given = await _beside(who, operation, command, acted, given)
    given = replace(given, called=await enterprises.called(who, [value for at, value in posted if at in command.searched]))
    errors = {error["field"]: error_text(who.text, error) for error in answer.errors}
    fields = forms.draw(operation, who.text, posted or [("_", "")], errors, given)
    at_fields = set(forms.error_names(fields))
    elsewhere = [f"{who.text.word('field', at)}: {why}" for at, why in errors.items() if not _has_place(at, at_fields)]
    return await _form(
        who,
        operation,
        command,
        fields,
        acted=acted,
        key=key,
        status=answer.status,
        problem=refused_text(who.text, answer),
        elsewhere=elsewhere,
    )


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


async def _other(who: Visitor, service: str, name: str | None, query: str) -> tuple[str, str] | None:
    """Label and address of another form, for whoever may give the command."""
    operation = await who.documents.operation(service, name) if name is not None else None
    if operation is None or (operation.roles and who.role not in operation.roles):
        return None
    return who.text.word("command", operation.summary), f"/do/{service}/{operation.name}?{query}"


async def _form(
    who: Visitor,
    operation: Operation,
    command: Command,
    fields: Sequence[Field],
    *,
    acted: ActedOn,
    key: str,
    status: int = 200,
    problem: str | None = None,
    elsewhere: Sequence[str] = (),
) -> Response:
    back = own_path(who.request.query_params.get("back"))
    opened = page_at(who, back)
    here = urlencode({"back": f"{who.request.url.path}?{who.request.url.query}"})
    return render(
        who,
        "command.html",
        status=status,
        above=(opened.screen.above if opened is not None and isinstance(opened.screen, ItemScreen) else None) or back.partition("?")[0],
        first=await _other(who, command.service, command.first, here),
        offered=await _other(who, command.service, acted.offers, who.request.url.query),
        operation=operation,
        title=called(who, command, operation.summary, who.request.query_params),
        command=command,
        acted=acted,
        sections=_sections(command, fields),
        needs=any(one.required for one in fields),
        lacking=[one for one in fields if one.required and one.kind == "select" and not one.options],
        key=key,
        problem=problem,
        elsewhere=elsewhere,
        back=back,
    )
