"""The change of the master key, and of the lookup key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.registration.commands import RehashKeys, RewrapKeys
from services.registration.usecases import lookup_keys, wrapped_keys
from services.registration.views.lookup_keys import Rehashed
from services.registration.views.wrapped_keys import Rewrapped
from shared.principals import Role
from shared.web.call import Call, allow

router = APIRouter()


@router.post("/keys/rewrap", response_model=Rewrapped)
async def rewrap_keys(body: RewrapKeys, call: Annotated[Call, allow(Role.OPERATOR)]) -> Response:
    """One bounded batch; repeat with `next` as `after` until it is null. What is under the present key already is left alone."""
    return await call.command(lambda tx: wrapped_keys.rewrap(tx, body))


@router.post("/keys/rehash", response_model=Rehashed)
async def rehash_keys(body: RehashKeys, call: Annotated[Call, allow(Role.OPERATOR)]) -> Response:
    """One bounded batch; repeat with `next` as `after` until it is null. What is under the present key already is left alone."""
    return await call.command(lambda tx: lookup_keys.rehash(tx, body))
