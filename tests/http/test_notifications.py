"""The inbox: a notification exists exactly if its event does, and is seen by whom it concerns."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from shared.delivery import outbox
from shared.events import ReserveDrawn, rights
from shared.events.event import Origin
from shared.principals import Role
from shared.values import (
    CaseId,
    Channel,
    Clock,
    CountyCode,
    Currency,
    Designation,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
    WorkerId,
    new_id,
)
from tests.http.test_lists import pages
from tests.support.docking import Dock, dock
from tests.support.http import Client, Start
from tests.support.registration import a_list_of, a_row, as_csv

__all__ = ["dock"]

GANSU, MINXIAN = "620000", "621126"
SHANDONG = "370000"


def yuan(fen: int) -> Money:
    return Money(minor=fen, currency=Currency("CNY"))


async def inbox(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/notifications", **query)
    assert answer.status == 200, answer.body
    return list(answer.body["items"])


async def titles(client: Client, **query: Any) -> list[str]:
    return [one["title"] for one in await inbox(client, language="en", **query)]


async def unread(client: Client) -> int:
    return int((await client.get("/notifications/unread")).body["unread"])


def drawn(enterprise: EnterpriseId) -> ReserveDrawn:
    return ReserveDrawn(
        enterprise=enterprise,
        effective=date(2018, 9, 14),
        amount=yuan(20_000_000),
        balance=yuan(280_000_000),
        use="wages",
        case=CaseId(new_id()),
        due=date(2018, 10, 18),
    )


def shortfall(enterprise: EnterpriseId, county: str = MINXIAN) -> rights.WageShortfallDetected:
    return rights.WageShortfallDetected(
        placement=PlacementId(new_id()),
        worker=WorkerId(new_id()),
        enterprise=enterprise,
        origin=Origin(county=CountyCode(county), designation=Designation.NATIONAL, designation_version="1"),
        destination=Destination("JPN"),
        occupation=Occupation("7212"),
        channel=Channel.LABOUR_COOPERATION,
        effective=date(2018, 9, 14),
        period=Period("2018-08"),
        expected=yuan(780_000),
        paid=yuan(520_000),
        shortfall=yuan(260_000),
        kind="short",
        rule_version="wages/1",
    )


async def publish(client: Client, *events: Any, audit: bool = False) -> None:
    async with client.database.transaction(client.database.system_cause()) as tx:
        outbox.publish(tx, *events, audit=audit)


async def test_an_enterprise_reads_what_must_be_done_by_when_in_its_language(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    answer = await dock.post(
        f"/enterprises/{enterprise}/reserve/draw",
        {"amount": {"minor": 20_000_000, "currency": "CNY"}, "use": "wages", "case": str(uuid4())},
    )
    due = answer.body["reserve_due"]
    own = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    newest, *_ = await inbox(own, language="zh")
    assert (newest["title"], newest["due"], newest["read"]) == ("备用金已动用", due, False)
    day = date.fromisoformat(due)
    assert f"请在{day.year}年{day.month}月{day.day}日前补足" in newest["text"]
    assert "¥200,000.00" in newest["text"]
    assert (await inbox(own, language="ja"))[0]["title"] == "準備金が使われました"


async def test_another_enterprise_hears_nothing_of_it(client: Start) -> None:
    docking, one, other = await client("docking"), EnterpriseId(new_id()), EnterpriseId(new_id())
    await publish(docking, drawn(one))
    assert await titles(docking.speaking_as(Role.ENTERPRISE, party=one)) == ["The reserve was drawn"]
    for stranger in (
        docking.speaking_as(Role.ENTERPRISE, party=other),
        docking.speaking_as(Role.ENTERPRISE),
        docking.speaking_as(Role.TRAINER, party=one),
        docking.speaking_as(Role.CLERK),
        docking.speaking_as(Role.OFFICER, regions=(SHANDONG,)),  # the event does not name the seat: for national offices alone
        docking.speaking_as(Role.OPERATOR, subject=f"enterprise:{one}"),
    ):
        assert await titles(stranger) == []
        assert await unread(stranger) == 0


async def test_an_office_hears_of_its_counties_and_of_no_others(client: Start) -> None:
    rights_client, enterprise = await client("rights"), EnterpriseId(new_id())
    await publish(rights_client, shortfall(enterprise))
    for regions, heard in ((("CN",), 1), ((GANSU,), 1), (("621100",), 1), ((MINXIAN,), 1), ((SHANDONG,), 0), (("621125",), 0), ((), 0)):
        assert len(await titles(rights_client.speaking_as(Role.CLERK, regions=regions))) == heard, regions


async def test_the_authority_of_an_enterprises_seat_hears_of_its_reserve(dock: Dock) -> None:
    enterprise = await dock.enterprise(seat="371002")
    draw = {"amount": {"minor": 20_000_000, "currency": "CNY"}, "use": "wages", "case": str(uuid4())}
    assert (await dock.post(f"/enterprises/{enterprise}/reserve/draw", draw)).status == 200
    assert "The reserve was drawn" in await titles(dock.client.speaking_as(Role.OFFICER, regions=(SHANDONG,)))
    assert await titles(dock.client.speaking_as(Role.OFFICER, regions=(GANSU,))) == []


async def test_a_role_without_an_inbox_is_refused(client: Start) -> None:
    docking = await client("docking")
    for role in (Role.AUDITOR, Role.ASSESSOR, Role.PUBLIC):
        assert (await docking.speaking_as(role).get("/notifications")).status == 403


async def test_what_is_rolled_back_notifies_nobody(client: Start) -> None:
    docking, enterprise = await client("docking"), EnterpriseId(new_id())

    async def fail() -> None:
        async with docking.database.transaction(docking.database.system_cause()) as tx:
            outbox.publish(tx, drawn(enterprise))
            await outbox.write_pending(tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with docking.database.transaction(docking.database.system_cause()) as tx:
        with contextlib.suppress(RuntimeError):
            async with tx.savepoint():
                outbox.publish(tx, drawn(enterprise))
                raise RuntimeError
        outbox.publish(tx, drawn(enterprise))
    assert await titles(docking.speaking_as(Role.ENTERPRISE, party=enterprise)) == ["The reserve was drawn"]
    assert len(await docking.published()) == 1


async def test_a_payroll_that_is_short_for_many_is_one_notification_with_their_number(client: Start) -> None:
    rights_client, enterprise, other = await client("rights"), EnterpriseId(new_id()), EnterpriseId(new_id())
    short = [shortfall(enterprise) for _ in range(150)]
    await publish(rights_client, *short, shortfall(other), audit=True)
    own = rights_client.speaking_as(Role.ENTERPRISE, party=enterprise)
    (found,) = await inbox(own, language="en")
    assert found["count"] == 150
    assert found["text"].startswith("150 found, for August 2018: ")
    assert found["fields"]["subjects"] == [event.subject for event in short[:100]]
    assert "placement" not in found["fields"], "they do not share it"
    (single,) = await inbox(rights_client.speaking_as(Role.ENTERPRISE, party=other), language="en")
    assert single["count"] == 1
    assert "placement" in single["fields"]


async def test_what_is_done_together_because_of_several_days_keeps_its_days(client: Start) -> None:
    rights_client, enterprise = await client("rights"), EnterpriseId(new_id())
    days = [datetime(2018, 9, day, 2, tzinfo=UTC) for day in (14, 14, 15, 16)]
    async with rights_client.database.transaction(rights_client.database.system_cause()) as tx:
        for day in days:
            tx.cause = replace(tx.cause, clock=Clock(day))
            outbox.publish(tx, shortfall(enterprise))
    found = await inbox(rights_client.speaking_as(Role.ENTERPRISE, party=enterprise))
    assert [(datetime.fromisoformat(one["recorded"]), one["count"]) for one in reversed(found)] == [
        (days[0], 2),
        (days[2], 1),
        (days[3], 1),
    ]


async def test_pages_follow_one_another_newest_first_and_end(client: Start) -> None:
    docking, enterprise = await client("docking"), EnterpriseId(new_id())
    for _ in range(5):
        await publish(docking, drawn(enterprise))
    seen = [one["id"] for one in await pages(docking.speaking_as(Role.ENTERPRISE, party=enterprise), "/notifications")]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_what_one_account_has_read_is_new_to_its_colleague(client: Start) -> None:
    docking, enterprise = await client("docking"), EnterpriseId(new_id())
    for _ in range(3):
        await publish(docking, drawn(enterprise))
    wang = docking.speaking_as(Role.ENTERPRISE, party=enterprise, subject="wang")
    zhao = docking.speaking_as(Role.ENTERPRISE, party=enterprise, subject="zhao")
    newest, middle, _ = await inbox(wang)
    for _ in range(2):  # marking twice is marking once
        assert (await wang.post("/notifications/read", {"ids": [newest["id"]]})).body == {"unread": 2}
    assert [one["read"] for one in await inbox(wang)] == [True, False, False]
    assert len(await inbox(wang, unread=True)) == 2
    assert await unread(zhao) == 3
    assert (await zhao.post("/notifications/read", {"through": middle["id"]})).body == {"unread": 1}
    assert await unread(wang) == 2


async def test_an_inbox_is_read_and_marked_by_type_page_by_page(client: Start) -> None:
    docking, enterprise = await client("docking"), EnterpriseId(new_id())
    own = docking.speaking_as(Role.ENTERPRISE, party=enterprise)
    for _ in range(3):
        await publish(docking, drawn(enterprise), shortfall(enterprise))
    of_type = {"type": "docking.ReserveDrawn.v1"}
    for query in (of_type, {**of_type, "unread": True}):
        found = await pages(own, "/notifications", **query)
        assert [one["type"] for one in found] == ["docking.ReserveDrawn.v1"] * 3
    marked = await own.post("/notifications/read", {"through": (await inbox(own, **of_type))[0]["id"], **of_type})
    assert marked.body == {"unread": 3}, "the others"
    assert await inbox(own, **of_type, unread=True) == []
    assert (await own.get("/notifications", type="%' OR true")).status == 422
    stranger = docking.speaking_as(Role.ENTERPRISE, party=new_id())
    assert await inbox(stranger, **of_type) == []


async def test_nobody_marks_what_is_not_theirs(client: Start) -> None:
    docking, enterprise = await client("docking"), EnterpriseId(new_id())
    await publish(docking, drawn(enterprise))
    (one,) = await inbox(docking.speaking_as(Role.ENTERPRISE, party=enterprise))
    stranger = docking.speaking_as(Role.ENTERPRISE, party=new_id())
    assert (await stranger.post("/notifications/read", {"ids": [one["id"], 10**15]})).body == {"unread": 0}
    assert (await stranger.post("/notifications/read", {"through": one["id"]})).body == {"unread": 0}
    async with docking.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM notification_read") == 0


async def test_ids_or_through_is_asked_for_and_not_both(client: Start) -> None:
    own = (await client("docking")).speaking_as(Role.OFFICER)
    refused: list[dict[str, Any]] = [{}, {"ids": []}, {"ids": [1], "through": 1}, {"ids": [0]}, {"ids": ["1"]}, {"ids": [1] * 201}]
    refused += [{"ids": [1], "type": "docking.ReserveDrawn.v1"}, {"through": 1, "type": "'; DROP"}, {"type": "docking.ReserveDrawn.v1"}]
    for body in refused:
        assert (await own.post("/notifications/read", body)).status == 422, body


async def test_whoever_reads_in_a_list_hears_once_how_it_ended_and_of_no_row(registration: Client) -> None:
    answer = await registration.upload("/imports", as_csv([*a_list_of(5), a_row(sex="robot")]), "text/csv; charset=utf-8")
    assert answer.status == 200, answer.body
    (ended,) = await inbox(registration, language="en")
    assert (ended["title"], ended["text"]) == ("A list was read in", "Of 6 rows 5 were taken, 1 refused.")
    assert await titles(registration.speaking_as(Role.CLERK, subject="a colleague")) == []
