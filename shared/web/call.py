"""One request by one principal: how a route gets its transaction.

A route declares which roles it serves with `allow(...)` and hands the call a function of a transaction:

    @router.post("/workers", status_code=201)
    async def register_worker(body: RegisterWorker, call: Annotated[Call, allow(Role.CLERK)]) -> Response:
        return await call.command(lambda tx: usecases.register_worker(tx, body), status=201)

    @router.get("/workers/{worker}")
    async def show_worker(worker: WorkerId, call: Annotated[Call, allow(Role.CLERK)]) -> views.Worker:
        return await call.query(lambda tx: usecases.show_worker(tx, worker))

`command` does a request once per Idempotency-Key (idempotency.py); errors leave as problem documents (problems.py).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from shared import traces
from shared.db import Cause, Unavailable, Work
from shared.delivery import outbox, restoring
from shared.errors import Invalid
from shared.principals import Forbidden, Principal, Role
from shared.running_service import RunningService
from shared.settings import Settings
from shared.values import Clock
from shared.web.auth import Verifier
from shared.web.claims import Unauthenticated
from shared.web.idempotency import find_answer, request_hashes, require_key, turn_of
from shared.web.rate_limits import RateLimits

T = TypeVar("T")
_MOMENT = TypeAdapter(datetime)
_IDS = TypeAdapter(Annotated[list[UUID], Field(max_length=100)])


class SimulationOff(Invalid):
    """Simulated-Time is accepted only by a stack that was started for simulation."""

    slug = "SIMULATION_OFF"


@dataclass(frozen=True, slots=True)
class Call:
    """One request by one principal."""

    request: Request
    principal: Principal
    service: RunningService
    clock: Clock
    _: KW_ONLY
    response: Response | None = None  # whose headers the route's answer takes over

    async def command(self, work: Work[Any], *, status: int = 200, while_restoring: bool = False) -> Response:
        """Run `work` in one transaction, at most once per Idempotency-Key; a repeat gets the stored answer. The result is the JSON body.

        With the header `Dry-Run: true` all of it is rolled back, and the answer is 204 or the refusal: what a form checks while it is
        being filled in. It has no body: what is read under a record of who read it is not given out without one.

        While events that a restore has lost are undecided, a command is refused unless the header `Replays` names those that it publishes
        again, or it is one that decides them (`while_restoring`).

        Raises KeyMissing, KeyReused, RestoreUndecided, NotLost, ReplayDiffers.
        """
        if self.request.headers.get("dry-run") == "true":
            await self.service.database.dry_run(self.cause(), work)
            return Response(status_code=204)
        key, principal = require_key(self.request), str(self.principal)
        hashes = await request_hashes(self.request, self.service.settings.request_keys())
        replays = not while_restoring and await restoring.is_restoring(self.service.database)
        try:
            async with self.service.database.transaction(self.cause(key), turn=turn_of(principal, key)) as tx:
                lost = await restoring.require_replay(tx, _replayed(self.request)) if replays else ()
                body = to_json(await (restoring.do_again(tx, lost, partial(work, tx)) if lost else work(tx)))
                await outbox.write_pending(tx, outbox.Answer(principal, key, hashes[0], status, body))
                if replays:
                    await restoring.require_all_replayed(tx, lost)
        except Unavailable:
            raise
        except Exception:  # whatever the work raises when it is done again
            if (repeated := await self.stored_answer()) is not None:
                return repeated
            raise
        return _answer((status, body))

    async def stored_answer(self) -> Response | None:
        """What `command` would answer a repeat: for a route that prepares a command at length, so that a repeat costs nothing.

        Raises KeyMissing, KeyReused.
        """
        key = require_key(self.request)
        hashes = await request_hashes(self.request, self.service.settings.request_keys())
        stored = await self.query(lambda tx: find_answer(tx, str(self.principal), key, hashes))
        return None if stored is None else _answer(stored)

    async def query(self, work: Work[T]) -> T:
        """Run `work` in a read-only transaction: all its statements read one snapshot."""
        found = await self.service.database.read(self.cause(), work)
        self._link(found)
        return found

    def _link(self, found: Any) -> None:
        """A page of a list leads to the next one, as RFC 8288 writes it: relative to the address asked."""
        cursor = getattr(found, "next", None)
        if self.response is not None and isinstance(cursor, str | int | UUID):
            url = self.request.url.include_query_params(after=str(cursor))
            self.response.headers["link"] = f'<{url.path}?{url.query}>; rel="next"'

    async def dry_run(self, work: Work[T]) -> T:
        """The result of `work` from one snapshot, rolled back whatever it has written."""
        return await self.service.database.dry_run(self.cause(), work, snapshot=True)

    def cause(self, key: str | None = None) -> Cause:
        """Who acts, when, and because of which request; the trace that it belongs to goes on as the correlation id."""
        return Cause(
            principal=self.principal,
            clock=self.clock,
            correlation_id=traces.trace_id() or secrets.token_hex(16),
            causation_id=f"request:{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else None,
            traceparent=traces.current(),
        )


def _replayed(request: Request) -> list[UUID]:
    """The events that the header `Replays` names, with commas between. Raises Invalid."""
    named = request.headers.get("replays", "")
    try:
        return _IDS.validate_python([one.strip() for one in named.split(",")] if named else [])
    except ValidationError as error:
        raise Invalid("ids of lost events with commas between, 100 at most", field="Replays") from error


def _answer(stored: tuple[int, bytes]) -> Response:
    status, body = stored
    return Response(body, status, media_type="application/json")


def allow(*roles: Role) -> Any:
    """The dependency that authenticates the caller and lets only these roles pass: 401, 403, 429, and 503 where the issuer is away."""

    async def call(request: Request, response: Response) -> Call:
        service: RunningService = request.app.state.service
        verifier: Verifier = request.app.state.verifier
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("a bearer token is needed")
        principal = await verifier.principal(token)
        rates: RateLimits = request.app.state.rates
        rates.take(str(principal))
        if principal.role not in roles:
            raise Forbidden(f"the role {principal.role} may not do this")
        return Call(request, principal, service, _clock(request, service.settings), response=response)

    call.roles = roles  # type: ignore[attr-defined]  # read by the test that walks every route
    return Depends(call)


ANYBODY = Principal("anybody", Role.PUBLIC)


def allow_anybody() -> Any:
    """The dependency of a route that answers everybody the same, with a token or without: none is read."""

    async def call(request: Request, response: Response) -> Call:
        service: RunningService = request.app.state.service
        return Call(request, ANYBODY, service, _clock(request, service.settings), response=response)

    call.roles = tuple(role for role in Role if role is not Role.SERVICE)  # type: ignore[attr-defined]
    call.anybody = True  # type: ignore[attr-defined]  # both read by the test that walks every route
    return Depends(call)


def _clock(request: Request, settings: Settings) -> Clock:
    """The time of the Simulated-Time header, else now. Raises Invalid, SimulationOff."""
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
