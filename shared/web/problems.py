"""Every error leaves as an RFC 9457 application/problem+json document with a stable `code`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from shared.db import Unavailable
from shared.errors import Refused
from shared.principals import Forbidden
from shared.web.claims import Unauthenticated
from shared.web.issuer_keys import IssuerUnavailable
from shared.web.rate_limits import TooManyRequests


class FieldError(BaseModel):
    """`field`: the path to it, as `wage.minor`, or the name of the parameter or header; `code` is stable, `message` is for developers."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457. Switch on `code`, which is stable. `errors` names the fields that are wrong; `state` is what a conflict was about."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = []
    state: Any = None


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    state: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem document: field paths in `errors`, and in `state` the state that a conflict was about."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    if errors:
        body["errors"] = errors
    if state is not None:
        body["state"] = state
    return Response(to_json(body), status, headers=dict(headers or {}), media_type="application/problem+json")


def body_too_large(limit: int) -> Response:
    return problem(413, "TOO_LARGE", f"the body may have at most {limit} bytes")


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # Neither input nor context is echoed: a rejected body may hold a name or a document number.
    errors = [
        {"field": _field_path(item["loc"]), "code": str(item["type"]).upper(), "message": str(item["msg"])} for item in error.errors()[:50]
    ]
    return problem(422, "INVALID", "the request does not have the required form", errors=errors)


def _field_path(location: tuple[int | str, ...]) -> str:
    """Without its first part, the part of the request: ("body", "wage", "minor") is wage.minor."""
    parts = [str(part) for part in location]
    return ".".join(parts[1:]) if len(parts) > 1 and parts[0] in ("body", "query", "path", "header") else ".".join(parts)


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    errors = [{"field": error.field, "code": error.slug, "message": str(error)}] if error.field else None
    return problem(error.status, error.slug, str(error), errors=errors, state=error.state)


async def _unauthenticated(_: Request, error: Exception) -> Response:
    if not isinstance(error, Unauthenticated):
        raise error
    errors = [{"field": error.claim, "code": error.code, "message": str(error)}] if error.claim else None
    return problem(401, "UNAUTHENTICATED", str(error), errors=errors, headers={"WWW-Authenticate": "Bearer"})


async def _issuer_unavailable(_: Request, error: Exception) -> Response:
    return problem(503, "ISSUER_UNAVAILABLE", str(error), headers={"Retry-After": str(IssuerUnavailable.retry_seconds)})


async def _too_many(_: Request, error: Exception) -> Response:
    if not isinstance(error, TooManyRequests):
        raise error
    return problem(429, "TOO_MANY_REQUESTS", str(error), headers={"Retry-After": str(error.retry_seconds)})


async def _forbidden(_: Request, error: Exception) -> Response:
    return problem(403, "FORBIDDEN", str(error))


async def _unavailable(_: Request, error: Exception) -> Response:
    if not isinstance(error, Unavailable):
        raise error
    return problem(503, error.code, str(error), headers={"Retry-After": str(error.retry_seconds)})


async def _http(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = "INVALID" if error.status_code == 400 else HTTPStatus(error.status_code).name
    return problem(error.status_code, code, str(error.detail), headers=error.headers)


async def _crashed(request: Request, error: Exception) -> Response:
    logging.getLogger("laowu.http").error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "INTERNAL", "this is our fault; nothing was written")


def install_handlers(app: FastAPI) -> None:
    """Render every exception that leaves a route."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(IssuerUnavailable, _issuer_unavailable)
    app.add_exception_handler(TooManyRequests, _too_many)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _crashed)
