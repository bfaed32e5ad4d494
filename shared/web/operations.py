"""The routes every service has: probes, metrics, delivery state, sweeps, dead letters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from shared.db import Tx
from shared.delivery import dead_letters, lost_events, redriving, restoring
from shared.delivery.dead_letters import DeadLetterId
from shared.delivery.delivery_state import DeliveryState, delivery_state
from shared.delivery.redriving import MAX_NAMED, DiscardDeadLetters, RedriveDeadLetters, Redriving
from shared.errors import Invalid
from shared.health import Health
from shared.paging import Page
from shared.principals import Role
from shared.values import Line
from shared.web import token_locks
from shared.web.call import Call, allow, allow_anybody
from shared.web.parameters import paged

router = APIRouter()


@router.get("/livez", include_in_schema=False)
async def livez() -> dict[str, bool]:
    return {"alive": True}


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    health: Health = request.app.state.service.health
    body = {"ready": health.ready, "conditions": health.conditions}
    return Response(to_json(body), 200 if health.ready else 503, media_type="application/json")


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


@router.get("/delivery")
async def show_delivery(call: Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)]) -> DeliveryState:
    """State of delivery: rows in the outbox, position and lag per partition, open dead letters."""
    # The lag first: where it is 0, the outbox of the same answer holds what came of the last record.
    lag = await call.service.lag() if call.service.lag else {}
    state = await call.query(lambda tx: delivery_state(tx.conn))
    return state.model_copy(update={"lag": lag})


class Swept(BaseModel):
    acted: int


@router.post("/sweep", response_model=Swept)
async def sweep(call: Annotated[Call, allow(Role.OPERATOR)]) -> Response:
    """Act on what is overdue by the caller's clock: one bounded batch. Repeat until `acted` is 0."""

    async def work(tx: Tx) -> Swept:
        return Swept(acted=await call.service.sweep(tx) if call.service.sweep else 0)

    return await call.command(work)


Reader = Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)]
Operator = Annotated[Call, allow(Role.OPERATOR)]


@router.get("/dead-letters")
async def list_dead_letters(
    call: Reader,
    page: Annotated[Page, paged()],
    *,
    state: dead_letters.State | None = None,
    subject: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = None,
) -> dead_letters.DeadLetterPage:
    """Records that could not be applied, those held back behind them, and what was decided of them."""
    return await call.query(lambda tx: dead_letters.list_(tx, page, state=state, subject=subject))


@router.get("/dead-letters/preview")
async def preview_redrive(
    call: Reader, letter: Annotated[list[DeadLetterId], Query(alias="id", min_length=1, max_length=MAX_NAMED)]
) -> redriving.RedrivePreview:
    """What redriving these would do, and which published figures would change: done and rolled back."""
    return await redriving.preview(call.service.database, call.cause(), _redriving(call), letter)


@router.get("/dead-letters/{letter}")
async def show_dead_letter(letter: DeadLetterId, call: Reader) -> dead_letters.DeadLetterDetail:
    """One record with its bytes."""
    return await call.query(lambda tx: dead_letters.get(tx, letter))


@router.post("/dead-letters/redrive", response_model=redriving.Redriven)
async def redrive_dead_letters(body: RedriveDeadLetters, call: Operator) -> Response:
    """Apply parked records, each with those behind it, in order. What fails again stays parked; repeat until `left` is 0."""
    return await call.command(lambda tx: redriving.redrive(tx, _redriving(call), body.ids), while_restoring=True)


class Discarded(BaseModel):
    discarded: int


@router.post("/dead-letters/discard", response_model=Discarded)
async def discard_dead_letters(body: DiscardDeadLetters, call: Operator) -> Response:
    """Leave records out for good, with the reason; those behind them may then be redriven."""

    async def work(tx: Tx) -> Discarded:
        return Discarded(discarded=await redriving.discard(tx, body.ids, body.why))

    return await call.command(work, while_restoring=True)


@router.get("/lost-events")
async def list_lost_events(
    call: Reader, page: Annotated[Page, paged()], *, state: lost_events.State | None = None
) -> lost_events.LostEventPage:
    """Events that this service had published after the backup its database was restored from, and what was decided of them."""
    return await call.query(lambda tx: lost_events.list_(tx, page, state=state))


class VoidLostEvents(BaseModel):
    """Take these back: nobody stands by them any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: lost_events.Ids
    why: Line


class Voided(BaseModel):
    voided: int


@router.post("/lost-events/void", response_model=Voided)
async def void_lost_events(body: VoidLostEvents, call: Operator) -> Response:
    """Take lost events back for a reason: figures lose what they had added. What other services made of them is corrected there."""

    async def work(tx: Tx) -> Voided:
        return Voided(voided=await restoring.void(tx, body.ids, body.why))

    return await call.command(work, while_restoring=True)


@router.post("/token-locks", response_model=token_locks.TokenLocked)
async def lock_token(body: token_locks.LockToken, call: Operator) -> Response:
    """Let nobody in with a token that has leaked. Every service has locks of its own: send it to each."""
    return await call.command(lambda tx: token_locks.lock(tx, body), while_restoring=True)


@router.get("/token-locks")
async def show_token_locks(call: Annotated[Call, allow_anybody()]) -> token_locks.LockedTokens:
    """Digests of the ids of all tokens that are locked out; what they were cannot be read from them."""
    return await call.query(token_locks.list_locks)


class ReadsNothing(Invalid):
    """The service applies no events: it has no dead letters to redrive."""

    slug = "READS_NOTHING"


def _redriving(call: Call) -> Redriving:
    if call.service.redriving is None:
        raise ReadsNothing
    return call.service.redriving
