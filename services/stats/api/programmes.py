"""Programmes, their quotas and targets evaluated, the report."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from services.stats.api.parameters import KnownAt, Planner, ProgrammeCode, Reader
from services.stats.commands import EnterProgramme
from services.stats.domain.fields import Code
from services.stats.figures.freshness import lag_of
from services.stats.programmes.catalogue import MAIN
from services.stats.usecases import evaluations
from services.stats.usecases import programmes as entered
from services.stats.views.programmes import Programme
from services.stats.views.quotas import Quotas
from services.stats.views.report import Report
from services.stats.views.targets import Targets

router = APIRouter()
LevelName = Literal["nation", "region", "province"]


@router.get("/quotas")
async def show_quotas(call: Reader, programme: ProgrammeCode = MAIN, level: LevelName = "nation", as_known_at: KnownAt = None) -> Quotas:
    """Every quota in every year begun, evaluated as known at a day."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: evaluations.quotas(tx, programme, level, as_known_at, lag))


@router.get("/targets")
async def show_targets(call: Reader, programme: ProgrammeCode = MAIN, level: LevelName = "nation", as_known_at: KnownAt = None) -> Targets:
    """Every target: actual, expected to date, what is needed per day, state."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: evaluations.targets(tx, programme, level, as_known_at, lag))


@router.get("/report")
async def show_report(call: Reader, programme: ProgrammeCode = MAIN, as_known_at: KnownAt = None) -> Report:
    """Every year of the programme, totals, targets, freshness. Amounts in fen."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: evaluations.report(tx, programme, as_known_at, lag))


@router.get("/programmes")
async def list_programmes(call: Reader) -> list[Programme]:
    """The programmes in force."""
    return await call.query(entered.programmes)


@router.get("/programmes/{code}")
async def list_programme_versions(call: Reader, code: Code) -> list[Programme]:
    """Every version of a programme, oldest first; version 0 is the shipped one."""
    return await call.query(lambda tx: entered.programme_versions(tx, code))


@router.post("/programmes", status_code=201, response_model=Programme)
async def enter_programme(body: EnterProgramme, call: Planner) -> Response:
    """Enter a plan, or the next version of one. A plan that contradicts itself is refused with the arithmetic."""
    return await call.command(lambda tx: entered.enter_programme(tx, body), status=201)
