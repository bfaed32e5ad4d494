"""A service's FastAPI application: its routes, the routes every service has, bounds and error rendering."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fastapi import APIRouter, FastAPI

from shared.running_service import RunningService
from shared.web import operations, problems
from shared.web.auth import Verifier
from shared.web.limits import Edge

DEFAULT_BODY_LIMIT = 256 * 1024


def create_app(service: RunningService, router: APIRouter, verifier: Verifier, *, body_limits: Mapping[str, int] | None = None) -> FastAPI:
    """The service's application: its routes, the routes every service has, bounds and error rendering."""
    app = FastAPI(title=f"Laowu {service.name}", version="1", redoc_url=None)
    app.state.service, app.state.verifier = service, verifier
    app.include_router(router)
    app.include_router(operations.router)
    app.add_middleware(Edge, default=DEFAULT_BODY_LIMIT, limits=body_limits or {}, refuse=problems.problem)
    problems.install(app)
    return app


def openapi_json(app: FastAPI) -> str:
    """The OpenAPI document as committed text."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
