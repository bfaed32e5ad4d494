"""A service's FastAPI application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.running_service import RunningService
from shared.web import docs, notifications, openapi, operations, problems
from shared.web.auth import Verifier
from shared.web.limits import BodyLimit
from shared.web.rate_limits import RateLimits
from shared.web.request_metrics import RequestMetrics
from shared.web.token_locks import TokenLocks, read_locks

DEFAULT_BODY_LIMIT = 256 * 1024  # bytes
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}  # its own would ask for providers at every request


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
    """The routes and their OpenAPI document: all that can be known without a running service."""
    routes = [route for part in (router, notifications.router, operations.router, docs.router) for route in openapi.routes(part)]
    for route in routes:
        route.operation_id = route.name
    app = FastAPI(
        title=f"Laowu {name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=NO_TELEMETRY,
        routes=list[BaseRoute](routes),
    )
    app.router.middleware_stack = _by_first_segment(app.router)  # type: ignore[assignment]  # it names the method's parameters
    app.openapi = cache(lambda: openapi.document(app, name))  # type: ignore[method-assign]  # as FastAPI has it done
    return app


def _by_first_segment(router: APIRouter) -> ASGIApp:
    """A request is compared with the few routes whose paths begin as its own does: with a hundred it took 1.5 us for each before it."""
    by_segment: dict[str, list[BaseRoute]] = {}
    for route in openapi.routes(router):
        by_segment.setdefault(_first_segment(route.path), []).append(route)
    routers = {first: APIRouter(routes=routes) for first, routes in by_segment.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = routers.get(_first_segment(scope["path"]), router) if scope["type"] == "http" else router
        await chosen.app(scope, receive, send)

    return app


def _first_segment(path: str) -> str:
    """Of /workers/{worker}/history it is workers. No route begins with a parameter."""
    return path.removeprefix("/").partition("/")[0]
