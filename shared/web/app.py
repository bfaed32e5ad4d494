"""A service's FastAPI application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from shared.running_service import RunningService
from shared.web import docs, notifications, openapi, operations, problems
from shared.web.auth import Verifier
from shared.web.limits import BodyLimit
from shared.web.rate_limits import RateLimits
from shared.web.request_metrics import RequestMetrics
from shared.web.token_locks import TokenLocks, read_locks

DEFAULT_BODY_LIMIT = 256 * 1024  # bytes


def create_app(service: RunningService, router: APIRouter, verifier: Verifier, *, body_limits: Mapping[str, int] | None = None) -> FastAPI:
    """Its own routes, the routes every service has, body limits, request metrics and errors as problem documents.

    `body_limits`: bytes by path, where a path takes more than DEFAULT_BODY_LIMIT.
    """
    app = documented_app(service.name, router)
    verifier.locks = TokenLocks(partial(read_locks, service.database))
    app.state.service, app.state.verifier = service, verifier
    app.state.rates = RateLimits(service.settings.caller_requests_per_second, service.settings.caller_burst)
    app.add_middleware(BodyLimit, default=DEFAULT_BODY_LIMIT, limits=body_limits or {}, refuse=problems.body_too_large)
    app.add_middleware(RequestMetrics)  # the outermost: what the limit refuses is measured too
    problems.install_handlers(app)
    return app


def documented_app(name: str, router: APIRouter) -> FastAPI:
    """The routes and their OpenAPI document: all that can be known without a running service.

    The routes are one list: of routers within routers FastAPI looks for a request's route once per level.
    """
    routes = [route for part in (router, notifications.router, operations.router, docs.router) for route in openapi.routes(part)]
    for route in routes:
        route.operation_id = route.name
    app = FastAPI(title=f"Laowu {name}", version="1", docs_url=None, redoc_url=None, openapi_url=None, routes=list[BaseRoute](routes))
    app.openapi = cache(lambda: openapi.document(app, name))  # type: ignore[method-assign]  # as FastAPI has it done
    return app
