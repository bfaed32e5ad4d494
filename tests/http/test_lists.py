"""Every sorted list, found in the services' own documents: read to its end in every order, narrowed by its filters, its cursors its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.principals import Role
from shared.values import EnterpriseId, new_id
from tests.contracts import openapi
from tests.support.answers import wrong_in
from tests.support.docking import POOR_COUNTY, Dock, dock
from tests.support.http import Client
from tests.support.registration import AWorker
from tests.support.rights import Office, office
from tests.support.training import School, school

__all__ = ["dock", "office", "school"]


@dataclass(frozen=True, slots=True)
class SortedList:
    path: str
    orders: list[str]
    roles: list[str]
    asked: dict[str, str]  # what has to be asked for


def sorted_lists(service: str, parts: Mapping[str, str]) -> Iterator[SortedList]:
    """`parts`: what stands in the path, by name."""
    for path, methods in openapi.document(service)["paths"].items():
        operation = methods.get("get", {})
        query = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "query"}
        if "sort" in query:
            asked = {name: one["schema"]["enum"][0] for name, one in query.items() if one.get("required")}
            yield SortedList(path.format(**parts), query["sort"]["schema"]["enum"], operation["x-roles"], asked)


async def pages(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every row, two at a time, by the links that lead from page to page."""
    items: list[dict[str, Any]] = []
    answer = await client.get(path, limit=2, **query)
    while True:
        assert answer.status == 200, (path, query, answer.body)
        items += answer.body["items"]
        link = answer.headers.get("link")
        assert (link is None) == (answer.body["next"] is None), path
        if link is None:
            return items
        address, _, relation = link.partition(">; ")
        assert relation == 'rel="next"'
        answer = await client.send("GET", address.removeprefix("<"))


async def read_in_every_order(client: Client, service: str, *, filled: set[str], **parts: str) -> None:
    """Also those lists that happen to be empty; `filled` are those that must not be."""
    lists = list(sorted_lists(service, parts))
    assert filled <= {one.path for one in lists}
    for one in lists:
        path = one.path
        who = client if client.who.role in one.roles else client.speaking_as(Role(one.roles[0]))
        assert not wrong_in(service, "GET", path, 200, (await who.get(path, limit=200, **one.asked)).body)
        whole = [str(row) for row in (await who.get(path, limit=200, sort="id", **one.asked)).body["items"]]
        assert len(whole) > 2 or path not in filled, path
        for cursor in ("garbage", "....", "-1.5"):
            refused = await who.get(path, after=cursor, **one.asked)
            assert (refused.code, refused.body["errors"][0]["field"]) == ("CURSOR_INVALID", "after"), path
        for order in one.orders:
            rows = await pages(who, path, sort=order, **one.asked)
            assert sorted(map(str, rows)) == sorted(whole), f"{path} by {order}: not every row once"
            name = order.lstrip("-")
            values = [row[name] for row in rows if name in row]
            assert values == sorted(values, reverse=order.startswith("-")), f"{path} by {order}"
            assert order != "-id" or [str(row) for row in rows] == whole[::-1], path


async def test_the_lists_of_docking_are_read_in_every_order(dock: Dock) -> None:
    for day in range(3):
        dock.wait(day)
        enterprise = await dock.enterprise(name=f"Enterprise {3 - day}")
        for _ in range(2):  # two of a kind: equal in everything that is sorted by
            await dock.matched(await dock.order(enterprise))
            await dock.departed(await dock.order(enterprise))
        await dock.post(
            "/fairs",
            {"name": "Fair", "county": POOR_COUNTY, "held_on": str(dock.today), "counties": [POOR_COUNTY], "enterprises": [enterprise]},
        )
    dock.wait(30)
    filled = {"/orders", "/placements", "/enterprises", "/public/enterprises", "/fairs", "/arrivals/overdue", "/roll-call/JPN"}
    await read_in_every_order(dock.at(), "docking", filled=filled, destination="JPN")


async def test_the_lists_of_registration_are_read_in_every_order(registration: Client) -> None:
    for number, county in enumerate(("621126", "621126", "621102", "620521", "621126")):
        await AWorker(name=f"李{'一二三四五'[number]}").from_county(county).registered(f"2018-05-0{1 + number % 2}").at(registration)
    body = {
        "title": "Work in Japan",
        "counties": ["621126", "621102"],
        "channels": ["wechat", "sms"],
        "languages": ["zh"],
        "published_on": "2018-03-01",
    }
    announcement = (await registration.post("/announcements", body)).body["announcement"]
    for county, reached in (("621126", 20), ("621102", 30), ("621126", 10), ("621102", 10)):
        record = {"county": county, "channel": "wechat" if reached > 10 else "sms", "reached": reached, "on": "2018-03-05"}
        assert (await registration.post(f"/announcements/{announcement}/outreach", record)).status == 201
    worker = (await registration.get("/workers")).body["items"][0]["worker"]
    for _ in range(3):
        assert (await registration.post(f"/workers/{worker}/personal-data", {"reason": "complaint"})).status == 200
    lists = ("outreach", "reach")
    filled = {"/workers", "/personal-data-accesses", f"/workers/{worker}/personal-data/accesses"}
    filled |= {f"/announcements/{announcement}/{one}" for one in lists}
    await read_in_every_order(registration, "registration", filled=filled, announcement=announcement, worker=worker)


async def test_the_lists_of_training_are_read_in_every_order(school: School) -> None:
    for number in range(3):
        await school.centre(f"Centre {3 - number}", number + 2)
        await school.match()
        await school.match()
    course = await school.course()
    for starts_in in (9, 7, 7):
        await school.session(1, course=course, starts_in=starts_in)
    officer = school.client
    await read_in_every_order(school.at(officer), "training", filled={"/centres", "/sessions", "/enrolments", "/needs"})


async def test_the_lists_of_rights_are_read_in_every_order(office: Office) -> None:
    for _ in range(3):
        placement = await office.abroad(enterprise=EnterpriseId(new_id()))
        await office.post(
            "/cases",
            {
                "placement": str(placement.placement),
                "category": "safety",
                "severity": "normal",
                "via": "worker",
                "text": "The scaffold has no rail.",
            },
        )
    body = {"destination": "JPN", "kind": "disaster", "grade": "II", "authority": "embassy", "since": str(office.today), "text": "a quake"}
    emergency = (await office.post("/emergencies", body)).body["emergency"]
    await office.sweep()
    filled = {"/cases", "/cases/complaint-rates", "/incomes/missing", f"/emergencies/{emergency}/workers"}
    await read_in_every_order(office.at(), "rights", filled=filled, emergency=emergency)


async def test_rows_inserted_between_two_pages_neither_repeat_nor_hide_others(dock: Dock) -> None:
    enterprises = [await dock.enterprise(name=name, reserve=0) for name in ("B", "D", "F")]
    first = (await dock.get("/enterprises", sort="name", limit=2)).body
    await dock.enterprise(name="A", reserve=0)
    await dock.enterprise(name="E", reserve=0)
    rest = (await dock.get("/enterprises", sort="name", limit=9, after=first["next"])).body
    assert [one["name"] for one in first["items"] + rest["items"]] == ["B", "D", "E", "F"]
    assert {one["enterprise"] for one in first["items"] + rest["items"]} > set(enterprises)


async def test_a_filter_narrows_a_list(dock: Dock) -> None:
    one = await dock.enterprise(name="Weihai Labour", destinations=["JPN"])
    await dock.enterprise(name="Yantai Labour", destinations=["SGP"])
    assert [row["enterprise"] for row in (await dock.get("/enterprises", name="weihai")).body["items"]] == [one]
    assert [row["enterprise"] for row in (await dock.get("/enterprises", destination="JPN")).body["items"]] == [one]
    assert (await dock.get("/enterprises", state="revoked")).body["items"] == []
    order = await dock.order(one, occupation="7231")
    assert [row["order"] for row in (await dock.get("/orders", occupation="72")).body["items"]] == [order]
    assert (await dock.get("/orders", occupation="71")).body["items"] == []
    assert (await dock.get("/orders", free=False)).body["items"] == []


async def test_a_cursor_is_good_for_its_own_list_and_order_alone(dock: Dock) -> None:
    for name in "ABC":
        await dock.enterprise(name=name, reserve=0)
    cursor = (await dock.get("/enterprises", sort="name", limit=1)).body["next"]
    assert (await dock.get("/enterprises", sort="name", after=cursor)).status == 200
    check, _, packed = cursor.partition(".")
    foreign = {
        "another order": ("/enterprises", "-name", cursor),
        "another list": ("/public/enterprises", "name", cursor),
        "tampered": ("/enterprises", "name", f"{check}.{packed[:-2]}AA"),
        "without a check": ("/enterprises", "name", packed),
        "garbage": ("/enterprises", "name", "garbage"),
        "an id": ("/enterprises", "id", "01a21768-c1e0-7015-b707-ddb4e9fc4308"),
    }
    answers = {what: await dock.get(path, sort=sort, after=after) for what, (path, sort, after) in foreign.items()}
    assert {what: (answer.status, answer.code) for what, answer in answers.items()} == dict.fromkeys(foreign, (422, "CURSOR_INVALID"))
    unknown = await dock.get("/enterprises", sort="reserve_minor; DROP TABLE enterprise")
    assert (unknown.status, unknown.body["errors"][0]["field"]) == (422, "sort")


async def test_an_enterprise_lists_its_own_placements_and_may_not_ask_for_those_of_another(dock: Dock) -> None:
    one, other = await dock.enterprise(), await dock.enterprise()
    mine = await dock.matched(await dock.order(one))
    await dock.matched(await dock.order(other))
    who = dock.client.speaking_as(Role.ENTERPRISE, party=one)
    assert [row["placement"] for row in (await dock.get("/placements", who=who)).body["items"]] == [mine["placement"]]
    assert (await dock.get("/placements", who=who, enterprise=other)).status == 403
