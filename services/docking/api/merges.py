"""Merges of workers: which are held, because the stays of the two contradict each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.docking.domain.merges import MergeState
from services.docking.usecases import merges
from services.docking.views import merges as views
from shared.principals import Role
from shared.values import WorkerId
from shared.web.call import Call, allow
from shared.web.parameters import Limit

router = APIRouter()


@router.get("/merges")
async def list_merges(
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.OPERATOR, Role.AUDITOR)],
    state: MergeState | None = None,
    after: WorkerId | None = None,
    limit: Limit = 50,
) -> views.Merges:
    return await call.query(lambda tx: merges.list_merges(tx, state, after, limit))
