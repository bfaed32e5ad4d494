"""A service's FastAPI application, and its OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fastapi import APIRouter, FastAPI

from shared.running_service import RunningService
from shared.web import notifications, operations, problems
from shared.web.auth import Verifier
from shared.web.limits import BodyLimit
from shared.web.request_metrics import RequestMetrics

DEFAULT_BODY_LIMIT = 256 * 1024  # bytes


def create_app(service: RunningService, router: APIRouter, verifier: Verifier, *, body_limits: Mapping[str, int] | None = None) -> FastAPI:
    """Its own routes, the routes every service has, body limits, request metrics and errors as problem documents.

    `body_limits`: bytes by path, where a path takes more than DEFAULT_BODY_LIMIT.
    """
    app = FastAPI(title=f"Laowu {service.name}", version="1", redoc_url=None)
    app.state.service, app.state.verifier = service, verifier
    app.include_router(router)
    app.include_router(notifications.router)
    app.include_router(operations.router)
    app.add_middleware(BodyLimit, default=DEFAULT_BODY_LIMIT, limits=body_limits or {}, refuse=problems.body_too_large)
    app.add_middleware(RequestMetrics)  # the outermost: what the limit refuses is measured too
    problems.install_handlers(app)
    return app


def openapi_json(app: FastAPI) -> str:
    """The OpenAPI document as the text that is committed and diffed."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
