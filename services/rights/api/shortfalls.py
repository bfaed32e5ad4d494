"""Findings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.rights.api.callers import EnterpriseOrOverseer
from services.rights.domain.shortfalls import Kind
from services.rights.usecases import shortfalls
from services.rights.views.shortfalls import Findings
from shared.paging import Page
from shared.values import EnterpriseId, PeriodField
from shared.web.parameters import paged

router = APIRouter()


@router.get("/incomes/missing")
async def list_missing_incomes(
    call: EnterpriseOrOverseer,
    page: Annotated[Page, paged("period")],
    *,
    enterprise: EnterpriseId | None = None,
    period: PeriodField | None = None,
) -> Findings:
    return await call.query(lambda tx: shortfalls.list_open(tx, page, "missing", enterprise=enterprise, period=period))


@router.get("/findings")
async def list_findings(
    call: EnterpriseOrOverseer,
    page: Annotated[Page, paged("period")],
    kind: Kind,
    *,
    enterprise: EnterpriseId | None = None,
    period: PeriodField | None = None,
) -> Findings:
    return await call.query(lambda tx: shortfalls.list_open(tx, page, kind, enterprise=enterprise, period=period))
