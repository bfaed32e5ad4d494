"""Sheets over a session's roster: a row for each learner, filled in down and across and sent at once.

Attendance has a column for each day; its days are commands of their own, so that days which are right are recorded though another is
refused. Hours are typed as people write them (8, 7.5 or 7:30) and sent as minutes; what is none of these is sent as it was typed, and
the service says so at the cell.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from console.web.backend import Answer
from console.web.forms import Option
from console.web.hours import hours, minutes_of
from console.web.pages import Visitor, error_text, lead_on, only, refused_text, render
from console.web.screens.options import staff
from shared.principals import Role
from shared.texts import Texts

router = APIRouter()
CENTRE = only(Role.TRAINER, Role.OFFICER)
ASSESSOR = only(Role.ASSESSOR, Role.OFFICER)
DAYS = 7  # beside each other
MOST_FIELDS = 10_000  # 1,000 learners, a week
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str  # of its cells' fields, in front of the enrolment
    label: str


@dataclass(slots=True, kw_only=True)
class Sheet:
    """What the template draws. `typed` and `errors`: by cell, `<column>.<enrolment>`."""

    session: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    columns: Sequence[Column]
    typed: Typed
    key: str
    errors: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    elsewhere: list[str] = field(default_factory=list)
    status: int = 200

    def refuse(self, text: Texts, answer: Answer, names: Sequence[str], prefix: str) -> None:
        """Put what a service refuses where it belongs; `names`: the cells of its entries in order."""
        self.status, self.problem = answer.status, refused_text(text, answer)
        for error in answer.errors:
            at = error["field"].split(".")
            if at[0] == "entries" and len(at) > 1 and at[1].isdecimal() and int(at[1]) < len(names):
                self.errors[names[int(at[1])]] = error_text(text, error)
            else:
                self.errors.setdefault(f"{prefix}{at[0]}", error_text(text, error))


async def _session(who: Visitor, session: str) -> dict[str, Any]:
    found: dict[str, Any] = await who.backend.get("training", "/sessions/{session}", session=session)
    return found


def _open(session: Mapping[str, Any], *states: str) -> list[dict[str, Any]]:
    return [one for one in session["roster"] if one["state"] in states]


async def _posted(who: Visitor) -> dict[str, str]:
    form = await who.request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value.strip()[:20] for name, value in form.multi_items() if isinstance(value, str)}


def _key(typed: Typed) -> str:
    return typed.get("_key") or secrets.token_urlsafe(18)


# --- attendance ---------------------------------------------------------------------------------------------------------
@router.get("/sessions/{session}/attendance")
async def attendance(session: str, who: Visitor = CENTRE) -> Response:
    found, held = await asyncio.gather(_session(who, session), _recorded(who, session))
    since = _first_shown(who, found, held)
    days = _days(found, since)
    typed = {f"{day}.{enrolment}": hours(minutes) for (day, enrolment), minutes in held.items() if day in days}
    return _attendance(who, _sheet_of(who, found, days, typed), held, since)


@router.post("/sessions/{session}/attendance")
async def record_attendance(session: str, who: Visitor = CENTRE) -> Response:
    found, held, typed = await asyncio.gather(_session(who, session), _recorded(who, session), _posted(who))
    since = _first_shown(who, found, held)
    sheet = _sheet_of(who, found, _days(found, since), typed)
    checking = typed.get("_check") == "1"
    for column in sheet.columns:
        changed = {one["enrolment"]: given for one in sheet.rows if (given := _changed(typed, held, column.name, one["enrolment"]))}
        if changed:
            await _record_day(who, sheet, column.name, changed, checking=checking)
    if sheet.problem is None:
        if checking:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return lead_on(who, f"/sessions/{found['session']}/attendance?" + urlencode({"since": since}), "Record Attendance")
    sheet.key = _key({})  # its days that are right are recorded under the old one, and may yet be changed
    return _attendance(who, sheet, held, since)


async def _recorded(who: Visitor, session: str) -> dict[tuple[str, str], int]:
    """Minutes by day and enrolment, from the day asked for."""
    asked = {"since": who.request.query_params.get("since")}
    found = await who.backend.get("training", "/sessions/{session}/attendance", asked, session=session)
    return {(one["day"], one["enrolment"]): one["minutes"] for one in found["items"]}


def _first_shown(who: Visitor, session: Mapping[str, Any], held: Mapping[tuple[str, str], int]) -> date:
    """As asked for; else the week in which something was recorded last."""
    first = date.fromisoformat(session["starts_on"])
    asked = who.request.query_params.get("since")
    if asked:
        try:
            return max(first, date.fromisoformat(asked))
        except ValueError:
            return first
    last = max((date.fromisoformat(day) for day, _ in held), default=first)
    return first + timedelta(days=(last - first).days // DAYS * DAYS)


def _days(session: Mapping[str, Any], since: date) -> list[str]:
    left = (date.fromisoformat(session["ends_on"]) - since).days + 1
    return [(since + timedelta(days=number)).isoformat() for number in range(max(min(left, DAYS), 0))]


def _changed(typed: Typed, held: Mapping[tuple[str, str], int], day: str, enrolment: str) -> str | None:
    given = typed.get(f"{day}.{enrolment}")
    return given if given and minutes_of(given) != held.get((day, enrolment)) else None


async def _record_day(who: Visitor, sheet: Sheet, day: str, changed: Mapping[str, str], *, checking: bool) -> None:
    body = {"day": day, "entries": [{"enrolment": enrolment, "minutes": minutes_of(given)} for enrolment, given in changed.items()]}
    path = f"/sessions/{sheet.session['session']}/attendance"
    answer = await who.backend.command("training", path, body, f"{sheet.key}-{day}"[:100], dry_run=checking)
    if not answer.ok:
        sheet.refuse(who.text, answer, [f"{day}.{enrolment}" for enrolment in changed], f"{day}.")
        if not answer.errors:  # with the day as a whole
            sheet.errors[f"{day}.day"] = refused_text(who.text, answer)


def _sheet_of(who: Visitor, session: Mapping[str, Any], days: Iterable[str], typed: Typed) -> Sheet:
    columns = [Column(name=day, label=who.text.day(date.fromisoformat(day))) for day in days]
    return Sheet(session=session, rows=_open(session, "enrolled"), columns=columns, typed=typed, key=_key(typed))


def _attendance(who: Visitor, sheet: Sheet, held: Mapping[tuple[str, str], int], since: date) -> Response:
    first, last = date.fromisoformat(sheet.session["starts_on"]), date.fromisoformat(sheet.session["ends_on"])
    before, after = since - timedelta(days=DAYS), since + timedelta(days=DAYS)
    return render(
        who,
        "attendance.html",
        status=sheet.status,
        sheet=sheet,
        held={f"{day}.{enrolment}": hours(minutes) for (day, enrolment), minutes in held.items()},
        before=max(before, first).isoformat() if since > first else None,
        after=after.isoformat() if after <= last else None,
    )


# --- assessment ---------------------------------------------------------------------------------------------------------
SCORES = (Column(name="score", label="score"),)


@router.get("/sessions/{session}/assessment")
async def assessment(session: str, who: Visitor = ASSESSOR) -> Response:
    found = await _session(who, session)
    sheet = Sheet(session=found, rows=_open(found, "enrolled"), columns=SCORES, typed={}, key=_key({}))
    return await _assessment(who, sheet)


@router.post("/sessions/{session}/assessment")
async def record_assessment(session: str, who: Visitor = ASSESSOR) -> Response:
    """Whoever has a score typed in; the others are assessed another time."""
    found, typed = await asyncio.gather(_session(who, session), _posted(who))
    sheet = Sheet(session=found, rows=_open(found, "enrolled"), columns=SCORES, typed=typed, key=_key(typed))
    given = {one["enrolment"]: score for one in sheet.rows if (score := typed.get(f"score.{one['enrolment']}"))}
    body: dict[str, Any] = {"entries": [{"enrolment": enrolment, "score": _whole(score)} for enrolment, score in given.items()]}
    body |= {name: value for name in ("assessed_on", "assessor") if (value := typed.get(name))}
    checking = typed.get("_check") == "1"
    answer = await who.backend.command("training", f"/sessions/{found['session']}/assessments", body, sheet.key[:100], dry_run=checking)
    if answer.ok and checking:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if answer.ok:
        return lead_on(who, f"/sessions/{found['session']}", "Record Assessment")
    sheet.refuse(who.text, answer, [f"score.{enrolment}" for enrolment in given], "")
    return await _assessment(who, sheet)


async def _assessment(who: Visitor, sheet: Sheet) -> Response:
    assessors: Sequence[Option] = await staff(who, sheet.session["centre"], "assessors") if who.role is Role.OFFICER else ()
    return render(who, "assessment.html", status=sheet.status, sheet=sheet, assessors=assessors, hours=hours)


def _whole(typed: str) -> int | str:
    return int(typed) if typed.isdecimal() and len(typed) < 10 else typed


# --- certificates -------------------------------------------------------------------------------------------------------
@router.get("/sessions/{session}/certificates")
async def certificates(session: str, who: Visitor = CENTRE) -> Response:
    found = await _session(who, session)
    rows = _open(found, "passed")
    return _certificates(
        who, Sheet(session=found, rows=rows, columns=(), typed={f"issue.{one['enrolment']}": "on" for one in rows}, key=_key({}))
    )


@router.post("/sessions/{session}/certificates")
async def issue_certificates(session: str, who: Visitor = CENTRE) -> Response:
    found, typed = await asyncio.gather(_session(who, session), _posted(who))
    sheet = Sheet(session=found, rows=_open(found, "passed"), columns=(), typed=typed, key=_key(typed))
    chosen = [one["enrolment"] for one in sheet.rows if typed.get(f"issue.{one['enrolment']}")]
    body: dict[str, Any] = {"enrolments": chosen} | ({"issued_on": typed["issued_on"]} if typed.get("issued_on") else {})
    checking = typed.get("_check") == "1"
    answer = await who.backend.command("training", f"/sessions/{found['session']}/certificates", body, sheet.key[:100], dry_run=checking)
    if answer.ok and checking:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if answer.ok:
        return lead_on(who, f"/sessions/{found['session']}", "Issue Certificates")
    sheet.refuse(who.text, answer, [f"issue.{enrolment}" for enrolment in chosen], "")
    for error in answer.errors:
        at = error["field"].split(".")
        if at[0] == "enrolments" and len(at) > 1 and at[1].isdecimal() and int(at[1]) < len(chosen):
            sheet.errors[f"issue.{chosen[int(at[1])]}"] = error_text(who.text, error)
    return _certificates(who, sheet)


def _certificates(who: Visitor, sheet: Sheet) -> Response:
    return render(who, "certificates.html", status=sheet.status, sheet=sheet)
