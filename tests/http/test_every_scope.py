"""Every route that names something: nothing of it is shown to, or done by, another party or the office of another region."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from string import Formatter

import pytest

from console.services import SERVICES
from shared.events import ReserveDrawRefused
from shared.principals import Role
from shared.values import EnterpriseId
from shared.web.app import documented_app
from tests.contracts.samples import sample
from tests.http.test_docking_arrivals import an_arrival
from tests.http.test_docking_contract_changes import END
from tests.http.test_docking_employers import _registered
from tests.http.test_docking_fairs import _fair, _intends
from tests.http.test_docking_fees import declared as declared_fee
from tests.http.test_docking_notices import _published
from tests.http.test_endpoints import HOOK
from tests.http.test_notifications import drawn
from tests.http.test_notifications import publish as publish_concerning
from tests.http.test_registration_announcements import announced, reached
from tests.http.test_registration_corrections import asked as asked_to_correct
from tests.http.test_registration_imports import imported
from tests.http.test_registration_surveys import surveyed
from tests.http.test_rights_cases import a_case
from tests.http.test_rights_emergencies import declared
from tests.http.test_rights_repatriations import asked
from tests.http.test_training_corrections import LAST, _correct, _examined
from tests.http.test_training_findings import _findings, _in_two_centres
from tests.http.test_training_recognitions import _ask
from tests.support.docking import Dock, dock
from tests.support.http import Answer, Client, Start, service_of
from tests.support.recording import noon
from tests.support.registration import a_list_of, a_worker, an_id
from tests.support.rights import Office, a_row, office
from tests.support.routes import Endpoint, application, body_form, endpoints
from tests.support.training import School, school

__all__ = ["dock", "office", "school"]

ELSEWHERE = ("460000",)
# What the tests below name in paths, together: a route is asked where all that its path names is in one of these.
KNOWN: Mapping[str, Sequence[frozenset[str]]] = {
    "registration": (
        frozenset({"worker", "worker_no", "import_id"}),
        frozenset({"correction", "duplicate", "survey", "announcement", "outreach"}),
    ),
    "docking": (
        frozenset({"enterprise", "order", "match", "placement"}),
        frozenset({"employer", "fair", "intention", "notice", "destination"}),
        frozenset({"placement", "worker", "fee", "day", "change"}),
        frozenset({"endpoint", "delivery"}),
    ),
    "training": (
        frozenset({"session", "course", "enrolment", "serial", "centre"}),
        frozenset({"recognition", "finding"}),
        frozenset({"correction", "worker"}),
    ),
    "rights": (frozenset({"placement", "worker", "case", "report"}), frozenset({"payroll", "repatriation"})),
    "stats": (frozenset({"measure", "code", "held"}),),
}
# Service and beginning of the path -> why nothing of it is asked by strangers to all that answer it.
NOT_ASKED = {
    ("rights", "/emergencies/{emergency}"): "of a country: any officer ends it; what is shown of its people has a test of its own below",
    ("stats", "/periods/{period}"): "when a period was closed and by whom, as the list of periods shows it to every reader",
    ("stats", "/releases/{period}"): "figures of the whole nation, the same for every officer, and none of a person",
}
OF_EVERY_SERVICE = "/endpoints/"  # one implementation, in shared, which docking's are asked of
BOUND = frozenset({Role.ENTERPRISE, Role.TRAINER, Role.CLERK, Role.OFFICER})  # to a party or to regions


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


def test_every_route_that_names_something_is_asked_by_strangers_or_left_out_for_a_reason() -> None:
    left = {
        (service, endpoint.path)
        for service in SERVICES
        for endpoint in endpoints(documented_app(service, service_of(service).router))
        if named(endpoint) and not endpoint.anybody and BOUND.intersection(endpoint.roles or ())
        if not any(named(endpoint) <= known for known in KNOWN["docking" if endpoint.path.startswith(OF_EVERY_SERVICE) else service])
    }
    reasons = {(service, path): [one for one in NOT_ASKED if one[0] == service and path.startswith(one[1])] for service, path in left}
    assert not [route for route, why in reasons.items() if not why]
    assert {one for why in reasons.values() for one in why} == NOT_ASKED.keys()


async def let_in(caller: Client, known: Mapping[str, object], least: int = 10) -> set[str]:
    """Routes that told a stranger more than that it is not theirs (403), or not there (404). None of them published anything."""
    assert known.keys() in KNOWN[caller.service.name]
    before = len(await caller.published())
    found = await answers(caller, known)
    assert len(found) >= least
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


async def test_docking_shows_strangers_its_registers_and_they_change_none(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    fair = await _fair(dock, enterprise)
    known = {
        "employer": await _registered(dock),
        "fair": fair,
        "intention": await _intends(dock, fair, enterprise, 2),
        "notice": await _published(dock, enterprise=enterprise),
        "destination": "JPN",
    }
    dock.client.at = noon(dock.today)
    assert await let_in(dock.client, known) == {
        "GET /employers/{employer}",  # these registers are open to all who mediate
        "GET /employers/{employer}/history",  # without the accounts of those who acted
        "GET /fairs/{fair}",
        "GET /fairs/{fair}/history",
        "GET /intentions/{intention}",  # to offices: an enterprise reads its own
        "GET /intentions/{intention}/history",
        "GET /notices/{notice}",
        "GET /notices/{notice}/history",
        "GET /roll-call/{destination}",  # of the own workers: here none
        "POST /fairs/{fair}/intentions",  # names its county and its enterprise in the body: none that took part
    }
    for name in ("employer", "fair", "intention", "notice"):
        assert await actors(dock.client, f"/{name}s/{known[name]}/history") == {"own": {"officer:tester"}, "strange": {"officer"}}
    other = dock.client.speaking_as(Role.ENTERPRISE, party=uuid.uuid4())
    for path in (f"/intentions/{known['intention']}", f"/intentions/{known['intention']}/history"):
        assert (await other.get(path)).status == 403


async def test_docking_shows_and_does_nothing_of_a_departure_for_strangers(dock: Dock) -> None:
    """Its fees, its arrival, its changes, and what is on record of its worker."""
    gone = await dock.departed()
    dock.wait(14)
    path = f"/placements/{gone['placement']}"
    fee, _ = await declared_fee(dock, gone), await dock.post(f"{path}/arrivals", an_arrival())
    extended = await dock.post(f"{path}/extension", {"end": (END + timedelta(days=30)).isoformat()})
    assert extended.status == 201, extended.body
    known = {
        "placement": gone["placement"],
        "worker": gone["worker"],
        "fee": fee["items"][-1]["fee"],
        "day": 14,
        "change": extended.body["items"][-1]["change"],
    }
    office = dock.client.speaking_as(Role.CLERK)
    assert len((await office.get(f"{path}/arrivals")).body["items"]) == 1
    assert (await office.get(f"/workers/{gone['worker']}/records", purpose="audit")).status == 200
    dock.client.at = noon(dock.today)
    assert await let_in(dock.client, known) == set()


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.OFFICER])
async def test_an_endpoint_and_what_was_delivered_to_it_is_its_owner_s_alone(dock: Dock, role: Role) -> None:
    enterprise = EnterpriseId(uuid.uuid4())
    owner = dock.client.speaking_as(role, party=enterprise) if role is Role.ENTERPRISE else dock.client.speaking_as(role)
    endpoint = (await owner.post("/endpoints", HOOK)).body["endpoint"]
    await publish_concerning(dock.client, drawn(enterprise), sample(ReserveDrawRefused).data)
    delivered = (await owner.get(f"/endpoints/{endpoint}/deliveries")).body["items"]
    assert await let_in(dock.client, {"endpoint": endpoint, "delivery": delivered[0]["id"]}) == set()


async def test_registration_shows_and_does_nothing_for_strangers(registration: Client) -> None:
    worker = await a_worker().at(registration)
    number = (await registration.get(f"/workers/{worker}")).body["worker_no"]
    run = (await imported(registration, a_list_of(1))).body["import_id"]
    assert await let_in(registration, {"worker": worker, "worker_no": number, "import_id": run}) == set()


async def test_registration_decides_nothing_for_strangers(registration: Client) -> None:
    """What is asked for about a worker, and what a county records of itself."""
    number = an_id()
    worker, _ = await a_worker().with_id(number).at(registration), await a_worker().named("李鸣").with_id(number).at(registration)
    announcement = (await announced(registration))["announcement"]
    known = {
        "correction": await asked_to_correct(registration, worker, name="王芳"),
        "duplicate": (await registration.get("/duplicates")).body["items"][0]["duplicate"],
        "survey": (await surveyed(registration)).body["survey"],
        "announcement": announcement,
        "outreach": (await reached(registration, announcement)).body["outreach"],
    }
    assert await let_in(registration, known) == set()


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
        "POST /sessions/{session}/register",
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


async def test_rights_shows_and_does_nothing_of_payrolls_and_repatriations_for_strangers(office: Office) -> None:
    placement = await office.abroad()
    payroll, repatriation = await office.payroll(a_row(placement)), await asked(office, placement)
    known = {"payroll": payroll.body["payroll"], "repatriation": repatriation}
    assert await let_in(office.client, known) == set()


async def test_of_an_emergency_strangers_see_that_there_is_one_and_none_of_its_people(office: Office) -> None:
    """It is of a country, and any officer declares and ends it; its people are those of the offices and enterprises that sent them."""
    placement = await office.abroad()
    emergency = await declared(office)
    office.client.at = noon(office.today)
    for who in (
        office.client.speaking_as(Role.CLERK, regions=ELSEWHERE),
        office.client.speaking_as(Role.OFFICER, regions=ELSEWHERE),
        office.client.speaking_as(Role.ENTERPRISE, party=uuid.uuid4()),
    ):
        assert (await who.get(f"/emergencies/{emergency}/workers")).body["items"] == []
        assert (await who.get(f"/emergencies/{emergency}/progress")).body["total"]["total"] == 0
        body = {"condition": "safe", "whereabouts": "embassy", "reported_by": "worker"}
        assert (await who.post(f"/emergencies/{emergency}/workers/{placement.placement}", body)).status in (403, 404)
    assert (await office.get(f"/emergencies/{emergency}/progress")).body["total"]["pending"] == 1


async def test_training_decides_nothing_for_strangers(school: School) -> None:
    """A recognition of what was learnt before, and a finding about an examination."""
    await _in_two_centres(school)
    recognition = await _ask(school, await school.match(), await school.course())
    known = {"recognition": recognition.body["recognition"], "finding": (await _findings(school))[0]["finding"]}
    assert await let_in(school.client, known, least=4) == set()


async def test_training_decides_no_correction_and_shows_no_worker_s_training_to_strangers(school: School) -> None:
    _, match, enrolment = await _examined(school, 80)
    asked_for = await _correct(school, enrolment, "attendance", day=LAST.isoformat(), minutes=0)
    assert asked_for.body["state"] == "pending"
    known = {"correction": asked_for.body["correction"], "worker": match.worker}
    school.client.at = noon(school.today)
    assert (await school.get(f"/workers/{match.worker}/training")).status == 200
    assert await let_in(school.client, known, least=6) == set()


async def test_stats_publishes_the_same_to_every_office_and_only_its_own_keepers_change_what_is_counted(client: Start) -> None:
    """Figures are of the whole nation and none of a person; what they rest on is entered for the nation."""
    stats = await client("stats")
    known = {"measure": "dispatches", "code": "2017-2020", "held": uuid.uuid4()}
    opened = await let_in(stats, known, least=5)
    assert opened == {
        "GET /figures/{measure}",
        "GET /figures/{measure}/export",
        "GET /figures/{measure}/known",
        "GET /programmes/{code}",
    }
