"""Corrections of attendance, examinations and certificates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Assessor, Centre, Officer, Overseer
from services.training.api.certificates import SerialField
from services.training.domain.corrections import CorrectionState
from services.training.usecases import corrections
from services.training.views.corrections import Correction, Corrections
from shared.paging import Page
from shared.values import CorrectionId, EnrolmentId
from shared.web.parameters import paged

router = APIRouter()


@router.post("/enrolments/{enrolment}/attendance/correction", response_model=Correction)
async def correct_attendance(enrolment: EnrolmentId, body: commands.CorrectAttendance, call: Centre) -> Response:
    return await call.command(lambda tx: corrections.correct_attendance(tx, enrolment, body))


@router.post("/enrolments/{enrolment}/assessment/correction", response_model=Correction)
async def correct_assessment(enrolment: EnrolmentId, body: commands.CorrectAssessment, call: Assessor) -> Response:
    return await call.command(lambda tx: corrections.correct_assessment(tx, enrolment, body))


@router.post("/certificates/{serial}/correction", response_model=Correction)
async def correct_certificate(serial: SerialField, body: commands.CorrectCertificate, call: Centre) -> Response:
    return await call.command(lambda tx: corrections.correct_certificate(tx, serial, body))


@router.post("/corrections/{correction}/approval", response_model=Correction)
async def approve_correction(correction: CorrectionId, body: commands.ApproveCorrection, call: Officer) -> Response:
    return await call.command(lambda tx: corrections.approve_correction(tx, correction, body))


@router.post("/corrections/{correction}/rejection", response_model=Correction)
async def reject_correction(correction: CorrectionId, body: commands.RejectCorrection, call: Officer) -> Response:
    return await call.command(lambda tx: corrections.reject_correction(tx, correction, body))


@router.get("/corrections")
async def list_corrections(
    call: Overseer,
    page: Annotated[Page, paged("requested_at")],
    *,
    state: CorrectionState = CorrectionState.PENDING,
    enrolment: EnrolmentId | None = None,
) -> Corrections:
    return await call.query(lambda tx: corrections.list_corrections(tx, page, state=state, enrolment=enrolment))
