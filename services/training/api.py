"""HTTP of training."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.training import commands, views
from services.training.domain import EnrolmentState, NeedId, NeedState, Serial
from services.training.usecases import certificates, courses, needs, roster
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.values import CourseId, DestinationField, EnrolmentId, OccupationField, PlacementId, SessionId
from shared.web.call import Call, allow

router = APIRouter()

CENTRE = (Role.TRAINER, Role.OFFICER)
READERS = (Role.TRAINER, Role.ASSESSOR, Role.CLERK, Role.OFFICER, Role.AUDITOR)
ANYBODY = (*READERS, Role.ENTERPRISE, Role.OPERATOR)
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, lt=2**63)]
SerialField = Annotated[Serial, Path(pattern=r"^TC[0-9]{12}$")]


# --- courses and sessions ---------------------------------------------------------------------------------------------
@router.post("/courses", status_code=201, response_model=views.Course)
async def publish_course(body: commands.PublishCourse, call: Annotated[Call, allow(*CENTRE)]) -> Response:
    return await call.command(lambda tx: courses.publish_course(tx, body), status=201)


@router.get("/courses")
async def list_courses(
    call: Annotated[Call, allow(*READERS)], destination: DestinationField | None = None, after: CourseId | None = None, limit: Limit = 50
) -> views.Courses:
    return await call.query(lambda tx: courses.list_courses(tx, destination, after, limit))


@router.post("/courses/{course}/sessions", status_code=201, response_model=views.Scheduled)
async def schedule_session(course: CourseId, body: commands.ScheduleSession, call: Annotated[Call, allow(*CENTRE)]) -> Response:
    return await call.command(lambda tx: courses.schedule_session(tx, course, body), status=201)


@router.get("/sessions")
async def list_sessions(
    call: Annotated[Call, allow(*READERS)],
    destination: DestinationField | None = None,
    free: bool | None = None,
    after: SessionId | None = None,
    limit: Limit = 50,
) -> views.Sessions:
    return await call.query(lambda tx: courses.list_sessions(tx, destination, free, after, limit))


@router.get("/sessions/{session}")
async def show_session(session: SessionId, call: Annotated[Call, allow(*READERS)]) -> views.Roster:
    return await call.query(lambda tx: courses.show_session(tx, session))


# --- needs and enrolments ---------------------------------------------------------------------------------------------
@router.get("/needs")
async def backlog(
    call: Annotated[Call, allow(*READERS)],
    state: NeedState = NeedState.OPEN,
    destination: DestinationField | None = None,
    occupation: OccupationField | None = None,
    after: NeedId | None = None,
    limit: Limit = 50,
) -> views.Needs:
    return await call.query(lambda tx: needs.backlog(tx, state, destination, occupation, after, limit))


@router.get("/enrolments")
async def list_enrolments(
    call: Annotated[Call, allow(*READERS)],
    placement: PlacementId | None = None,
    session: SessionId | None = None,
    state: EnrolmentState | None = None,
    after: EnrolmentId | None = None,
    limit: Limit = 50,
) -> views.Enrolments:
    return await call.query(
        lambda tx: roster.list_enrolments(tx, placement=placement, session=session, state=state, after=after, limit=limit)
    )


@router.get("/enrolments/{enrolment}/history")
async def enrolment_history(enrolment: EnrolmentId, call: Annotated[Call, allow(*READERS)], after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: roster.enrolment_history(tx, enrolment, after, limit))


@router.post("/sessions/{session}/attendance", response_model=views.Attendance)
async def record_attendance(session: SessionId, body: commands.RecordAttendance, call: Annotated[Call, allow(*CENTRE)]) -> Response:
    return await call.command(lambda tx: roster.record_attendance(tx, session, body))


@router.get("/overlaps")
async def list_overlaps(
    call: Annotated[Call, allow(Role.OFFICER, Role.AUDITOR)], since: date | None = None, limit: Limit = 50
) -> views.Overlaps:
    return await call.query(lambda tx: roster.list_overlaps(tx, since, limit))


@router.post("/sessions/{session}/assessments", response_model=views.Assessment)
async def record_assessment(
    session: SessionId, body: commands.RecordAssessment, call: Annotated[Call, allow(Role.ASSESSOR, Role.OFFICER)]
) -> Response:
    return await call.command(lambda tx: roster.record_assessment(tx, session, body))


# --- certificates -----------------------------------------------------------------------------------------------------
@router.post("/sessions/{session}/certificates", status_code=201, response_model=views.Certificates)
async def issue_certificates(session: SessionId, body: commands.IssueCertificates, call: Annotated[Call, allow(*CENTRE)]) -> Response:
    return await call.command(lambda tx: certificates.issue_certificates(tx, session, body), status=201)


@router.get("/certificates/{serial}")
async def show_certificate(serial: SerialField, call: Annotated[Call, allow(*ANYBODY)]) -> views.Certificate:
    return await call.query(lambda tx: certificates.show_certificate(tx, serial))


@router.post("/certificates/{serial}/revocation", response_model=views.Certificate)
async def revoke_certificate(serial: SerialField, body: commands.RevokeCertificate, call: Annotated[Call, allow(*CENTRE)]) -> Response:
    return await call.command(lambda tx: certificates.revoke_certificate(tx, serial, body))
