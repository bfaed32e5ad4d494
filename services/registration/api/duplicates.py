"""The queue of suspected duplicates, and what people decide on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.registration.api.callers import Reader, Writer
from services.registration.commands import ConfirmMerge, LinkDuplicate, RejectMerge
from services.registration.domain.duplicates import DuplicateState
from services.registration.usecases import duplicates, merges
from services.registration.views.duplicates import Duplicate, Duplicates
from shared.paging import Page
from shared.values import DuplicateId, WorkerId
from shared.web.parameters import paged

router = APIRouter()


@router.get("/duplicates")
async def list_duplicates(
    call: Reader,
    page: Annotated[Page, paged("found_at")],
    *,
    worker: WorkerId | None = None,
    state: DuplicateState | None = None,
) -> Duplicates:
    """Without a state: what waits for a decision, and merges that docking holds."""
    return await call.query(lambda tx: duplicates.list_duplicates(tx, page, worker, state))


@router.get("/duplicates/{duplicate}")
async def show_duplicate(duplicate: DuplicateId, call: Reader) -> Duplicate:
    return await call.query(lambda tx: duplicates.show_duplicate(tx, duplicate))


@router.post("/workers/{worker}/duplicates", status_code=201, response_model=Duplicate)
async def link_duplicate(worker: WorkerId, body: LinkDuplicate, call: Writer) -> Response:
    return await call.command(lambda tx: duplicates.link_duplicate(tx, worker, body), status=201)


@router.post("/duplicates/{duplicate}/merge", response_model=Duplicate)
async def confirm_merge(duplicate: DuplicateId, body: ConfirmMerge, call: Writer) -> Response:
    return await call.command(lambda tx: merges.confirm_merge(tx, duplicate, body))


@router.post("/duplicates/{duplicate}/rejection", response_model=Duplicate)
async def reject_merge(duplicate: DuplicateId, body: RejectMerge, call: Writer) -> Response:
    return await call.command(lambda tx: duplicates.reject_merge(tx, duplicate, body))
