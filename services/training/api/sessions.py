"""Sessions, and what is recorded in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Assessor, Centre, Enroller, Reader
from services.training.usecases import assessments, attendance, certificates, enrolments, sessions
from services.training.views.certificates import Certificates
from services.training.views.enrolments import Assessment, Attendance, AttendanceSheet, Seating
from services.training.views.sessions import CancelledSession, Roster, Scheduled, ScheduledSessions, Sessions
from shared.listed_rows import RowsRecorded
from shared.paging import Page
from shared.values import CourseId, Day, DestinationField, SessionId
from shared.web.parameters import paged

router = APIRouter()


@router.post("/courses/{course}/sessions", status_code=201, response_model=Scheduled)
async def schedule_session(course: CourseId, body: commands.ScheduleSession, call: Centre) -> Response:
    return await call.command(lambda tx: sessions.schedule_session(tx, course, body), status=201)


@router.post("/sessions", response_model=ScheduledSessions)
async def schedule_sessions(body: commands.ScheduleSessions, call: Centre) -> Response:
    """Up to 100; every row is answered for by itself."""
    return await call.command(lambda tx: sessions.schedule_sessions(tx, body))


@router.get("/sessions")
async def list_sessions(
    call: Reader,
    page: Annotated[Page, paged("starts_on")],
    *,
    destination: DestinationField | None = None,
    free: bool | None = None,
    to_assess: bool = False,
) -> Sessions:
    return await call.query(lambda tx: sessions.list_sessions(tx, page, destination=destination, free=free, to_assess=to_assess))


@router.get("/sessions/{session}")
async def show_session(session: SessionId, call: Reader) -> Roster:
    return await call.query(lambda tx: sessions.show_session(tx, session))


@router.get("/sessions/{session}/attendance")
async def show_attendance(session: SessionId, call: Reader, since: Day | None = None, until: Day | None = None) -> AttendanceSheet:
    """What was recorded, day by day; a month at most, from the session's first day."""
    return await call.query(lambda tx: sessions.show_attendance(tx, session, since, until))


@router.post("/sessions/{session}/cancellation", response_model=CancelledSession)
async def cancel_session(session: SessionId, body: commands.CancelSession, call: Centre) -> Response:
    return await call.command(lambda tx: sessions.cancel_session(tx, session, body))


@router.post("/sessions/{session}/enrolments", response_model=Seating)
async def enrol(session: SessionId, body: commands.Enrol, call: Enroller) -> Response:
    return await call.command(lambda tx: enrolments.enrol(tx, session, body))


@router.post("/sessions/{session}/attendance", response_model=Attendance)
async def record_attendance(session: SessionId, body: commands.RecordAttendance, call: Centre) -> Response:
    return await call.command(lambda tx: attendance.record_attendance(tx, session, body))


@router.post("/sessions/{session}/register", response_model=Attendance)
async def record_register(session: SessionId, body: commands.RecordRegister, call: Centre) -> Response:
    return await call.command(lambda tx: attendance.record_register(tx, session, body))


@router.post("/sessions/registers", response_model=RowsRecorded)
async def record_registers(body: commands.RecordRegisters, call: Centre) -> Response:
    """Of up to 100 sessions; every row is answered for by itself."""
    return await call.command(lambda tx: attendance.record_registers(tx, body))


@router.post("/sessions/{session}/assessments", response_model=Assessment)
async def record_assessment(session: SessionId, body: commands.RecordAssessment, call: Assessor) -> Response:
    return await call.command(lambda tx: assessments.record_assessment(tx, session, body))


@router.post("/sessions/assessments", response_model=RowsRecorded)
async def record_assessments(body: commands.RecordAssessments, call: Assessor) -> Response:
    """Of up to 100 sessions; every row is answered for by itself."""
    return await call.command(lambda tx: assessments.record_assessments(tx, body))


@router.post("/sessions/{session}/certificates", status_code=201, response_model=Certificates)
async def issue_certificates(session: SessionId, body: commands.IssueCertificates, call: Centre) -> Response:
    return await call.command(lambda tx: certificates.issue_certificates(tx, session, body), status=201)


@router.post("/sessions/certificates", response_model=RowsRecorded)
async def certify_sessions(body: commands.CertifySessions, call: Centre) -> Response:
    """Of up to 100 sessions; every row is answered for by itself."""
    return await call.command(lambda tx: certificates.certify_sessions(tx, body))
