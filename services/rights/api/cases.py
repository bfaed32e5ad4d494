"""Cases."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.rights import commands
from services.rights.api.callers import Clerk, Reader
from services.rights.domain.cases import CaseState
from services.rights.usecases import cases
from services.rights.views.cases import Case, Cases
from shared.delivery.audit_trail import History
from shared.values import CaseId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()


@router.post("/cases", status_code=201, response_model=Case)
async def open_case(body: commands.OpenCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.open_case(tx, body), status=201)


@router.post("/cases/{case}/answer", response_model=Case)
async def answer_case(case: CaseId, body: commands.AnswerCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.answer_case(tx, case, body))


@router.post("/cases/{case}/closure", response_model=Case)
async def close_case(case: CaseId, body: commands.CloseCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.close_case(tx, case, body))


@router.get("/cases")
async def list_cases(call: Reader, state: CaseState | None = None, after: CaseId | None = None, limit: Limit = 50) -> Cases:
    return await call.query(lambda tx: cases.list_cases(tx, state, after, limit))


@router.get("/cases/{case}")
async def show_case(case: CaseId, call: Reader) -> Case:
    return await call.query(lambda tx: cases.show_case(tx, case))


@router.get("/cases/{case}/history")
async def case_history(case: CaseId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: cases.case_history(tx, case, after, limit))
