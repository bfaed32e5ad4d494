"""Needs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.training.api.callers import Reader
from services.training.domain.needs import NeedState
from services.training.usecases import needs
from services.training.views.needs import Backlog, Needs
from shared.paging import Page
from shared.values import DestinationField, OccupationField
from shared.web.parameters import paged

router = APIRouter()


@router.get("/needs/backlog")
async def count_backlog(call: Reader) -> Backlog:
    """How many wait for a seat, by what they need it for."""
    return await call.query(needs.count_backlog)


@router.get("/needs")
async def list_needs(
    call: Reader,
    page: Annotated[Page, paged("since")],
    *,
    state: NeedState = NeedState.OPEN,
    destination: DestinationField | None = None,
    occupation: OccupationField | None = None,
) -> Needs:
    return await call.query(lambda tx: needs.list_needs(tx, page, state=state, destination=destination, occupation=occupation))
