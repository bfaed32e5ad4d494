"""A training centre's screens: a session from its schedule to its certificates, each sheet with what is refused on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from console.web.hours import hours, minutes_of
from shared.principals import NATION, Role
from shared.values import Clock
from tests.conftest import MakeDatabase
from tests.support.console import ConsoleVisitor, Page, RunningConsole, console_before
from tests.support.http import serving
from tests.support.training import CENTRE, DAYS, FULL_DAY, Match, School


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreOffice:
    """A session of five days that ends today, with two learners, and who works with it."""

    school: School
    console: RunningConsole
    session: str
    learners: list[str]  # enrolments
    numbers: list[str]
    days: list[str]
    trainer: ConsoleVisitor

    @property
    def path(self) -> str:
        return f"/sessions/{self.session}"

    async def assessor(self, subject: str = "wu-assessor") -> ConsoleVisitor:
        return await self.console.visitor(Role.ASSESSOR, subject=subject)

    async def officer(self) -> ConsoleVisitor:
        return await self.console.visitor(Role.OFFICER, subject="officer-chen")

    async def attend(self, *, hours_a_day: str = "8") -> Page:
        """Both learners, on every day, in one sheet."""
        cells: dict[str, str | list[str]] = {f"{day}.{one}": hours_a_day for day in self.days for one in self.learners}
        return await self.trainer.send(f"{self.path}/attendance", cells)

    async def roster(self) -> dict[str, dict[str, Any]]:
        return {one["enrolment"]: one for one in (await self.school.get(self.path)).body["roster"]}


@pytest_asyncio.fixture(loop_scope="session")
async def centre(make_database: MakeDatabase) -> AsyncIterator[CentreOffice]:
    today = Clock().today()
    async with serving("training", await make_database("training")) as service:
        school = School(service.speaking_as(Role.OFFICER, regions=(NATION,)), today=today - timedelta(days=DAYS))
        await school.centre(valid_to=(today + timedelta(days=100)).isoformat())
        session = await school.session(starts_in=1)
        matches = [await school.match() for _ in range(2)]
        learners = [(await school.enrolment(match))["enrolment"] for match in matches]
        async with console_before(training=service) as console:
            yield CentreOffice(
                school=school,
                console=console,
                session=session,
                learners=learners,
                numbers=[match.worker_no for match in matches],
                days=[(school.today + timedelta(days=number + 1)).isoformat() for number in range(DAYS)],
                trainer=await console.visitor(Role.TRAINER, party=CENTRE, subject="li-trainer"),
            )


# --- sheets -------------------------------------------------------------------------------------------------------------
async def test_a_week_of_attendance_is_filled_in_on_one_sheet_and_sent_at_once(centre: CentreOffice) -> None:
    page = await centre.trainer.get(f"{centre.path}/attendance")
    assert all(number in page.words for number in centre.numbers)
    assert len([name for name, _ in page.fields() if name[0].isdigit()]) == 2 * DAYS
    done = await centre.attend()
    assert done.status == 204, done.errors
    assert {one["minutes_total"] for one in (await centre.roster()).values()} == {DAYS * FULL_DAY}
    again = dict((await centre.trainer.get(f"{centre.path}/attendance")).fields())
    assert again[f"{centre.days[0]}.{centre.learners[0]}"] == "8"


async def test_only_cells_that_changed_are_recorded_again(centre: CentreOffice) -> None:
    await centre.attend()
    cell = f"{centre.days[1]}.{centre.learners[0]}"
    assert (await centre.trainer.send(f"{centre.path}/attendance", {cell: "7:30"})).status == 204
    roster = await centre.roster()
    assert roster[centre.learners[0]]["minutes_total"] == DAYS * FULL_DAY - 30
    assert roster[centre.learners[1]]["minutes_total"] == DAYS * FULL_DAY
    history = (await centre.school.get(f"/enrolments/{centre.learners[0]}/history")).body["items"]
    assert [one["type"] for one in history].count("AttendanceCorrected") == 1


async def test_a_wrong_cell_is_named_and_the_days_that_are_right_are_recorded(centre: CentreOffice) -> None:
    first, second = centre.days[:2]
    one, other = centre.learners
    cells: dict[str, str | list[str]] = {f"{first}.{one}": "8", f"{second}.{one}": "13", f"{second}.{other}": "eight"}
    refused = await centre.trainer.send(f"{centre.path}/attendance", cells)
    assert refused.status == 422
    assert f"{second}.{other}" in refused.errors or f"{second}.{one}" in refused.errors
    assert dict(refused.fields())[f"{second}.{other}"] == "eight"
    assert (await centre.roster())[one]["minutes_total"] == FULL_DAY
    corrected = {f"{first}.{one}": "7", f"{second}.{one}": "7.5", f"{second}.{other}": "7.5"}  # one that was right, too
    right = await centre.trainer.post(f"{centre.path}/attendance", [(name, corrected.get(name, value)) for name, value in refused.fields()])
    assert right.status == 204, right.errors
    assert [(await centre.roster())[learner]["minutes_total"] for learner in (one, other)] == [420 + 450, 450]


async def test_the_sheet_is_checked_while_it_is_filled_in_and_records_nothing(centre: CentreOffice) -> None:
    cell = f"{centre.days[0]}.{centre.learners[0]}"
    wrong = await centre.trainer.send(f"{centre.path}/attendance", {cell: "25"}, check=True)
    assert list(wrong.errors) == [cell]
    assert (await centre.trainer.send(f"{centre.path}/attendance", {cell: "8"}, check=True)).status == 204
    assert (await centre.roster())[centre.learners[0]]["minutes_total"] == 0


async def test_an_enrolment_has_its_page_with_what_became_of_it(centre: CentreOffice) -> None:
    await centre.attend(hours_a_day="7.5")
    learner, number = centre.learners[0], centre.numbers[0]
    session = await centre.trainer.get(centre.path)
    page = await centre.trainer.get(session.link(f"/enrolments/{learner}"))
    for what in (f"Enrolment of {number}", "Session", "Attendance", "7.5 hours", "History"):
        assert what in page.words
    assert centre.numbers[1] not in page.words, "what is another's is not there"
    assert centre.path in page.links
    assert not any(link.startswith("/placements/") for link in page.links), "a trainer does not see placements"
    correct = await centre.trainer.get(page.link("correct_attendance"))
    assert f"Enrolment of {number}" in correct.words
    assert correct.words.count(": 7.5 hours") == DAYS, "every day that is recorded, with its time"


async def test_time_is_put_right_in_hours(centre: CentreOffice) -> None:
    await centre.attend()
    learner, day = centre.learners[0], centre.days[0]
    page = await centre.trainer.get(f"/enrolments/{learner}")
    wrong = await centre.trainer.send(page.link("correct_attendance"), {"day": day, "minutes": "a day", "reason": "mistyped"})
    assert list(wrong.errors) == ["minutes"]
    assert ("minutes", "a day") in wrong.fields()
    assert (await centre.trainer.send(page.link("correct_attendance"), {"day": day, "minutes": "7:30", "reason": "mistyped"})).status == 204
    assert (await centre.roster())[learner]["minutes_total"] == DAYS * FULL_DAY - 30


async def test_a_session_whose_days_are_over_says_so_and_takes_nobody(centre: CentreOffice) -> None:
    officer = await centre.officer()
    now = await officer.get(centre.path)
    assert "Under way" in now.words
    assert any("/enrol?" in link for link in now.links)
    past = await replace(centre.school, today=centre.school.today - timedelta(days=30)).session(seats=5, starts_in=1)
    over = await officer.get(f"/sessions/{past}")
    assert "Over" in over.words
    assert "Its days are over since" in over.words
    assert not any("/enrol?" in link for link in over.links)


async def test_the_staff_of_a_centre_is_changed_and_not_typed_once_more(centre: CentreOffice) -> None:
    officer = await centre.officer()
    listed = await officer.get("/centres")
    form = (await officer.get(listed.link("/centres/"))).link("staff_centre")
    assert {("trainers", "li-trainer"), ("assessors", "wu-assessor")} <= set((await officer.get(form)).fields())
    done = await officer.send(form, {"assessors": "wu-assessor\nzhao-assessor"})
    assert done.status == 204, done.errors
    [shown] = (await centre.school.get("/centres")).body["items"]
    assert (shown["trainers"], shown["assessors"]) == (["li-trainer"], ["wu-assessor", "zhao-assessor"])


async def test_an_assessor_assesses_whoever_was_examined_and_the_others_stay(centre: CentreOffice) -> None:
    await centre.attend()
    assessor = await centre.assessor()
    listed = await assessor.get("/sessions?to_assess=true")
    assert centre.path in listed.links
    done = await assessor.send(f"{centre.path}/assessment", {f"score.{centre.learners[0]}": "85"})
    assert done.status == 204, done.errors
    assert [one["state"] for one in (await centre.roster()).values()] == ["passed", "enrolled"]
    page = await centre.trainer.get(centre.path)
    assert "1 passed and have no certificate" in page.words
    assert "1 not assessed" in page.words


async def test_what_an_assessment_lacks_is_said_at_the_learner(centre: CentreOffice) -> None:
    await centre.attend(hours_a_day="1")
    assessor = await centre.assessor()
    page = await assessor.get(f"{centre.path}/assessment")
    assert page.words.count("too few") == 2
    refused = await assessor.send(f"{centre.path}/assessment", {f"score.{centre.learners[1]}": "85"})
    assert (refused.status, list(refused.errors)) == (409, [f"score.{centre.learners[1]}"])
    wrong = await assessor.send(f"{centre.path}/assessment", {f"score.{centre.learners[0]}": "101"})
    assert list(wrong.errors) == [f"score.{centre.learners[0]}"]
    assert dict(wrong.fields())[f"score.{centre.learners[0]}"] == "101"


async def test_who_taught_a_session_does_not_assess_it(centre: CentreOffice) -> None:
    await centre.attend()
    assert (await centre.trainer.get(f"{centre.path}/assessment")).status == 403
    same = await centre.assessor("li-trainer")
    refused = await same.send(f"{centre.path}/assessment", {f"score.{centre.learners[0]}": "85"})
    assert refused.status == 409
    assert all(one["state"] == "enrolled" for one in (await centre.roster()).values())


async def test_an_officer_names_the_assessor(centre: CentreOffice) -> None:
    await centre.attend()
    officer = await centre.officer()
    scores: dict[str, str | list[str]] = {f"score.{one}": "70" for one in centre.learners}
    done = await officer.send(f"{centre.path}/assessment", scores | {"assessor": "wu-assessor"})
    assert done.status == 204, done.errors


async def test_a_session_leads_to_the_sheets_that_have_somebody_on_them(centre: CentreOffice) -> None:
    async def sheets() -> list[str]:
        links = " ".join((await centre.trainer.get(centre.path)).links)
        return [at for at in (f"{centre.path}/attendance", f"{centre.path}/certificates", "/cancel_session?") if at in links]

    assert await sheets() == [f"{centre.path}/attendance", "/cancel_session?"]
    await centre.attend()
    await (await centre.assessor()).send(f"{centre.path}/assessment", {f"score.{one}": "85" for one in centre.learners})
    assert await sheets() == [f"{centre.path}/certificates"]
    await centre.trainer.send(f"{centre.path}/certificates")
    assert await sheets() == []


async def test_certificates_are_issued_to_those_chosen_and_found_by_their_serial(centre: CentreOffice) -> None:
    await centre.attend()
    assessor = await centre.assessor()
    await assessor.send(f"{centre.path}/assessment", {f"score.{one}": "85" for one in centre.learners})
    issue = f"{centre.path}/certificates"
    page = await centre.trainer.get(issue)
    only_first = [(name, value) for name, value in page.fields() if name != f"issue.{centre.learners[1]}"]
    assert (await centre.trainer.post(issue, only_first)).status == 204
    roster = await centre.roster()
    assert [one["state"] for one in roster.values()] == ["certified", "passed"]
    serial = roster[centre.learners[0]]["serial"]
    found = await centre.trainer.get(f"/certificates?serial={serial.lower()}")
    assert found.location == f"/certificates/{serial}"
    certificate = await centre.trainer.get(f"/certificates/{serial}")
    assert "Valid" in certificate.words
    assert f"/certificates/{serial}/paper" in certificate.links
    printed = await centre.trainer.get(f"/certificates/{serial}/paper")
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await assessor.get(f"/certificates/{serial}/paper")).status == 403
    assert "A serial is TC" in (await centre.trainer.get("/certificates?serial=nonsense")).words
    revoke = certificate.link("revoke_certificate")
    assert "This cannot be taken back." in (await centre.trainer.get(revoke)).words
    assert (await centre.trainer.send(revoke, {"reason": "fraud"})).status == 204
    assert not any("/do/" in link for link in (await centre.trainer.get(f"/certificates/{serial}")).links)


# --- the rest -----------------------------------------------------------------------------------------------------------
async def test_a_session_is_scheduled_from_a_course_with_a_trainer_of_the_licence(centre: CentreOffice) -> None:
    courses = await centre.trainer.get("/courses")
    schedule = courses.link("schedule_session")
    assert 'value="li-trainer"' in (await centre.trainer.get(schedule)).text
    start = Clock().today() + timedelta(days=10)
    values: dict[str, str | list[str]] = {
        "starts_on": start.isoformat(),
        "ends_on": (start + timedelta(days=4)).isoformat(),
        "seats": "20",
        "trainer": "li-trainer",
    }
    wrong = await centre.trainer.send(schedule, values | {"ends_on": (start - timedelta(days=1)).isoformat()})
    assert wrong.status == 422
    done = await centre.trainer.send(schedule, values)
    assert done.status == 204, done.errors
    page = await centre.trainer.get(done.location)
    assert "Nobody is enrolled." in page.words


async def test_who_waits_is_enrolled_by_number(centre: CentreOffice) -> None:
    waiting: Match = await centre.school.match(destination="SGP")
    backlog = await centre.trainer.get("/training/backlog")
    assert "Singapore" in backlog.words
    needs = await centre.trainer.get("/training/needs?destination=SGP")
    assert waiting.worker_no in needs.words
    course = await centre.school.course(destination="SGP")
    session = await centre.school.session(1, course=course)
    [seated] = (await centre.school.get(f"/sessions/{session}")).body["roster"]
    page = await centre.trainer.get(f"/sessions/{session}")
    cancelled = await centre.trainer.send(page.link("cancel_enrolment"), {"reason": "illness"})
    assert cancelled.status == 204, cancelled.errors
    assert seated["worker_no"] == waiting.worker_no
    enrol = (await centre.trainer.get(f"/sessions/{session}")).link("/enrol?")
    assert waiting.worker_no in (await centre.trainer.get(enrol)).text


async def test_a_licence_says_what_falls_due_and_who_must_act(centre: CentreOffice) -> None:
    centres = await centre.trainer.get("/centres")
    assert f">{CENTRE}</a>" in centres.text, "a row is called by its centre, also by the centre's own people"
    page = await centre.trainer.get(centres.link("/centres/"))
    assert "an officer renews it before that" in page.words
    assert not any("/do/" in link for link in page.links)
    officer = await centre.officer()
    assert (await officer.get(centres.link("/centres/"))).link("staff_centre")


async def test_pass_rates_are_said_in_words_and_outliers_only_to_overseers(centre: CentreOffice) -> None:
    await centre.attend()
    assessor = await centre.assessor()
    await assessor.send(
        f"{centre.path}/assessment", {f"score.{one}": score for one, score in zip(centre.learners, ("85", "20"), strict=True)}
    )
    for by in ("centre", "assessor", "course", "month"):
        page = await centre.trainer.get(f"/training/pass-rates?by={by}")
        assert "50.0%" in page.words
        assert "Stands out" not in page.words
        assert 'data-label="Share"' in page.text, "on a narrow screen each row is read downwards"
    assert "Japan · Building and related trades" in (await centre.trainer.get("/training/pass-rates?by=course")).words
    assert "Stands out" not in (await (await centre.officer()).get("/training/pass-rates")).words, "one alone stands out from nobody"
    assert "Nobody was assessed" in (await centre.trainer.get("/training/pass-rates?since=2001-01-01&until=2001-12-31")).words


async def test_another_centre_and_another_role_see_nothing(centre: CentreOffice) -> None:
    stranger = await centre.console.visitor(Role.TRAINER, party="centre-2", subject="x")
    for page in (centre.path, f"{centre.path}/attendance", f"{centre.path}/certificates"):
        assert (await stranger.get(page)).status == 403
    enterprise = await centre.console.visitor(Role.ENTERPRISE, party="somebody", subject="x")
    assert (await enterprise.get(centre.path)).status == 403
    assert (await stranger.post(f"{centre.path}/attendance", [(f"{centre.days[0]}.{centre.learners[0]}", "8")])).status == 403


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("8", 480),
        ("7.5", 450),
        ("7,5", 450),
        ("7:25", 445),
        ("7：25", 445),
        ("0", 0),
        (":30", 30),
        ("8h", "8h"),
        ("7:60", "7:60"),
        ("NaN", "NaN"),
        ("1e9", "1e9"),
        ("7.333", "7.333"),
        ("-8", -480),
    ],
)
def test_hours_are_read_as_people_write_them_and_anything_else_stays_as_it_was_typed(typed: str, minutes: int | str) -> None:
    assert minutes_of(typed) == minutes


@pytest.mark.parametrize(("minutes", "shown"), [(480, "8"), (450, "7.5"), (445, "7:25"), (0, "0"), (65, "1:05")])
def test_minutes_are_shown_as_they_would_be_typed(minutes: int, shown: str) -> None:
    assert hours(minutes) == shown
    assert minutes_of(shown) == minutes
