"""Lists of rows sent as a file: tried first, then entered, with what is wrong row by row, in the page or as an annotated sheet.

The file passes through in pieces: what is larger than a megabyte lies on disk meanwhile, and is held whole by the service alone. A file
that is sent again is the same one by its content, so whoever lost the connection sends it again and the service goes on where it was.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import UploadFile

from console.web.pages import Visitor, error_text, handed_on, only, refused_text, render
from console.web.screen import address
from shared.principals import Role
from shared.texts import sentence

ROWS = {  # what became of the rows of a list
    "done": sentence("Rows looked at"),
    "accepted": sentence("Rows entered"),
    "rejected": sentence("Rows refused"),
    "already": sentence("Rows entered before"),
}
PIECE = 256 * 1024  # bytes
ENVELOPE = 64 * 1024  # bytes that a form takes around its file
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadScreen:
    """`route` takes the file, with dry_run and annotated; `route`/template answers the empty list.

    `runs`: whether a GET of the route lists the visitor's own. `run`: the page of one, a path with {fields} of the answer.
    """

    path: str
    title: str
    service: str
    route: str
    roles: frozenset[Role]
    most: int  # bytes of a file, as the service has it
    note: str
    group: str | None = None  # heading in the navigation; None: not there
    runs: bool = False
    run: str | None = None


def upload_router(*screens: UploadScreen) -> APIRouter:
    """The pages of each: the form, how far its lists have come, the template."""
    router = APIRouter()
    for screen in screens:
        _add(router, screen)
    return router


def body_limits(*screens: UploadScreen) -> dict[str, int]:
    return {screen.path: screen.most + ENVELOPE for screen in screens}


def _add(router: APIRouter, screen: UploadScreen) -> None:
    allowed = only(*screen.roles)

    @router.get(screen.path)
    async def form(who: Visitor = allowed) -> Response:
        return await _page(who, screen)

    @router.post(screen.path)
    async def send(who: Visitor = allowed) -> Response:
        return await _send(who, screen)

    @router.get(screen.path + "/template")
    async def template(who: Visitor = allowed) -> Response:
        kind = "csv" if who.request.query_params.get("format") == "csv" else "xlsx"
        answer = await who.backend.ask("GET", screen.service, screen.route + "/template", {"format": kind})
        return handed_on(answer, f"template.{kind}", "attachment")

    if screen.runs:

        @router.get(screen.path + "/progress")
        async def progress(who: Visitor = allowed) -> dict[str, int] | None:
            """The newest of the visitor's lists that is under way."""
            running = [one for one in await _runs(who, screen) if one["state"] == "running"]
            return {"done": running[0]["done"], "rows": running[0]["rows"]} if running else None


async def _runs(who: Visitor, screen: UploadScreen) -> list[Any]:
    return list((await who.backend.get(screen.service, screen.route))["items"]) if screen.runs else []


async def _send(who: Visitor, screen: UploadScreen) -> Response:
    async with who.request.form(max_files=1, max_fields=5) as form:
        file, step = form.get("file"), form.get("step")
        if not isinstance(file, UploadFile) or not file.filename:
            return await _page(who, screen, problem=who.text("Choose a file first."), status=HTTPStatus.UNPROCESSABLE_ENTITY)
        kind = TYPES.get(file.filename.rpartition(".")[2].lower(), file.content_type or "application/octet-stream")
        query = {"dry_run": str(step != "enter").lower(), "annotated": str(step == "annotated").lower()}
        answer = await who.backend.upload(
            screen.service, screen.route, _pieces(file), secrets.token_urlsafe(18), query=query, content_type=kind
        )
    if answer.ok and step == "annotated":
        return handed_on(answer, "annotated.xlsx", "attachment")
    if answer.ok:
        return await _page(who, screen, result=answer.body)
    errors = [error_text(who.text, error) for error in answer.errors]
    return await _page(who, screen, problem=refused_text(who.text, answer), errors=errors, status=answer.status)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


async def _page(
    who: Visitor,
    screen: UploadScreen,
    *,
    result: Any = None,
    problem: str | None = None,
    errors: list[str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    return render(
        who,
        "upload.html",
        status=status,
        screen=screen,
        result=result,
        problem=problem,
        errors=errors or [],
        words=ROWS,
        runs=await _runs(who, screen) if status < HTTPStatus.INTERNAL_SERVER_ERROR else [],
        link=lambda item: address(screen.run, item),
    )
