"""Collective cases: many workers of one enterprise, or one who is not paid for long, are one case, settled for all of them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from shared.events import CaseDeadlineMissed, CaseEscalated, CaseOpened, CaseSettled, CasesGrouped, ReserveDrawRequested
from shared.principals import Role
from shared.values import Currency, EnterpriseId, Money, WagePeriod, new_id
from tests.integration.test_rights_settlements import paid
from tests.support.rights import Office, Placement, office, yuan

__all__ = ["office"]
SAIPAN: dict[str, Any] = {"wage": Money(minor=30_000, currency=Currency("CNY")), "wage_period": WagePeriod.DAY, "days_per_month": 26}
PAID: dict[str, Any] = {"amount": yuan(7800), "paid_by": "enterprise"}


async def short(office: Office, workers: int, **changes: Any) -> list[Placement]:
    """Workers at 300 yuan a day for 26 days, of whom each was paid 5,200 for March."""
    placements = [await office.abroad(**{**SAIPAN, **changes}) for _ in range(workers)]
    for placement in placements:
        assert (await office.report(placement, paid=5200)).status == 201
    return placements


async def complain(office: Office, placement: Placement, **changes: Any) -> str:
    body = {"category": "wages", "severity": "normal", "via": "worker", "text": "unpaid", "placement": str(placement.placement), **changes}
    return str((await office.post("/cases", body)).body["case"])


async def collective(office: Office) -> dict[str, Any]:
    """The only collective case."""
    [case] = [one for one in (await office.get("/cases", limit=200)).body["items"] if one["period"] is not None]
    return dict(case)


async def test_worked_example_saipan_wage_three_workers_are_grouped_and_the_case_goes_up(office: Office) -> None:
    placements = await short(office, 3)
    [grouped] = await office.published(CasesGrouped)
    assert (set(grouped.members), grouped.cause) == ({one.placement for one in placements}, "workers")
    case = await collective(office)
    assert (case["severity"], case["level"], case["blocking"], case["period"]) == ("high", "province", True, "2018-03")
    assert [(str(one.case), one.cause) for one in await office.published(CaseEscalated)] == [(case["case"], "collective")]


async def test_the_offices_of_its_members_see_a_collective_case(office: Office) -> None:
    await short(office, 3)
    case = (await collective(office))["case"]
    for region, sees in (("370000", True), ("620000", False)):
        who = office.client.speaking_as(Role.OFFICER, regions=(region,))
        assert (await office.get(f"/cases/{case}", who=who)).status == (200 if sees else 403)
        assert (case in [one["case"] for one in (await office.get("/cases", who=who, limit=200)).body["items"]]) is sees


async def test_workers_of_another_enterprise_or_month_are_not_grouped_with_them(office: Office) -> None:
    await short(office, 2)
    await short(office, 2, enterprise=EnterpriseId(new_id()))
    april = await office.abroad(**SAIPAN)
    await office.report(april, "2018-04", paid=5200)
    assert await office.published(CasesGrouped) == []


async def test_wages_that_nobody_reported_are_grouped_with_short_ones(office: Office) -> None:
    """January was paid short to one and to two not at all: 30 days after the pay day there are three."""
    placements = [await office.abroad() for _ in range(3)]
    office.today = date(2018, 3, 13)
    await office.report(placements[0], "2018-01", paid=1000)
    await office.sweep()
    [grouped] = await office.published(CasesGrouped)
    assert set(grouped.members) == {one.placement for one in placements}


async def test_a_worker_who_is_not_paid_for_45_days_is_a_collective_case(office: Office) -> None:
    placement = await office.abroad()  # since 15 January; pay day the 10th
    office.today = date(2018, 2, 10) + timedelta(days=45)
    await office.sweep()
    assert await office.published(CasesGrouped) == []
    office.wait(1)
    await office.sweep()
    await office.sweep()
    [grouped] = await office.published(CasesGrouped)
    assert (grouped.members, grouped.cause) == ((placement.placement,), "unpaid")
    assert (await collective(office))["level"] == "province"


async def test_a_wage_that_came_late_or_is_reported_in_time_is_in_no_collective_case(office: Office) -> None:
    placements = [await office.abroad() for _ in range(3)]
    for placement in placements:
        await office.report(placement, "2018-01", paid=3291)
    office.today = date(2018, 3, 12)
    await office.sweep()
    assert await office.published(CasesGrouped) == []


async def test_further_workers_join_and_their_complaints_belong_to_the_case(office: Office) -> None:
    placements = await short(office, 2)
    before = await complain(office, placements[0])
    placements += await short(office, 1)
    case = (await collective(office))["case"]
    placements += await short(office, 1)
    after = await complain(office, placements[3])
    other = await complain(office, placements[3], category="safety")
    members = [set(one.members) for one in await office.published(CasesGrouped)]
    assert members == [{one.placement for one in placements[:3]}, {one.placement for one in placements}]
    shown = {one["case"]: one["collective"] for one in (await office.get("/cases", limit=200)).body["items"]}
    assert (shown[before], shown[after], shown[other], shown[case]) == (case, case, None, None)


async def test_settling_the_collective_case_settles_its_members(office: Office) -> None:
    placements = await short(office, 3)
    case = (await collective(office))["case"]
    complaints = [await complain(office, one) for one in placements[:2]]
    await office.post(f"/cases/{complaints[1]}/pause", {"reason": "court"})
    safety = await complain(office, placements[0], category="safety")
    assert (await office.post(f"/cases/{case}/settlement", PAID)).body["state"] == "settled"
    shown = {one["case"]: one["state"] for one in (await office.get("/cases", limit=200)).body["items"]}
    assert [shown[one] for one in (*complaints, case, safety)] == ["settled"] * 3 + ["received"]
    settled = {str(one.case): one for one in await office.published(CaseSettled)}
    assert [settled[one].amount for one in complaints] == [None, None]
    assert {str(settled[one].collective) for one in complaints} == {case}
    assert (settled[case].amount.minor, settled[case].collective) == (780_000, None)
    assert (await office.post(f"/cases/{complaints[1]}/closure", {"outcome": "settled", "confirmed": True})).status == 200


async def test_a_member_whose_clock_stood_still_is_not_late_for_being_settled_with_the_others(office: Office) -> None:
    placements = await short(office, 3)
    case, complaint = (await collective(office))["case"], await complain(office, placements[0])
    await office.post(f"/cases/{complaint}/pause", {"reason": "court"})
    office.wait(30)
    await office.post(f"/cases/{case}/settlement", PAID)
    await office.sweep()
    shown = (await office.get(f"/cases/{complaint}")).body
    assert (shown["state"], shown["overdue"]) == ("settled", False)
    assert complaint not in [str(one.case) for one in await office.published(CaseDeadlineMissed)]


async def test_the_reserve_pays_for_all_members_at_once(office: Office) -> None:
    placements = await short(office, 3)
    case = (await collective(office))["case"]
    complaint = await complain(office, placements[0])
    await office.post(f"/cases/{case}/settlement", {**PAID, "paid_by": "reserve"})
    late = await short(office, 1)  # found while the reserve is asked for the others
    assert len(await office.published(CasesGrouped)) == 1
    [request] = await office.published(ReserveDrawRequested)
    await office.consume(paid(request), paid(request))
    assert sorted(str(one.case) for one in await office.published(CaseSettled)) == sorted((case, complaint))
    assert (await office.get(f"/cases/{await complain(office, late[0])}")).body["state"] == "received"


async def test_what_is_found_after_the_settlement_needs_workers_enough_of_its_own(office: Office) -> None:
    await short(office, 3)
    first = (await collective(office))["case"]
    await office.post(f"/cases/{first}/settlement", PAID)
    await short(office, 2)
    assert len(await office.published(CasesGrouped)) == 1
    await short(office, 1)
    assert len({one.case for one in await office.published(CasesGrouped)}) == 2
    await office.post(f"/cases/{first}/closure", {"outcome": "settled", "confirmed": True})
    assert (await office.post(f"/cases/{first}/reopening")).code == "COLLECTIVE_OPEN"


async def test_a_complaint_that_comes_while_the_collective_case_is_settled_is_either_settled_with_it_or_open_by_itself(
    office: Office,
) -> None:
    placements = await short(office, 3)
    case = (await collective(office))["case"]
    settle = office.post(f"/cases/{case}/settlement", PAID)
    complaint, _ = await asyncio.gather(complain(office, placements[0]), settle)
    shown = (await office.get(f"/cases/{complaint}")).body
    assert (shown["state"], shown["collective"]) in (("settled", case), ("received", None))


async def test_reports_of_many_workers_at_once_open_one_case(office: Office) -> None:
    placements = [await office.abroad(**SAIPAN) for _ in range(6)]
    await asyncio.gather(*(office.report(placement, paid=5200) for placement in placements))
    assert len([one for one in await office.published(CaseOpened) if one.via == "rule"]) == 1
    grouped = await office.published(CasesGrouped)
    assert set(grouped[-1].members) == {one.placement for one in placements}
