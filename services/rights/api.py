"""HTTP of rights: routes to usecases."""

from __future__ import annotations

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.rights import commands, views
from services.rights.domain import CaseState
from services.rights.usecases import cases, incomes, payrolls
from shared import sheets
from shared.db import Cause
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.sheets import Kind
from shared.values import CaseId, EnterpriseId, ImportId, PlacementId, ReportId
from shared.web.call import Call, allow

router = APIRouter()

Reporter = Annotated[Call, allow(Role.ENTERPRISE, Role.CLERK, Role.OFFICER)]
Clerk = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]
Reader = Annotated[Call, allow(Role.ENTERPRISE, Role.CLERK, Role.OFFICER, Role.AUDITOR)]
Overseer = Annotated[Call, allow(Role.OFFICER, Role.AUDITOR)]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, le=2**62)]


# --- income -----------------------------------------------------------------------------------------------------------
@router.post("/incomes", status_code=201, response_model=views.Income)
async def report_income(body: commands.ReportIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.report_income(tx, body), status=201)


@router.post("/incomes/{report}/correction", response_model=views.Income)
async def correct_income(report: ReportId, body: commands.CorrectIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.correct_income(tx, report, body))


@router.post("/incomes/{report}/void", response_model=views.Income)
async def void_income(report: ReportId, body: commands.VoidIncome, call: Reporter) -> Response:
    return await call.command(lambda tx: incomes.void_income(tx, report, body))


@router.get("/incomes/missing")
async def missing(call: Overseer, enterprise: EnterpriseId | None = None, after: After = 0, limit: Limit = 50) -> views.Findings:
    return await call.query(lambda tx: incomes.missing(tx, enterprise, after, limit))


@router.get("/orphans")
async def orphans(call: Overseer, after: ReportId | None = None, limit: Limit = 50) -> views.Incomes:
    return await call.query(lambda tx: incomes.orphans(tx, after, limit))


@router.get("/placements/{placement}/ledger")
async def ledger(placement: PlacementId, call: Reader) -> views.Ledger:
    return await call.query(lambda tx: incomes.show_ledger(tx, placement))


@router.get("/placements/{placement}/history")
async def ledger_history(placement: PlacementId, call: Reader, after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: incomes.ledger_history(tx, placement, after, limit))


# --- payrolls ---------------------------------------------------------------------------------------------------------
_FILE = {"requestBody": {"required": True, "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}}


@router.post("/payrolls", openapi_extra=_FILE)
async def import_payroll(call: Reporter, *, dry_run: bool = False) -> views.Payroll:
    """The file itself as body. Its digest takes the place of an Idempotency-Key: the same file again is the same payroll."""
    kind = sheets.kind_of(call.request.headers.get("content-type", ""))
    content = await call.request.body()
    digest = hashlib.sha256(content).hexdigest()[:32]
    cause = Cause(call.principal, call.clock, correlation_id=digest, causation_id=f"file:{digest}")
    enter = payrolls.try_payroll if dry_run else payrolls.import_payroll
    return await enter(call.service.database, cause, content, kind)


@router.get("/payrolls/{payroll}")
async def show_payroll(payroll: ImportId, call: Reader) -> views.Payroll:
    return await call.query(lambda tx: payrolls.show_payroll(tx, payroll))


# --- cases ------------------------------------------------------------------------------------------------------------
@router.post("/cases", status_code=201, response_model=views.Case)
async def open_case(body: commands.OpenCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.open_case(tx, body), status=201)


@router.post("/cases/{case}/answer", response_model=views.Case)
async def answer_case(case: CaseId, body: commands.AnswerCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.answer_case(tx, case, body))


@router.post("/cases/{case}/closure", response_model=views.Case)
async def close_case(case: CaseId, body: commands.CloseCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.close_case(tx, case, body))


@router.get("/cases")
async def board(call: Reader, state: CaseState | None = None, after: UUID | None = None, limit: Limit = 50) -> views.Cases:
    return await call.query(lambda tx: cases.board(tx, state, after, limit))


@router.get("/cases/{case}")
async def show_case(case: CaseId, call: Reader) -> views.Case:
    return await call.query(lambda tx: cases.show_case(tx, case))


@router.get("/cases/{case}/history")
async def case_history(case: CaseId, call: Reader, after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: cases.history(tx, case, after, limit))
