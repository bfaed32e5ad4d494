"""Needs."""

from __future__ import annotations

from fastapi import APIRouter

from services.training.api.callers import Reader
from services.training.domain.needs import NeedId, NeedState
from services.training.usecases import needs
from services.training.views.needs import Backlog, Needs
from shared.values import DestinationField, OccupationField
from shared.web.parameters import Limit

router = APIRouter()


@router.get("/needs/backlog")
async def count_backlog(call: Reader) -> Backlog:
    """How many wait for a seat, by what they need it for."""
    return await call.query(needs.count_backlog)


@router.get("/needs")
async def list_needs(
    call: Reader,
    state: NeedState = NeedState.OPEN,
    destination: DestinationField | None = None,
    occupation: OccupationField | None = None,
    after: NeedId | None = None,
    limit: Limit = 50,
) -> Needs:
    return await call.query(
        lambda tx: needs.list_needs(tx, state=state, destination=destination, occupation=occupation, after=after, limit=limit)
    )
