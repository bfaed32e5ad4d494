"""Every route that names something: nothing of it is shown to, or done by, another party or the office of another region."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from string import Formatter

from shared.principals import Role
from tests.http.test_rights_cases import a_case
from tests.support.docking import Dock, dock
from tests.support.http import Answer, Client
from tests.support.recording import noon
from tests.support.registration import a_worker
from tests.support.rights import Office, office
from tests.support.routes import Endpoint, application, body_form, endpoints
from tests.support.training import School, school

__all__ = ["dock", "office", "school"]

ELSEWHERE = ("460000",)


def named(endpoint: Endpoint) -> set[str]:
    """What stands in the path."""
    return {name for _, name, _, _ in Formatter().parse(endpoint.path) if name}


def strangers(caller: Client, endpoint: Endpoint) -> Iterator[tuple[str, Client]]:
    """Callers of the roles that the route serves, bound to another party or to another region."""
    for role in endpoint.roles or ():
        if role in (Role.ENTERPRISE, Role.TRAINER):
            yield f"{endpoint} as {role}", caller.speaking_as(role, party=uuid.uuid4(), subject="stranger")
        elif role in (Role.CLERK, Role.OFFICER):
            yield f"{endpoint} as {role}", caller.speaking_as(role, regions=ELSEWHERE, subject="stranger")


async def answers(caller: Client, known: Mapping[str, object]) -> dict[str, Answer]:
    """Of every route whose path names what is known, to every stranger; the body is of the required form."""
    app = application(caller)
    document, found = app.openapi(), {}
    for endpoint in endpoints(app):
        if endpoint.anybody or not named(endpoint) or not named(endpoint) <= known.keys():
            continue
        form, path = body_form(document, endpoint), endpoint.path.format(**known)
        for what, stranger in strangers(caller, endpoint):
            if endpoint.method == "GET":
                found[what] = await stranger.get(path)
            else:
                found[what] = await stranger.post(path, form.valid() if form else None)
    return found


async def let_in(caller: Client, known: Mapping[str, object]) -> set[str]:
    """Routes that told a stranger more than that it is not theirs (403), or not there (404). None of them published anything."""
    before = len(await caller.published())
    found = await answers(caller, known)
    assert len(found) >= 10
    assert len(await caller.published()) == before
    return {what.partition(" as ")[0] for what, answer in found.items() if answer.status not in (403, 404)}


async def test_docking_shows_and_does_nothing_for_strangers(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise)
    match, placement = await dock.proposed(order, await dock.worker()), await dock.matched(await dock.order(enterprise))
    dock.client.at = noon(dock.today)
    known = {"enterprise": enterprise, "order": order, "match": match, "placement": placement["placement"]}
    assert await let_in(dock.client, known) == {
        "GET /enterprises/{enterprise}",  # the register is public
        "GET /orders/{order}",  # every office may offer its workers for an order
        "GET /orders/{order}/history",  # without the accounts of those who acted
        "GET /orders/{order}/matches",  # of the own workers: here none
    }
    office = dock.client.speaking_as(Role.CLERK, regions=ELSEWHERE)
    assert (await office.get(f"/orders/{order}/matches")).body["items"] == []
    assert await actors(dock.client, f"/orders/{order}/history") == {"own": {"officer:tester"}, "strange": {"officer"}}


async def actors(caller: Client, path: str) -> dict[str, set[str]]:
    """Who acted, as an officer reads it who covers the place, and as one from elsewhere does."""
    readers = {"own": caller.speaking_as(Role.OFFICER), "strange": caller.speaking_as(Role.OFFICER, regions=ELSEWHERE)}
    return {name: {one["actor"] for one in (await reader.get(path)).body["items"]} for name, reader in readers.items()}


async def test_registration_shows_and_does_nothing_for_strangers(registration: Client) -> None:
    assert await let_in(registration, {"worker": await a_worker().at(registration)}) == set()


async def test_training_shows_and_does_nothing_for_strangers(school: School) -> None:
    match, serial = await school.certified()
    (centre,) = (await school.get("/centres")).body["items"]
    course = await school.course()
    enrolment, session = (await school.enrolment(match))["enrolment"], await school.session(course=course)
    school.client.at = noon(school.today)
    known = {"session": session, "course": course, "enrolment": enrolment, "serial": serial, "centre": centre["id"]}
    assert await let_in(school.client, known) == {
        "GET /centres/{centre}",  # the register is public, as is whether a certificate is valid
        "GET /centres/{centre}/history",  # without the accounts of those who acted
        "GET /certificates/{serial}",
        "GET /sessions/{session}",  # a session takes workers of every county; each office sees its own of the roster, and acts on those
        "GET /sessions/{session}/attendance",
        "POST /sessions/{session}/assessments",
        "POST /sessions/{session}/attendance",
        "POST /sessions/{session}/certificates",
    }
    assert await actors(school.client, f"/centres/{centre['id']}/history") == {"own": {"officer:tester"}, "strange": {"officer"}}
    stranger = school.client.speaking_as(Role.CLERK, regions=ELSEWHERE)
    assert (await stranger.get(f"/certificates/{serial}")).body["worker_no"] is None


async def test_rights_shows_and_does_nothing_for_strangers(office: Office) -> None:
    placement = await office.abroad()
    case, report = await office.post("/cases", a_case(placement=placement.placement)), await office.report(placement)
    office.client.at = noon(office.today)
    known = {"placement": placement.placement, "worker": placement.worker, "case": case.body["case"], "report": report.body["report"]}
    assert await let_in(office.client, known) == set()
