"""Questions whose answer is shown once and kept nowhere, such as personal data in clear: a form, and beneath it what was answered.

They are sent as forms, since an address ends up in logs; every one that is sent is a look of its own, so none is checked while it is
filled in. Where two services each hold a part, `more` asks them too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from console.web import forms
from console.web.backend import filled
from console.web.pages import Visitor, error_text, only, refused_text, render
from console.web.screen import address
from console.web.sessions import own_path
from console.web.subjects import read_subjects
from shared.principals import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AskScreen:
    """`columns` and `row`: of an answer that is a list; else all of the answer is shown. `private`: a sentence on what is recorded."""

    path: str  # its {parts} are those of the route
    title: str
    service: str
    operation: str  # a POST
    roles: frozenset[Role]
    group: str | None = None  # heading in the navigation; None: not there
    note: str | None = None
    columns: tuple[str, ...] = ()
    row: str | None = None
    empty: str = "Nothing was found."
    label: str = "Show"  # on the button
    paper: bool = False  # handed out: it can be printed


def ask_router(*screens: AskScreen) -> APIRouter:
    """A page for each."""
    router = APIRouter()
    for screen in screens:
        _add(router, screen)
    return router


def _add(router: APIRouter, screen: AskScreen) -> None:
    allowed = only(*screen.roles)

    @router.get(screen.path)
    async def form(who: Visitor = allowed) -> Response:
        return await _page(who, screen)

    @router.post(screen.path)
    async def ask(who: Visitor = allowed) -> Response:
        return await _ask(who, screen)


async def _ask(who: Visitor, screen: AskScreen) -> Response:
    operation = await who.documents.operation(screen.service, screen.operation)
    form = await who.request.form(max_files=0, max_fields=200)
    posted = forms.typed_in(form)
    path = filled(operation.path, who.request.path_params)
    answer = await who.backend.command(screen.service, path, forms.read(operation, posted), secrets.token_urlsafe(18))
    if answer.ok:
        return await _page(who, screen, posted, answer=answer.body)
    errors = {error["field"]: error_text(who.text, error) for error in answer.errors}
    return await _page(who, screen, posted, errors=errors, problem=refused_text(who.text, answer), status=answer.status)


async def _page(
    who: Visitor,
    screen: AskScreen,
    posted: forms.Posted = (),
    *,
    answer: Any = None,
    errors: forms.Errors | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    operation = await who.documents.operation(screen.service, screen.operation)
    opened = {**who.request.path_params, "back": who.request.query_params.get("back", "")}
    return render(
        who,
        "ask.html",
        status=status,
        screen=screen,
        acted=await read_subjects(who, operation, opened),
        fields=forms.draw(operation, who.text, posted, errors),
        problem=problem,
        answer=answer,
        link=lambda item: address(screen.row, item),
        back=own_path(who.request.query_params.get("back"), ""),
    )
