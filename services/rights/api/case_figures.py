"""Figures of cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.rights.api.callers import Anybody, Overseer
from services.rights.usecases import case_figures
from services.rights.usecases.case_figures import Span
from services.rights.views.case_figures import CaseAgeing, ComplaintRates, OnTimeRates
from shared.paging import Page
from shared.values import Day, EnterpriseId
from shared.web.parameters import paged

router = APIRouter()


def _span(
    since: Annotated[Day | None, Query(alias="from", description="left out: a year before `to`")] = None,
    to: Annotated[Day | None, Query(description="left out: today")] = None,
) -> Span:
    return Span(since, to)


Asked = Annotated[Span, Depends(_span)]


@router.get("/cases/ageing")
async def show_case_ageing(call: Anybody) -> CaseAgeing:
    return await call.query(case_figures.show_ageing)


@router.get("/cases/on-time")
async def show_on_time(call: Overseer, span: Asked) -> OnTimeRates:
    return await call.query(lambda tx: case_figures.show_on_time(tx, span))


@router.get("/cases/complaint-rates")
async def list_complaint_rates(
    call: Overseer,
    page: Annotated[Page, paged("complaints", "open", "escalated", "workers")],
    span: Asked,
    *,
    enterprise: EnterpriseId | None = None,
) -> ComplaintRates:
    return await call.query(lambda tx: case_figures.list_complaint_rates(tx, page, span, enterprise))
