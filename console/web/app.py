"""The console's ASGI application: routes of all screens, headers that keep a page to itself, errors as pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from console.web import choosing, logging_in, screens, verifying
from console.web.backend import PathRefused, ServiceRefused, open_backend, token_locks
from console.web.code_flow import CodeFlow
from console.web.commanding import command_page, send_command
from console.web.documents import Documents, OperationNotFound
from console.web.listing import list_page
from console.web.live import Live
from console.web.pages import AnyVisitor, Visitor, language_of, only, redirect_to_login, refused_text, render_for
from console.web.public.serving import PublicFirst, PublicPages
from console.web.screen import ListScreen, Screen, item_page
from console.web.sessions import NotLoggedIn, Sessions, require_own_page
from console.web.settings import ConsoleSettings
from shared.principals import Forbidden
from shared.texts import Texts, sentence, texts
from shared.web.auth import Verifier
from shared.web.issuer_keys import IssuerUnavailable
from shared.web.limits import BodyLimit
from shared.web.token_locks import TokenLocks

logger = logging.getLogger("laowu.console")

STATIC = Path(__file__).parent / "static"
BODY_LIMIT = 2 * 1024 * 1024  # bytes of a form; uploads have their own
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


def create_app(settings: ConsoleSettings) -> FastAPI:
    """Everything the console serves; it opens its connections to the services when it starts."""
    verifier = Verifier.from_settings(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_backend(settings.service_urls) as backend:
            app.state.backend, app.state.documents = backend, Documents(backend)
            verifier.locks = TokenLocks(partial(token_locks, backend))
            app.state.public = PublicPages(backend, simulation=settings.simulation)
            app.state.newest_day = app.state.public.sources.newest_day
            app.state.live = Live()
            yield
            await app.state.live.close()

    app = FastAPI(title="Laowu console", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.sessions = Sessions(settings, verifier, CodeFlow.from_settings(settings, verifier))
    app.state.commands = {(one.service, one.operation): one for one in screens.COMMANDS}
    app.state.screens = (*screens.SCREENS, *screens.SUBJECTS)
    app.state.navigation = screens.navigation
    app.state.unread = {}  # how many notifications an account has not read: console.web.inbox
    app.add_middleware(BodyLimit, default=BODY_LIMIT, limits=screens.BODY_LIMITS, refuse=_too_large)
    app.middleware("http")(_guard)
    app.add_middleware(PublicFirst)  # the outermost: a public page needs nothing of what follows
    _add_routes(app)
    for error, handler in ERRORS.items():
        app.add_exception_handler(error, handler)
    return app


def _add_routes(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in (logging_in.router, choosing.router, verifying.router, *screens.ROUTERS):
        app.include_router(router)
    for screen in screens.SCREENS:
        _add_screen(app, screen)

    @app.get("/do/{service}/{operation}")
    async def form(service: str, operation: str, who: AnyVisitor) -> Response:
        return await command_page(who, service, operation)

    @app.post("/do/{service}/{operation}")
    async def send(service: str, operation: str, who: AnyVisitor) -> Response:
        return await send_command(who, service, operation)

    @app.get("/livez")
    @app.get("/readyz")
    async def alive() -> Response:
        return PlainTextResponse("ok")


def _add_screen(app: FastAPI, screen: Screen) -> None:
    allowed = only(*screen.roles)

    async def page(who: Visitor = allowed) -> Response:
        return await (list_page(who, screen) if isinstance(screen, ListScreen) else item_page(who, screen))

    app.add_api_route(screen.path, page, methods=["GET"], name=screen.title)


async def _guard(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        require_own_page(request)
    except Forbidden as error:
        response = await _forbidden(request, error)
    else:
        response = await following(request)
        sessions: Sessions = request.app.state.sessions
        sessions.keep_renewed(request, response)
    return _kept_to_itself(response)


def _kept_to_itself(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _too_large(limit: int) -> Response:
    return PlainTextResponse(f"at most {limit} bytes", 413)


# --- errors as pages -----------------------------------------------------------------------------------------------------
TITLES = {  # of an answer's status; of any other the last
    403: sentence("You may not see this"),
    404: sentence("There is no such page"),
    503: sentence("Not available at the moment"),
    0: sentence("This is not possible"),
}


def _title(text: Texts, status: int) -> str:
    return text(TITLES.get(status, TITLES[0]))


def _message(request: Request, status: int, code: str, actions: Sequence[tuple[str, str]] = ()) -> Response:
    text = texts(language_of(request))
    return render_for(request, "message.html", status=status, title=_title(text, status), message=text.word("error", code), actions=actions)


async def _service_refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceRefused):
        raise error
    answer = error.answer
    if answer.status == 401:  # a service does not let this session in any more, such as one whose token is locked out
        return await redirect_to_login(request, error)
    text = texts(language_of(request))
    message = refused_text(text, answer)
    if answer.status == 503:
        service = answer.body.get("service") if isinstance(answer.body, dict) else None
        message = text(
            "A part of the system does not answer: {service}. Try again in a moment.", service=text.word("service", service or "-")
        )
    return render_for(
        request,
        "message.html",
        status=answer.status,
        title=_title(text, answer.status),
        message=message,
        actions=[(request.url.path, text("Try again"))],
    )


async def _forbidden(request: Request, _error: Exception) -> Response:
    return _message(request, 403, "FORBIDDEN", [("/", texts(language_of(request))("To the first page"))])


async def _issuer_unavailable(request: Request, _error: Exception) -> Response:
    return _message(request, 503, "ISSUER_UNAVAILABLE", [(request.url.path, texts(language_of(request))("Try again"))])


async def _not_found(request: Request, _error: Exception) -> Response:
    return _message(request, 404, "NOT_FOUND", [("/", texts(language_of(request))("To the first page"))])


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 422
    return await _not_found(request, error) if status == 404 else _message(request, status, "INVALID")


async def _crashed(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _kept_to_itself(_message(request, 500, "INTERNAL"))  # made outside of _guard


ERRORS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ServiceRefused: _service_refused,
    Forbidden: _forbidden,
    OperationNotFound: _not_found,
    PathRefused: _not_found,
    IssuerUnavailable: _issuer_unavailable,
    NotLoggedIn: redirect_to_login,
    HTTPException: _http,
    RequestValidationError: _http,
    Exception: _crashed,
}
