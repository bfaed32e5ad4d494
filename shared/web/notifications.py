"""The routes every service has about telling people: the inbox of an account, and where else a party or an office hears."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from shared.notifications import inbox
from shared.notifications.inbox import Inbox, MarkRead, Unread
from shared.principals import Role
from shared.texts import best_language
from shared.web.call import Call, allow
from shared.web.parameters import Limit

router = APIRouter()

Hearer = Annotated[Call, allow(Role.ENTERPRISE, Role.TRAINER, Role.CLERK, Role.OFFICER, Role.OPERATOR)]
Tongue = Annotated[Literal["zh", "en", "ja"] | None, Query(description="of title and text; left out: by Accept-Language")]


@router.get("/notifications")
async def list_notifications(
    call: Hearer,
    language: Tongue = None,
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
    unread: Annotated[bool, Query(description="only what this account has not read, of its newest 1,000")] = False,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before; left out: from the newest")] = None,
    limit: Limit = 50,
) -> Inbox:
    """What concerns the caller by role, party and regions, newest first."""
    chosen = language or best_language(accept_language)
    return await call.query(lambda tx: inbox.list_notifications(tx, language=chosen, unread=unread, before=before, limit=limit))


@router.get("/notifications/unread")
async def count_unread(call: Hearer) -> Unread:
    return await call.query(inbox.count_unread)


@router.post("/notifications/read", response_model=Unread)
async def mark_read(body: MarkRead, call: Hearer) -> Response:
    """Mark as read, for this account alone."""
    return await call.command(lambda tx: inbox.mark_read(tx, body))
