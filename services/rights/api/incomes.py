"""Income reports."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.rights import commands
from services.rights.api.callers import Reporter
from services.rights.usecases import incomes
from services.rights.views.incomes import Income
from shared.values import ReportId

router = APIRouter()


@router.post("/incomes", status_code=201, response_model=Income)
async def report_income(body: commands.ReportIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.report_income(tx, body), status=201)


@router.post("/incomes/{report}/correction", response_model=Income)
async def correct_income(report: ReportId, body: commands.CorrectIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.correct_income(tx, report, body))


@router.post("/incomes/{report}/void", response_model=Income)
async def void_income(report: ReportId, body: commands.VoidIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.void_income(tx, report, body))
