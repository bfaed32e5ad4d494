"""The routes every service has about telling people: the inbox of an account, and where else a party or an office hears."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from shared.audiences import HEARERS
from shared.delivery.audit_trail import History
from shared.notifications import deliveries, endpoints, inbox
from shared.notifications.deliveries import Deliveries, DeliveryId, Redelivered
from shared.notifications.endpoints import ConfirmMailbox, Endpoint, Endpoints, OpenEndpoint, RotateSecret, ShownSecret
from shared.notifications.inbox import Inbox, MarkRead, NotificationType, Unread, Wanted
from shared.principals import Role
from shared.texts import best_language
from shared.web.call import Call, allow
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()

Hearer = Annotated[Call, allow(*(role for role in Role if role in HEARERS))]
Owner = Annotated[Call, allow(Role.ENTERPRISE, Role.TRAINER, Role.CLERK, Role.OFFICER)]
Older = Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before; left out: from the newest")]
Tongue = Annotated[Literal["zh", "en", "ja"] | None, Query(description="of title and text; left out: by Accept-Language")]


@router.get("/notifications")
async def list_notifications(
    call: Hearer,
    language: Tongue = None,
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
    kind: Annotated[NotificationType | None, Query(alias="type", description="only of this CloudEvents type")] = None,
    unread: Annotated[bool, Query(description="only what this account has not read, of its newest 1,000")] = False,
    after: Older = None,
    limit: Limit = 50,
) -> Inbox:
    """What concerns the caller by role, party and regions, newest first."""
    chosen = language or best_language(accept_language)
    wanted = Wanted(kind=kind, unread=unread, before=after, limit=limit)
    return await call.query(lambda tx: inbox.list_notifications(tx, wanted, chosen))


@router.get("/notifications/unread")
async def count_unread(call: Hearer) -> Unread:
    return await call.query(inbox.count_unread)


@router.post("/notifications/read", response_model=Unread)
async def mark_read(body: MarkRead, call: Hearer) -> Response:
    """Mark as read, for this account alone."""
    return await call.command(lambda tx: inbox.mark_read(tx, body))


# --- endpoints ---------------------------------------------------------------------------------------------------
@router.post("/endpoints", status_code=201, response_model=Endpoint)
async def open_endpoint(body: OpenEndpoint, call: Owner) -> Response:
    """Hear by a webhook, or by mail at an office's address, of what the inbox has from now on."""
    return await call.command(lambda tx: endpoints.open_endpoint(tx, body, call.service.settings), status=201)


@router.get("/endpoints")
async def list_endpoints(call: Hearer, after: UUID | None = None, limit: Limit = 50) -> Endpoints:
    """Those of the caller's party or regions; an officer's clerks' too."""
    return await call.query(lambda tx: endpoints.list_endpoints(tx, after, limit))


@router.get("/endpoints/{endpoint}")
async def show_endpoint(endpoint: UUID, call: Hearer) -> Endpoint:
    return await call.query(lambda tx: endpoints.require_own(tx, endpoint))


@router.get("/endpoints/{endpoint}/secret")
async def show_secret(endpoint: UUID, call: Owner) -> ShownSecret:
    """What its messages are signed with."""
    return await call.query(lambda tx: endpoints.show_secret(tx, endpoint, call.service.settings))


@router.post("/endpoints/{endpoint}/rotation", response_model=Endpoint)
async def rotate_secret(endpoint: UUID, body: RotateSecret, call: Owner) -> Response:
    """Another secret; the one before signs too for a day."""
    return await call.command(lambda tx: endpoints.rotate_secret(tx, endpoint, body, call.service.settings))


@router.post("/endpoints/{endpoint}/confirmation", response_model=Endpoint)
async def confirm_mailbox(endpoint: UUID, body: ConfirmMailbox, call: Owner) -> Response:
    """With the code of the letter that the mailbox got."""
    return await call.command(lambda tx: endpoints.confirm_mailbox(tx, endpoint, body, call.service.settings))


@router.post("/endpoints/{endpoint}/disable", response_model=Endpoint)
async def disable_endpoint(endpoint: UUID, call: Hearer) -> Response:
    return await call.command(lambda tx: endpoints.disable(tx, endpoint))


@router.post("/endpoints/{endpoint}/enable", response_model=Endpoint)
async def enable_endpoint(endpoint: UUID, call: Owner) -> Response:
    return await call.command(lambda tx: endpoints.enable(tx, endpoint))


@router.get("/endpoints/{endpoint}/history")
async def endpoint_history(endpoint: UUID, call: Hearer, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: endpoints.endpoint_history(tx, endpoint, after, limit))


# --- deliveries --------------------------------------------------------------------------------------------------
@router.get("/endpoints/{endpoint}/deliveries")
async def list_deliveries(
    endpoint: UUID, call: Hearer, state: deliveries.State | None = None, after: Older = None, limit: Limit = 50
) -> Deliveries:
    """What was sent, what waits and what was given up, newest first."""
    return await call.query(lambda tx: deliveries.list_deliveries(tx, endpoint, state=state, before=after, limit=limit))


@router.post("/endpoints/{endpoint}/deliveries/{delivery}/redelivery", response_model=Redelivered)
async def redeliver(endpoint: UUID, delivery: DeliveryId, call: Owner) -> Response:
    """Send it again, under the same id."""
    return await call.command(lambda tx: deliveries.redeliver(tx, endpoint, delivery))


@router.post("/endpoints/{endpoint}/redelivery", response_model=Redelivered)
async def redeliver_dead(endpoint: UUID, call: Owner) -> Response:
    """Send what was given up again, 1,000 at a time; repeat until `left` is 0."""
    return await call.command(lambda tx: deliveries.redeliver_dead(tx, endpoint))
