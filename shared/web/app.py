"""The edge: FastAPI applications whose every command runs in one transaction, at most once, for a caller who may.

A route declares who it serves with `allow(...)` and hands a function of a transaction to the call:

    @router.post("/workers", status_code=201)
    async def register_worker(body: RegisterWorker, call: Annotated[Call, allow(Role.CLERK)]) -> Response:
        return await call.command(lambda tx: usecases.register_worker(tx, body), status=201)

    @router.get("/workers/{worker}")
    async def show_worker(worker: WorkerId, call: Annotated[Call, allow(Role.CLERK)]) -> views.Worker:
        return await call.query(lambda tx: usecases.show_worker(tx, worker))

`command` claims the Idempotency-Key by an INSERT in the command's own transaction: a repeat waits for the first, then gets
its stored answer; the same key with another request is refused. Errors are application/problem+json with a stable `code`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from shared.db import Cause, Database, Tx, Unavailable, Work
from shared.delivery import dead_letters as deadletters
from shared.delivery import outbox
from shared.delivery.dead_letters import MOST, DiscardLetters, LetterId, RedriveLetters, Redriving
from shared.errors import Invalid, Refused
from shared.metrics import Health
from shared.settings import Settings
from shared.values import Clock
from shared.web.auth import Forbidden, Principal, Role, Unauthenticated, Verifier
from shared.web.limits import Edge

T = TypeVar("T")
Sweep = Callable[[Tx], Awaitable[int]]

DEFAULT_BODY_LIMIT = 256 * 1024
ASYNCAPI = Path(__file__).parents[1] / "events" / "asyncapi.json"
_KEY = re.compile(r"^[\x21-\x7e]{8,200}$")
_MOMENT = TypeAdapter(datetime)


class KeyMissing(Invalid):
    """A POST needs an Idempotency-Key header of 8 to 200 printable ASCII characters."""

    slug = "IDEMPOTENCY_KEY_MISSING"
    status = 400


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request."""

    slug = "IDEMPOTENCY_KEY_REUSED"


class SimulationOff(Invalid):
    """Simulated-Time is accepted only by a stack that was started for simulation."""

    slug = "SIMULATION_OFF"


@dataclass(frozen=True, slots=True)
class Site:
    """What a service's routes stand on."""

    service: str
    database: Database
    settings: Settings
    verifier: Verifier
    health: Health
    lag: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    sweep: Sweep | None = None
    redriving: Redriving | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set when the process is to leave: answers without end end


@dataclass(frozen=True, slots=True)
class Call:
    """One request by one principal."""

    request: Request
    principal: Principal
    site: Site
    clock: Clock

    async def command(self, work: Work[Any], *, status: int = 200) -> Response:
        """Run `work` in one transaction, at most once per Idempotency-Key. Its result is the JSON answer."""
        key = self.request.headers.get("idempotency-key", "")
        if not _KEY.match(key):
            raise KeyMissing(field="Idempotency-Key")
        digest = await self._digest()
        async with self.site.database.transaction(self.cause(key)) as tx:
            stored = await _claim(tx, str(self.principal), key, digest)
            if stored is None:
                stored = (status, to_json(await work(tx)))
                await outbox.tell(tx, outbox.Answer(*stored, str(self.principal), key))
        return Response(stored[1], stored[0], media_type="application/json")

    async def query(self, work: Work[T]) -> T:
        """Run `work` in a read-only transaction: one snapshot for everything it reads."""
        async with self.site.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            return await work(Tx(conn, self.site.service, self.cause(None)))

    async def rehearse(self, work: Work[T]) -> T:
        """What `work` would give, from one snapshot: rolled back whatever it has written."""
        return await self.site.database.rehearse(self.cause(), work, snapshot=True)

    def cause(self, key: str | None = None) -> Cause:
        """Who acts, when, and because of which request."""
        parent = self.request.headers.get("traceparent")
        trace = parent.split("-")[1] if parent and re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", parent) else None
        return Cause(
            self.principal,
            self.clock,
            correlation_id=trace or secrets.token_hex(16),
            causation_id=f"request:{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else None,
            traceparent=parent if trace else None,
        )

    async def _digest(self) -> bytes:
        scope = self.request.scope
        head = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n"
        return hashlib.sha256(head + await self.request.body()).digest()


CLAIM = """
INSERT INTO idempotency (principal, key, request_hash, created_at) VALUES ($1, $2, $3, now())
ON CONFLICT (principal, key) DO NOTHING RETURNING true
"""
STORED = "SELECT request_hash, status, body FROM idempotency WHERE principal = $1 AND key = $2"


async def _claim(tx: Tx, principal: str, key: str, digest: bytes) -> tuple[int, bytes] | None:
    """None: ours to run. Otherwise the answer stored by the first. Raises KeyReused."""
    if await tx.conn.fetchval(CLAIM, principal, key, digest):
        return None
    row = await tx.conn.fetchrow(STORED, principal, key)
    if row["request_hash"] != digest:
        raise KeyReused(field="Idempotency-Key")
    return row["status"], row["body"]


def allow(*roles: Role) -> Any:
    """The dependency that authenticates the caller and lets only these roles pass. 401 and 403 come from here."""

    async def call(request: Request) -> Call:
        site: Site = request.app.state.site
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("a bearer token is needed")
        principal = site.verifier.principal(token)
        if principal.role not in roles:
            raise Forbidden(f"the role {principal.role} may not do this")
        return Call(request, principal, site, _clock(request, site.settings))

    call.roles = roles  # type: ignore[attr-defined]  # read by the test that walks every route
    return Depends(call)


def _clock(request: Request, settings: Settings) -> Clock:
    moment = request.headers.get("simulated-time")
    if moment is None:
        return Clock()
    if not settings.simulation:
        raise SimulationOff(field="Simulated-Time")
    try:
        at = _MOMENT.validate_python(moment)
    except ValidationError as error:
        raise Invalid("not an RFC 3339 moment", field="Simulated-Time") from error
    if at.tzinfo is None:
        raise Invalid("a moment needs its zone", field="Simulated-Time")
    if not 1900 <= at.year <= 2200:
        raise Invalid("must lie between the years 1900 and 2200", field="Simulated-Time")
    return Clock(at)


# --- application --------------------------------------------------------------------------------------------------------
def create_app(site: Site, router: APIRouter, *, body_limits: Mapping[str, int] | None = None) -> FastAPI:
    """The service's application: its routes, the routes every service has, bounds and error rendering."""
    app = FastAPI(title=f"Laowu {site.service}", version="1", redoc_url=None)
    app.state.site = site
    app.include_router(router)
    app.include_router(_common)
    app.add_middleware(Edge, default=DEFAULT_BODY_LIMIT, limits=body_limits or {}, refuse=problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _crashed)
    return app


_common = APIRouter()


@_common.get("/livez", include_in_schema=False)
async def livez() -> dict[str, bool]:
    return {"alive": True}


@_common.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    health: Health = request.app.state.site.health
    body = {"ready": health.ready, "conditions": health.conditions}
    return Response(to_json(body), 200 if health.ready else 503, media_type="application/json")


@_common.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


@_common.get("/asyncapi", include_in_schema=False)
async def asyncapi() -> Response:
    return Response(ASYNCAPI.read_bytes(), media_type="application/json")


@_common.get("/delivery")
async def delivery(call: Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)]) -> dict[str, Any]:
    """What is still on its way: rows in the outbox, position and lag per partition, open dead letters."""
    from shared.delivery.consumer import delivery_state  # noqa: PLC0415  # consumer needs nothing of HTTP; keep start-up order free

    async def work(tx: Tx) -> dict[str, Any]:
        return dict(await delivery_state(tx.conn))

    state = await call.query(work)
    state["lag"] = dict(await call.site.lag()) if call.site.lag else {}
    return state


@_common.post("/sweep")
async def sweep(call: Annotated[Call, allow(Role.OPERATOR)]) -> Response:
    """Act on what is overdue by the caller's clock: one bounded batch. Repeat until `acted` is 0."""

    async def work(tx: Tx) -> dict[str, int]:
        return {"acted": await call.site.sweep(tx) if call.site.sweep else 0}

    return await call.command(work)


# --- dead letters -------------------------------------------------------------------------------------------------------
Watcher = Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)]
Operator = Annotated[Call, allow(Role.OPERATOR)]


@_common.get("/dead-letters")
async def dead_letters(
    call: Watcher,
    state: deadletters.State | None = None,
    subject: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> deadletters.Letters:
    """Records that could not be applied, those held back behind them, and what was decided of them; oldest first."""
    return await call.query(lambda tx: deadletters.letters(tx, state, subject, after, limit))


@_common.get("/dead-letters/preview")
async def preview_redrive(
    call: Watcher, letter: Annotated[list[LetterId], Query(alias="id", min_length=1, max_length=MOST)]
) -> deadletters.Preview:
    """What redriving these would do, and which published figures would change: done and rolled back."""
    return await deadletters.preview(call.site.database, call.cause(), _redriving(call), letter)


@_common.get("/dead-letters/{letter}")
async def dead_letter(letter: LetterId, call: Watcher) -> deadletters.LetterShown:
    """One record with its bytes."""
    return await call.query(lambda tx: deadletters.letter(tx, letter))


@_common.post("/dead-letters/redrive", response_model=deadletters.Redriven)
async def redrive(body: RedriveLetters, call: Operator) -> Response:
    """Apply parked records, each with those behind it, in order. What fails again stays parked; repeat until `left` is 0."""
    return await call.command(lambda tx: deadletters.redrive(tx, _redriving(call), body.ids))


@_common.post("/dead-letters/discard")
async def discard(body: DiscardLetters, call: Operator) -> Response:
    """Leave records out for good, with the reason; those behind them may then be redriven."""

    async def work(tx: Tx) -> dict[str, int]:
        return {"discarded": await deadletters.discard(tx, body.ids, body.why)}

    return await call.command(work)


class ReadsNothing(Invalid):
    """The service applies no events: it has no dead letters to redrive."""

    slug = "READS_NOTHING"


def _redriving(call: Call) -> Redriving:
    if call.site.redriving is None:
        raise ReadsNothing
    return call.site.redriving


# --- problems -----------------------------------------------------------------------------------------------------------
def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    state: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """RFC 9457 application/problem+json with a stable `code`, field paths in `errors`, and the state that stood in the way."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    if errors:
        body["errors"] = errors
    if state is not None:
        body["state"] = state
    return Response(to_json(body), status, headers=dict(headers or {}), media_type="application/problem+json")


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # Neither input nor context is echoed: a rejected body may hold a name or a document number.
    errors = [{"field": _path(item["loc"]), "code": str(item["type"]).upper(), "message": str(item["msg"])} for item in error.errors()[:50]]
    return problem(422, "INVALID", "the request does not have the required form", errors=errors)


def _path(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location]
    return ".".join(parts[1:]) if len(parts) > 1 and parts[0] in ("body", "query", "path", "header") else ".".join(parts)


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    named = [{"field": error.field, "code": error.slug, "message": str(error)}] if error.field else None
    return problem(error.status, error.slug, str(error), errors=named, state=error.state)


async def _unauthenticated(_: Request, error: Exception) -> Response:
    return problem(401, "UNAUTHENTICATED", str(error), headers={"WWW-Authenticate": "Bearer"})


async def _forbidden(_: Request, error: Exception) -> Response:
    return problem(403, "FORBIDDEN", str(error))


async def _unavailable(_: Request, error: Exception) -> Response:
    return problem(503, "UNAVAILABLE", str(error), headers={"Retry-After": "1"})


async def _http(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = "INVALID" if error.status_code == 400 else HTTPStatus(error.status_code).name
    return problem(error.status_code, code, str(error.detail), headers=error.headers)


async def _crashed(request: Request, error: Exception) -> Response:
    logging.getLogger("laowu.http").error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "INTERNAL", "this is our fault; nothing was written")


def openapi_json(app: FastAPI) -> str:
    """The OpenAPI document as committed text."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
