"""Merges of workers: which are held, because the stays of the two contradict each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.docking.domain.merges import MergeState
from services.docking.usecases import merges
from services.docking.views import merges as views
from shared.paging import Page
from shared.principals import Role
from shared.web.call import Call, allow
from shared.web.parameters import paged

router = APIRouter()


@router.get("/merges")
async def list_merges(
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.OPERATOR, Role.AUDITOR)],
    page: Annotated[Page, paged("merged_on")],
    *,
    state: MergeState | None = None,
) -> views.Merges:
    return await call.query(lambda tx: merges.list_merges(tx, page, state))
