"""The documents of a service as pages: /docs (Swagger UI out of a package, nothing from elsewhere), /asyncapi, and both as JSON.

The pages need no token; what is tried on /docs is sent with the one that is pasted there. Their policy lets no script run that is
not a file of this server.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.web.asyncapi_page import ASYNCAPI, topics

router = APIRouter(include_in_schema=False)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_templates = Environment(loader=PackageLoader("shared.web", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_OWN, _PACKAGED = files("shared.web") / "pages", files("fastapi_offline") / "static"
_KINDS = {"js": "text/javascript", "css": "text/css", "png": "image/png"}

Asset = Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png", "start.js", "pages.css"]


@router.get("/openapi.json")
async def openapi_document(request: Request) -> Response:
    return Response(json.dumps(request.app.openapi(), ensure_ascii=False), media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every operation, to be read and tried."""
    return _page(_templates.get_template("docs.html").render(title=request.app.title))


@router.get("/docs/{asset}")
async def docs_asset(asset: Asset) -> Response:
    headers = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
    return Response(_asset(asset), media_type=_KINDS[asset.rpartition(".")[2]], headers=headers)


@router.get("/asyncapi.json")
async def asyncapi_document() -> Response:
    return Response(ASYNCAPI.read_bytes(), media_type="application/json")


@router.get("/asyncapi")
async def asyncapi(request: Request) -> Response:
    """The page for whoever asks for one; the document for others: an event's `dataschema` names this address."""
    page = "text/html" in request.headers.get("accept", "")
    answer = _page(_asyncapi_page()) if page else await asyncapi_document()
    answer.headers["vary"] = "accept"
    return answer


@cache
def _asset(name: str) -> bytes:
    own = _OWN / name
    return (own if own.is_file() else _PACKAGED / name).read_bytes()


@cache
def _asyncapi_page() -> str:
    document: dict[str, Any] = json.loads(ASYNCAPI.read_bytes())
    return _templates.get_template("asyncapi.html").render(about=document["info"], topics=topics(document))


def _page(html: str) -> Response:
    return Response(html, media_type="text/html; charset=utf-8", headers=_PAGE_HEADERS)
