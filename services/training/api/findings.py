"""Findings, pass rates, and who stands out."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Officer, Overseer, Reader
from services.training.domain.findings import FindingId, FindingKind, FindingState
from services.training.usecases import findings, pass_rates
from services.training.views.findings import Finding, Findings
from services.training.views.pass_rates import Outliers, PassRates
from shared.paging import Page
from shared.values import Day
from shared.web.parameters import paged

router = APIRouter()


@router.get("/findings")
async def list_findings(
    call: Overseer,
    page: Annotated[Page, paged("day")],
    *,
    state: FindingState = FindingState.OPEN,
    kind: FindingKind | None = None,
    since: Day | None = None,
) -> Findings:
    return await call.query(lambda tx: findings.list_findings(tx, page, state=state, kind=kind, since=since))


@router.post("/findings/{finding}/decision", response_model=Finding)
async def decide_finding(finding: FindingId, body: commands.DecideFinding, call: Officer) -> Response:
    return await call.command(lambda tx: findings.decide_finding(tx, finding, body))


@router.get("/pass-rates")
async def list_pass_rates(
    call: Reader, by: Literal["centre", "assessor", "course", "month"] = "centre", since: Day | None = None, until: Day | None = None
) -> PassRates:
    return await call.query(lambda tx: pass_rates.list_pass_rates(tx, by, since, until))


@router.get("/pass-rates/outliers")
async def list_outliers(
    call: Overseer, by: Literal["centre", "assessor", "course", "month"] = "centre", since: Day | None = None, until: Day | None = None
) -> Outliers:
    """Whose pass rate is not chance, against all others."""
    return await call.query(lambda tx: pass_rates.list_outliers(tx, by, since, until))
