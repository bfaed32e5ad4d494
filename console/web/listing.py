"""A page of a list: asked for with its filters, in its order, and drawn with what leads on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from console.web import choices, enterprises, forms
from console.web.backend import Answer, ServiceRefused
from console.web.documents import Operation
from console.web.forms import Field, Given
from console.web.names import names_in
from console.web.pages import Visitor, error_text, render
from console.web.screen import LONGEST_VALUE, PARTY, Item, ListScreen, address, asked_for, button, empty_text, put_meant
from console.web.sorting import orders_of, sorting_by

MOST_EARLIER = 10  # pages that one can go back


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a list as it was asked for. `chosen`: what somebody filtered by; `kept`: what its links carry on."""

    answer: Answer
    items: Sequence[Item]
    following: str | None
    chosen: Mapping[str, str]
    kept: Mapping[str, str]
    order: Mapping[str, str]


async def read_list(who: Visitor, screen: ListScreen, given: Mapping[str, str]) -> Listing:
    """What the page shows for the query of its address. Raises ServiceRefused."""
    operation = await who.documents.operation(screen.service, screen.route)
    asked = {name: choices.meant(kind, value) if (kind := _choice(operation, name)) else value for name, value in given.items()}
    chosen = any(name in asked for name in screen.filters)
    wanted = {name: asked[name] for name in screen.filters if asked.get(name)} if chosen else dict(screen.usual)
    wanted = {**{name: screen.usual[name] for name in screen.needed}, **wanted}
    known = orders_of(operation)
    order = {"sort": asked["sort"]} if asked.get("sort") in known else {"sort": screen.sort} if screen.sort else {}
    fixed = {name: value.format(party=who.principal.party) for name, value in screen.fixed.items()}
    query: dict[str, Any] = {**wanted, **fixed, **order, "after": asked.get("after"), "limit": screen.rows}
    answer = await put_meant(who, screen, query) or await who.backend.ask("GET", screen.service, operation.path, query)
    page = answer.body if answer.ok else {screen.at: [], "next": None}
    return Listing(
        answer=answer,
        items=screen.shape(page if isinstance(page, list) else page[screen.at], who.text),
        following=page.get("next") if isinstance(page, dict) else None,
        chosen=wanted,
        kept=wanted or (dict.fromkeys(screen.filters[:1], "") if screen.usual else {}),  # a filter left empty is chosen, too
        order=order,
    )


async def list_page(who: Visitor, screen: ListScreen) -> Response:
    operation = await who.documents.operation(screen.service, screen.route)
    asked = dict(asked_for(who))
    found = await read_list(who, screen, asked)
    errors = {error["field"]: error_text(who.text, error) for error in found.answer.errors}
    if not found.answer.ok and not errors:
        raise ServiceRefused(found.answer)
    earlier = [one[:LONGEST_VALUE] for one in who.request.query_params.getlist("earlier")]
    known, now = orders_of(operation), found.order.get("sort", screen.fixed.get("sort", "id"))
    return render(
        who,
        "list.html",
        screen=screen,
        explained=screen.explain(found.answer.body, who.text) if found.answer.ok else None,
        items=found.items,
        empty=empty_text(who, screen, {}, filtered=_is_filtered(operation, screen, found.chosen)),
        names=await names_in(who.backend, found.items),
        filters=await _filters(who, operation, screen, found.chosen, errors),
        words={**(forms.OF_FIRMS if screen.service == "docking" else {}), **screen.words},
        columns=[column for column in screen.columns if column != PARTY.get(who.role) or column == screen.columns[0]],
        following=_page(found, found.following, [*earlier, asked.get("after", "")]) if found.following else None,
        previous=_page(found, earlier[-1], earlier[:-1]) if earlier and "after" in asked else None,
        sorting={at: sorting_by(one, now, found.kept) for at in (*screen.columns, "id") if (one := at.rpartition(".")[2]) in known},
        order=asked.get("sort"),
        everything=_everything(screen, found.chosen),
        beginning=_page(found, "", ()) if "after" in asked else None,
        link=lambda item: address(screen.row, item),
        buttons=[shown for one in screen.buttons if (shown := button(who, one, {}))],
        row_buttons=[[shown for one in screen.row_buttons if (shown := button(who, one, row))] for row in found.items],
    )


def _page(found: Listing, after: str, earlier: Sequence[str]) -> str:
    """The address of the page after a cursor, "" for the first; `earlier`: the cursors of the pages before it, of which some are kept."""
    cursors = [*(("earlier", one) for one in earlier[-MOST_EARLIER:]), *([("after", after)] if after else ())]
    return "?" + urlencode([*found.kept.items(), *found.order.items(), *cursors])


def _choice(operation: Operation, name: str) -> str | None:
    schema = operation.resolve(operation.query.get(name, {}))
    return forms.choice_of(name, schema)


async def _filters(
    who: Visitor, operation: Operation, screen: ListScreen, wanted: Mapping[str, str], errors: Mapping[str, str]
) -> list[Field]:
    offered = [name for name in screen.filters if name in operation.query and who.role in screen.asked_of.get(name, screen.roles)]
    schema = {"type": "object", "properties": {name: operation.query[name] for name in offered}}
    called = await enterprises.called(who, [wanted[name] for name in screen.searched if name in wanted])
    given = Given(presets=wanted, labels=screen.labels, hints=screen.hints, searched=screen.searched, called=called)
    drawn = forms.draw(replace(operation, body=schema), who.text, given=given, errors=errors)
    for one in drawn:
        one.required = False
        one.unchosen = None if one.name in screen.needed else who.text(screen.unchosen.get(one.name, "All"))
        one.options = [(code, who.text(own) if (own := screen.says.get(one.name, {}).get(code)) else word) for code, word in one.options]
    return drawn


def _is_filtered(operation: Operation, screen: ListScreen, chosen: Mapping[str, str]) -> bool:
    """Whether somebody narrowed the list more than it is by itself."""
    usual = {name: str(schema["default"]) for name, schema in operation.query.items() if "default" in schema} | dict(screen.usual)
    return any(value != usual.get(name) for name, value in chosen.items())


def _everything(screen: ListScreen, chosen: Mapping[str, str]) -> str | None:
    """The list without a filter; None where all that is chosen must be."""
    some = not screen.needed or chosen.keys() - set(screen.needed)
    return "?" + urlencode(dict.fromkeys(screen.filters[:1], "")) if some else None
