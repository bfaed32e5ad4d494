"""Closed periods and restatements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.stats.api.parameters import ClosedPeriod, Reader
from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.domain.fields import ClosablePeriod
from services.stats.usecases import periods as closed
from services.stats.views.periods import Period, Restatements
from shared.paging import Page
from shared.principals import Role
from shared.web.call import Call, allow
from shared.web.parameters import paged

router = APIRouter()


@router.get("/periods")
async def list_periods(call: Reader) -> list[Period]:
    """Every close, reopened ones included."""
    return await call.query(closed.periods)


@router.get("/periods/{period}")
async def show_period(period: ClosedPeriod, call: Reader) -> Period:
    """The close of a year or month that is in force."""
    return await call.query(lambda tx: closed.period_in_force(tx, period))


@router.post("/periods/close", status_code=201, response_model=Period)
async def close_period(body: ClosePeriod, call: Annotated[Call, allow(Role.OFFICER)]) -> Response:
    """Freeze a year or month that has ended; every later change of it is restated."""
    return await call.command(lambda tx: closed.close_period(tx, body), status=201)


@router.post("/periods/reopen", response_model=Period)
async def reopen_period(body: ReopenPeriod, call: Annotated[Call, allow(Role.OFFICER)]) -> Response:
    """Approve that a closed period changes; not by who closed it."""
    return await call.command(lambda tx: closed.reopen_period(tx, body))


@router.get("/restatements")
async def list_restatements(
    call: Reader,
    page: Annotated[Page, paged("effective", limit=200)],
    *,
    period: ClosablePeriod | None = None,
    scope: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_:/-]{1,80}$", description="only of this scope, such as nation:CN")] = None,
) -> Restatements:
    """What has changed in closed periods."""
    return await call.query(lambda tx: closed.restatements(tx, page, period, scope))
