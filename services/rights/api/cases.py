"""Cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.rights import commands
from services.rights.api.callers import Clerk, Reader, Reporter
from services.rights.domain.cases import CaseState, Category, Filter, Level, Severity
from services.rights.usecases import case_board, case_openings, cases, settlements
from services.rights.views.cases import Case, CaseFile, Cases
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import CaseId, EnterpriseId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/cases", status_code=201, response_model=Case)
async def open_case(body: commands.OpenCase, call: Clerk) -> Response:
    return await call.command(lambda tx: case_openings.take_complaint(tx, body), status=201)


@router.post("/cases/{case}/evidence", response_model=Case)
async def add_evidence(case: CaseId, body: commands.AddEvidence, call: Reporter) -> Response:
    return await call.command(lambda tx: cases.add_evidence(tx, case, body))


@router.post("/cases/{case}/triage", response_model=Case)
async def triage_case(case: CaseId, body: commands.TriageCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.triage_case(tx, case, body))


@router.post("/cases/{case}/assignment", response_model=Case)
async def assign_case(case: CaseId, body: commands.AssignCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.assign_case(tx, case, body))


@router.post("/cases/{case}/answer", response_model=Case)
async def answer_case(case: CaseId, body: commands.AnswerCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.answer_case(tx, case, body))


@router.post("/cases/{case}/response-request", response_model=Case)
async def request_response(case: CaseId, body: commands.RequestResponse, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.request_response(tx, case, body))


@router.post("/cases/{case}/response", response_model=Case)
async def record_response(case: CaseId, body: commands.RecordResponse, call: Reporter) -> Response:
    return await call.command(lambda tx: cases.record_response(tx, case, body))


@router.post("/cases/{case}/offer", response_model=Case)
async def record_offer(case: CaseId, body: commands.RecordOffer, call: Reporter) -> Response:
    return await call.command(lambda tx: cases.record_offer(tx, case, body))


@router.post("/cases/{case}/settlement", response_model=Case)
async def settle_case(case: CaseId, body: commands.SettleCase, call: Clerk) -> Response:
    return await call.command(lambda tx: settlements.settle_case(tx, case, body))


@router.post("/cases/{case}/settlement/withdrawal", response_model=Case)
async def withdraw_settlement(case: CaseId, body: commands.WithdrawSettlement, call: Clerk) -> Response:
    return await call.command(lambda tx: settlements.withdraw_settlement(tx, case, body))


@router.post("/cases/{case}/escalation", response_model=Case)
async def escalate_case(case: CaseId, body: commands.EscalateCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.escalate_case(tx, case, body))


@router.post("/cases/{case}/pause", response_model=Case)
async def pause_case(case: CaseId, body: commands.PauseCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.pause_case(tx, case, body))


@router.post("/cases/{case}/resumption", response_model=Case)
async def resume_case(case: CaseId, body: commands.ResumeCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.resume_case(tx, case, body))


@router.post("/cases/{case}/closure-request", response_model=Case)
async def ask_closure(case: CaseId, body: commands.AskClosure, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.ask_closure(tx, case, body))


@router.post("/cases/{case}/closure", response_model=Case)
async def close_case(case: CaseId, body: commands.CloseCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.close_case(tx, case, body))


@router.post("/cases/{case}/reopening", response_model=Case)
async def reopen_case(case: CaseId, body: commands.ReopenCase, call: Clerk) -> Response:
    return await call.command(lambda tx: cases.reopen_case(tx, case, body))


# --- queries ----------------------------------------------------------------------------------------------------------
def _filter(
    state: CaseState | None = None,
    open: bool | None = None,  # noqa: A002  # the parameter's name
    category: Category | None = None,
    severity: Severity | None = None,
    level: Level | None = None,
    assignee: commands.Account | None = None,
    late: Annotated[bool | None, Query(description="whether the clock has run out")] = None,
    paused: bool | None = None,
    enterprise: EnterpriseId | None = None,
    older_than_days: Annotated[int | None, Query(ge=0, le=36_500)] = None,
) -> Filter:
    return Filter(
        state=state,
        open=open,
        category=category,
        severity=severity,
        level=level,
        assignee=assignee,
        late=late,
        paused=paused,
        enterprise=enterprise,
        older_than_days=older_than_days,
    )


@router.get("/cases")
async def list_cases(
    call: Reader, page: Annotated[Page, paged("opened_at", "due_at")], *, chosen: Annotated[Filter, Depends(_filter)]
) -> Cases:
    return await call.query(lambda tx: case_board.list_cases(tx, page, chosen))


@router.get("/cases/{case}")
async def show_case(case: CaseId, call: Reader) -> Case:
    return await call.query(lambda tx: case_board.show_case(tx, case))


@router.get("/cases/{case}/file")
async def show_case_file(case: CaseId, call: Reader) -> CaseFile:
    return await call.query(lambda tx: case_board.show_file(tx, case))


@router.get("/cases/{case}/history")
async def case_history(case: CaseId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: case_board.case_history(tx, case, after, limit))
