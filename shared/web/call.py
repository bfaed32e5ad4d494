"""One request by one principal: a route's way into a transaction.

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

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Depends, Request, Response
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.db import Cause, Tx, Work
from shared.delivery import outbox
from shared.errors import Invalid
from shared.principals import Forbidden, Principal, Role
from shared.running_service import RunningService
from shared.settings import Settings
from shared.values import Clock
from shared.web.auth import Unauthenticated, Verifier
from shared.web.idempotency import KEY, KeyMissing, claim

T = TypeVar("T")
_MOMENT = TypeAdapter(datetime)


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

    async def command(self, work: Work[Any], *, status: int = 200) -> Response:
        """Run `work` in one transaction, at most once per Idempotency-Key. Its result is the JSON answer."""
        key = self.request.headers.get("idempotency-key", "")
        if not KEY.match(key):
            raise KeyMissing(field="Idempotency-Key")
        digest = await self._digest()
        async with self.service.database.transaction(self.cause(key)) as tx:
            stored = await claim(tx, str(self.principal), key, digest)
            if stored is None:
                stored = (status, to_json(await work(tx)))
                await outbox.tell(tx, outbox.Answer(*stored, str(self.principal), key))
        return Response(stored[1], stored[0], media_type="application/json")

    async def query(self, work: Work[T]) -> T:
        """Run `work` in a read-only transaction: one snapshot for everything it reads."""
        async with self.service.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            return await work(Tx(conn, self.service.name, self.cause(None)))

    async def rehearse(self, work: Work[T]) -> T:
        """What `work` would give, from one snapshot: rolled back whatever it has written."""
        return await self.service.database.rehearse(self.cause(), work, snapshot=True)

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


def allow(*roles: Role) -> Any:
    """The dependency that authenticates the caller and lets only these roles pass. 401 and 403 come from here."""

    async def call(request: Request) -> Call:
        service: RunningService = request.app.state.service
        verifier: Verifier = request.app.state.verifier
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("a bearer token is needed")
        principal = verifier.principal(token)
        if principal.role not in roles:
            raise Forbidden(f"the role {principal.role} may not do this")
        return Call(request, principal, service, _clock(request, service.settings))

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
