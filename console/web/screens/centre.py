"""Screens of a training centre, of assessors, and of the officers who look after both."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Response

from console.web.pages import Visitor, handed_on, only, render
from console.web.screen import Advice, Button, Command, ItemScreen, ListScreen, Part, history
from console.web.screens import options
from console.web.screens.centre_sentences import centre_to_do, session_to_do, with_somebody
from shared.principals import Role
from shared.texts import sentence

READERS = frozenset({Role.TRAINER, Role.ASSESSOR, Role.CLERK, Role.OFFICER, Role.AUDITOR})
CENTRE = frozenset({Role.TRAINER, Role.OFFICER})
ENROLLERS = frozenset({Role.TRAINER, Role.OFFICER, Role.CLERK})
ASSESSORS = frozenset({Role.ASSESSOR, Role.OFFICER})
OFFICER = frozenset({Role.OFFICER})
OVERSEERS = frozenset({Role.OFFICER, Role.AUDITOR})
AT_DOCKING = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})  # who reads docking's and registration's pages, too
GROUP = "Training"
SESSION = {"session": "session"}
SESSION_COLUMNS = ("destination", "occupation", "starts_on", "ends_on", "centre", "trainer", "taken", "seats", "progress")


# --- buttons ------------------------------------------------------------------------------------------------------------
def _of_centre(operation: str, *states: str) -> Button:
    return Button(
        service="training", operation=operation, parts={"centre": "id"}, roles=OFFICER, when=lambda centre: centre["state"] in states
    )


def _pending(operation: str, part: str) -> Button:
    return Button(
        service="training", operation=operation, parts={part: part}, roles=OFFICER, when=lambda one: one["state"] in {"pending", "open"}
    )


CANCEL_ENROLMENT = Button(
    service="training",
    operation="cancel_enrolment",
    parts={"enrolment": "enrolment"},
    roles=ENROLLERS,
    when=lambda one: one["state"] == "enrolled",
)
CORRECT_ATTENDANCE = Button(
    service="training",
    operation="correct_attendance",
    parts={"enrolment": "enrolment", "session": "session"},
    roles=CENTRE,
    when=lambda one: one["days_attended"] > 0,
)
CORRECT_ASSESSMENT = Button(
    service="training",
    operation="correct_assessment",
    parts={"enrolment": "enrolment"},
    roles=ASSESSORS,
    when=lambda one: one["score"] is not None,
)
ASK_RECOGNITION = Button(
    service="training",
    operation="ask_recognition",
    parts={"placement": "placement", "destination": "destination"},
    roles=ENROLLERS,
    when=lambda one: one["state"] in {"open", "seated"},
)
ROSTER = ("worker_no", "state", "days_attended", "minutes_total", "credited", "score", "assessed_on", "serial")
CORRECTIONS = (
    "worker_no",
    "kind",
    "day",
    "minutes",
    "score",
    "assessed_on",
    "issued_on",
    "reason",
    "requested_by",
    "requested_at",
    "state",
)
RECOGNITIONS = ("worker_no", "kind", "evidence", "completed_on", "minutes", "valid_to", "requested_by", "state")
FINDINGS = ("worker_no", "kind", "day", "minutes", "found_at", "state")

ENROLMENT_PARTS = (
    Part(
        title="Session",
        service="training",
        route="/sessions/{session}",
        parts=SESSION,
        columns=("starts_on", "ends_on", "centre", "trainer", "progress"),
        row="/sessions/{session}",
    ),
    Part(
        title="Attendance",
        service="training",
        route="/sessions/{session}/attendance",
        parts=SESSION,
        same=("enrolment",),
        columns=("day", "minutes"),
        empty="No day is recorded yet.",
    ),
    Part(
        title="Certificate",
        service="training",
        route="/certificates/{serial}",
        parts={"serial": "serial"},
        columns=("serial", "issued_on", "valid_to", "state"),
        when=lambda enrolment: enrolment["serial"] is not None,
    ),
    Part(
        title="Corrections",
        service="training",
        route="/corrections",
        query={"enrolment": "enrolment"},
        columns=CORRECTIONS[1:],
        roles=OVERSEERS,
        empty="Nothing was corrected.",
    ),
    Part(
        title="Placement",
        service="docking",
        route="/placements/{placement}",
        parts={"placement": "placement"},
        columns=("worker", "enterprise", "county", "state", "due"),
        row="/placements/{placement}",
        roles=AT_DOCKING,
    ),
    history("training", "/enrolments/{enrolment}/history", {"enrolment": "enrolment"}),
)
SCREENS = (
    ListScreen(
        path="/sessions",
        title="Sessions",
        group=GROUP,
        service="training",
        route="/sessions",
        columns=SESSION_COLUMNS,
        filters=("destination", "free", "to_assess"),
        labels={"free": sentence("With free seats")},
        fixed={"sort": "-starts_on"},
        roles=READERS,
        row="/sessions/{session}",
        empty="There is no such session.",
        fits_filters=True,
        advice=Advice(sentence("Schedule one of a course."), CENTRE),
    ),
    ItemScreen(
        path="/sessions/{session}",
        title="{destination}, {occupation}: {starts_on} – {ends_on}",
        service="training",
        route="/sessions/{session}",
        roles=READERS,
        tags=("progress",),
        known_by=("centre", "trainer"),
        to_do=session_to_do,
        fields=("centre", "trainer", "seats", "taken", "free", "minimum_minutes", "validity_days"),
        parts=(
            Part(
                title="Roster",
                service="training",
                route="/enrolments",
                query=SESSION,
                columns=ROSTER,
                row="/enrolments/{enrolment}",
                buttons=(CANCEL_ENROLMENT, CORRECT_ATTENDANCE, CORRECT_ASSESSMENT),
                most=200,
                empty="Nobody is enrolled.",
            ),
        ),
        buttons=(
            Button(
                service="training",
                operation="enrol",
                parts={**SESSION, "destination": "destination", "occupation": "occupation"},
                roles=ENROLLERS,
                when=lambda session: session["progress"] in {"to_come", "under_way"} and session["free"] > 0,
            ),
            Button(
                service="training",
                operation="cancel_session",
                parts=SESSION,
                roles=CENTRE,
                when=lambda session: session["state"] == "scheduled" and all(one["score"] is None for one in session["roster"]),
            ),
        ),
        links=(
            ("Attendance", "/sessions/{enrolled}/attendance", CENTRE),
            ("Assessment", "/sessions/{enrolled}/assessment", ASSESSORS),
            ("Certificates", "/sessions/{passed}/certificates", CENTRE),
        ),
        linked=with_somebody,
    ),
    ListScreen(
        path="/enrolments",
        title="Enrolments",
        group=GROUP,
        service="training",
        route="/enrolments",
        columns=("worker_no", "destination", "occupation", "state", "enrolled_on", "minutes_total", "score", "serial"),
        filters=("worker_no", "state"),
        fixed={"sort": "-enrolled_on"},
        roles=READERS,
        row="/enrolments/{enrolment}",
        row_buttons=(CANCEL_ENROLMENT,),
        empty="Nobody is enrolled. Who is matched to an enterprise and needs a course gets a seat by itself, or waits.",
    ),
    ItemScreen(
        path="/enrolments/{enrolment}",
        title="Enrolment of {worker_no}",
        service="training",
        route="/enrolments/{enrolment}",
        roles=READERS,
        tags=("state",),
        known_by=("destination", "occupation", "enrolled_on"),
        fields=(
            "destination",
            "occupation",
            "enrolled_on",
            "days_attended",
            "minutes_total",
            "credited",
            "score",
            "assessed_on",
            "serial",
        ),
        parts=ENROLMENT_PARTS,
        buttons=(CANCEL_ENROLMENT, CORRECT_ATTENDANCE, CORRECT_ASSESSMENT),
        links=(
            ("Session", "/sessions/{session}", READERS),
            ("Placement", "/placements/{placement}", AT_DOCKING),
            ("The worker", "/workers?worker_no={worker_no}", AT_DOCKING),
        ),
    ),
    ListScreen(
        path="/courses",
        title="Courses",
        group=GROUP,
        service="training",
        route="/courses",
        columns=("occupation", "destination", "centre", "minimum_minutes", "validity_days"),
        filters=("destination",),
        roles=READERS,
        buttons=(Button(service="training", operation="publish_course", roles=CENTRE),),
        row_buttons=(
            Button(service="training", operation="schedule_session", parts={"course": "course", "centre": "centre"}, roles=CENTRE),
        ),
        empty="There is no such course.",
        fits_filters=True,
        advice=Advice(sentence("Publish one: a session is one run of a course."), CENTRE),
    ),
    ListScreen(
        path="/training/backlog",
        title="Who waits for a seat",
        group=GROUP,
        service="training",
        route="/needs/backlog",
        columns=("destination", "occupation", "waiting", "oldest", "first_due"),
        roles=READERS,
        row="/training/needs?destination={destination}&occupation={occupation}",
        note="A centre schedules sessions where many wait, or where the first is due soon.",
        empty="Nobody waits for a seat.",
    ),
    ListScreen(
        path="/training/needs",
        title="Needs",
        group=GROUP,
        service="training",
        route="/needs",
        columns=("worker_no", "destination", "occupation", "state", "since", "due"),
        filters=("state", "destination", "occupation"),
        says={"state": {"open": sentence("Waits for a seat")}},
        roles=READERS,
        row_buttons=(ASK_RECOGNITION,),
        empty="Nobody waits for a seat.",
    ),
    ListScreen(
        path="/training/recognitions",
        title="Prior learning to recognise",
        group=GROUP,
        service="training",
        route="/recognitions",
        columns=RECOGNITIONS,
        filters=("state",),
        roles=OVERSEERS,
        row_buttons=(_pending("recognise_prior_learning", "recognition"), _pending("refuse_prior_learning", "recognition")),
        empty="No prior learning waits. Centres and clerks ask for it at the need of a placement.",
    ),
    ListScreen(
        path="/training/findings",
        title="Findings",
        group=GROUP,
        service="training",
        route="/findings",
        columns=FINDINGS,
        filters=("state", "kind", "since"),
        says={"state": {"open": sentence("To be decided")}},
        roles=OVERSEERS,
        row="/enrolments/{enrolment}",
        row_buttons=(_pending("decide_finding", "finding"),),
        note="What looks like fraud: one worker in two centres on a day, too long a day, more passes than a centre examines in a day.",
        empty="No finding waits for a decision.",
    ),
    ListScreen(
        path="/training/corrections",
        title="Corrections of training that wait for a second person",
        group=GROUP,
        service="training",
        route="/corrections",
        columns=CORRECTIONS,
        filters=("state",),
        roles=OVERSEERS,
        row="/enrolments/{enrolment}",
        row_buttons=(_pending("approve_correction", "correction"), _pending("reject_correction", "correction")),
        empty="No correction waits. One that a pass hangs on comes here until an officer agrees.",
    ),
    ListScreen(
        path="/centres",
        title="Training centres",
        group=GROUP,
        service="training",
        route="/centres",
        columns=("centre", "licence_no", "region", "state", "valid_to", "capacity"),
        filters=("region", "state"),
        roles=READERS,
        row="/centres/{id}",
        buttons=(Button(service="training", operation="license_centre", roles=OFFICER),),
        empty="There is no such centre. An officer enters a centre's licence.",
        fits_filters=True,
    ),
    ItemScreen(
        path="/centres/{centre}",
        title="Training centre {centre}",
        service="training",
        route="/centres/{centre}",
        roles=READERS,
        tags=("state",),
        known_by=("licence_no", "region"),
        to_do=centre_to_do,
        fields=("licence_no", "region", "valid_from", "valid_to", "capacity", "trainers", "assessors"),
        parts=(history("training", "/centres/{centre}/history", {"centre": "id"}, OVERSEERS),),
        buttons=(
            _of_centre("renew_centre", "active", "suspended", "expired"),
            _of_centre("staff_centre", "active", "suspended", "expired"),
            _of_centre("suspend_centre", "active"),
            _of_centre("reinstate_centre", "suspended"),
            _of_centre("revoke_centre", "active", "suspended", "expired"),
        ),
    ),
    ItemScreen(
        path="/certificates/{serial}",
        title="Certificate {serial}",
        service="training",
        route="/certificates/{serial}",
        roles=READERS | {Role.ENTERPRISE, Role.OPERATOR},
        tags=("state",),
        known_by=("worker_no", "destination", "occupation", "centre"),
        fields=(
            "worker_no",
            "destination",
            "occupation",
            "centre",
            "basis",
            "minutes",
            "credited",
            "issued_on",
            "valid_to",
            "revoked_on",
            "revoked_why",
        ),
        words={"basis": sentence("Issued after")},
        parts=(
            replace(
                history("training", "/enrolments/{enrolment}/history", {"enrolment": "enrolment"}, READERS),
                when=lambda certificate: certificate["enrolment"] is not None,
            ),
        ),
        buttons=tuple(
            Button(
                service="training",
                operation=operation,
                parts={"serial": "serial"},
                roles=CENTRE,
                when=lambda certificate: certificate["state"] == "valid",
            )
            for operation in ("correct_certificate", "revoke_certificate")
        ),
        links=(
            (
                "Certificate on paper (PDF)",
                "/certificates/{printed}/paper",
                frozenset({Role.TRAINER, Role.CLERK, Role.OFFICER, Role.AUDITOR}),
            ),
            ("Enrolment", "/enrolments/{enrolment}", READERS),
            ("The worker", "/workers?worker_no={worker_no}", AT_DOCKING),
        ),
        linked=lambda one: {**one, "printed": one["serial"] if one["state"] == "valid" else None},
    ),
)
STAFF = {"trainers": options.known_trainers, "assessors": options.known_assessors}
COMMANDS = (
    Command(
        service="training",
        operation="schedule_session",
        options={"trainer": options.trainers},
        then="/sessions/{session}",
        note="Who waits for such a course gets a seat at once, the longest waiting first.",
    ),
    Command(service="training", operation="enrol", options={"placement": options.needs_of_session}),
    Command(service="training", operation="ask_recognition", hidden=("placement",), options={"course": options.courses_for}),
    Command(
        service="training",
        operation="correct_attendance",
        options={"day": options.days_recorded},
        note=(
            "The day as it is to be: a day with 0 hours was not attended. "
            "Where a pass is gained or lost by it, a second person agrees first."
        ),
    ),
    Command(service="training", operation="publish_course", options={"centre": options.centres}, needed=("centre",), hints=options.COURSE),
    Command(service="training", operation="staff_centre", suggested=STAFF, filled=tuple(STAFF)),
    Command(
        service="training",
        operation="correct_assessment",
        note="Fill in only what is wrong. Where a pass is gained or lost by it, a second person agrees first.",
        hints={"score": sentence("From 0 to 100")},
    ),
    Command(
        service="training",
        operation="correct_certificate",
        note="It holds from the day on which it was issued. Where it would hold longer than it does, a second person agrees first.",
    ),
    Command(service="training", operation="renew_centre", note="A number of seats that is left empty stays as it is."),
    Command(service="training", operation="license_centre", suggested=STAFF, then="/centres/{id}"),
    Command(service="training", operation="cancel_session", danger=True),
    Command(service="training", operation="revoke_centre", danger=True),
    Command(service="training", operation="revoke_certificate", danger=True),
)
router = APIRouter()
SERIAL = re.compile(r"TC[0-9]{12}")
EVERYBODY = only(*READERS, Role.ENTERPRISE, Role.OPERATOR)
HOLDERS = only(Role.TRAINER, Role.CLERK, Role.OFFICER, Role.AUDITOR)


@router.get("/certificates/{serial}/paper")
async def paper(serial: str, who: Visitor = HOLDERS) -> Response:
    """The certificate as PDF, as the service prints it."""
    answer = await who.backend.ask("GET", "training", "/certificates/{serial}.pdf", serial=serial)
    return handed_on(answer, f"{serial}.pdf")


@router.get("/certificates")
async def find_certificate(who: Visitor = EVERYBODY) -> Response:
    """By its serial."""
    serial = who.request.query_params.get("serial", "").strip().upper()
    if SERIAL.fullmatch(serial):
        return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": f"/certificates/{serial}"})
    return render(who, "find.html", serial=serial[:40], wrong=bool(serial))


PAGES = ((GROUP, "/certificates", "Find a certificate", READERS | {Role.ENTERPRISE, Role.OPERATOR}),)
