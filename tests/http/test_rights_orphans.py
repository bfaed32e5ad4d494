"""The orphans queue: income of voided dispatches is explained by an officer, and never deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from shared.events import IncomeReported, IncomeVoided, OrphanResolved
from shared.principals import Role
from shared.values import PlacementId, new_id
from tests.support.http import Answer, Client
from tests.support.rights import Office, Placement, office, yuan

__all__ = ["office"]


async def orphaned(office: Office, paid: float = 6000) -> tuple[Placement, str]:
    """A voided placement, and the report of what was paid under it."""
    placement = await office.abroad()
    report = (await office.report(placement, paid=paid)).body["report"]
    await office.consume(placement.voided())
    return placement, str(report)


async def dispatched_again(office: Office, void: Placement) -> Placement:
    """The same worker, under another placement."""
    placement = replace(void, placement=PlacementId(new_id()))
    await office.consume(placement.contracted(), placement.departed())
    return placement


async def resolve(office: Office, report: str, step: str, who: Client | None = None, **body: Any) -> Answer:
    return await office.post(f"/orphans/{report}/{step}", body, who=who)


async def queue(office: Office, who: Client | None = None, **query: Any) -> list[str]:
    return [one["report"] for one in (await office.get("/orphans", who=who, **query)).body["items"]]


async def test_worked_example_voided_dispatch_with_income_is_attached_to_the_placement_that_was_meant(office: Office) -> None:
    void, report = await orphaned(office)
    right = await dispatched_again(office, void)
    done = await resolve(office, report, "reattachment", placement=str(right.placement))
    assert (done.status, done.body["state"]) == (200, "reattached")
    [income] = (await office.ledger(right))["reports"]
    assert (income["state"], income["net"]) == ("counting", yuan(6000))
    counted = await office.published(IncomeReported, IncomeVoided)
    assert [type(one) for one in counted] == [IncomeReported, IncomeVoided, IncomeReported]
    assert counted[2].placement == right.placement
    [resolved] = await office.published(OrphanResolved)
    assert (resolved.outcome, str(resolved.to_report), resolved.placement) == ("reattached", income["report"], void.placement)
    assert await queue(office) == []
    assert [one["state"] for one in (await office.ledger(void))["reports"]] == ["reattached"]
    history = (await office.get(f"/placements/{void.placement}/history")).body["items"]
    assert [one["type"] for one in history] == ["IncomeReported", "IncomeVoided", "OrphanResolved"]
    assert (await resolve(office, report, "void", cause="not_paid")).code == "NOT_ORPHANED"


async def test_an_orphan_reported_for_the_other_placement_already_counts_there_once(office: Office) -> None:
    void, report = await orphaned(office)
    right = await dispatched_again(office, void)
    known = (await office.report(right)).body["report"]
    await resolve(office, report, "reattachment", placement=str(right.placement))
    [resolved] = await office.published(OrphanResolved)
    assert str(resolved.to_report) == known
    assert len((await office.ledger(right))["reports"]) == 1


async def test_an_orphan_stays_with_its_worker_and_leaves_its_placement(office: Office) -> None:
    void, report = await orphaned(office)
    other = await office.abroad()
    assert (await resolve(office, report, "reattachment", placement=str(other.placement))).code == "OTHER_WORKER"
    assert (await resolve(office, report, "reattachment", placement=str(void.placement))).code == "SAME_PLACEMENT"
    assert (await resolve(office, report, "reattachment", placement=str(new_id()))).code == "PLACEMENT_NOT_FOUND"
    later = replace(void, placement=PlacementId(new_id()), departed_on=date(2018, 4, 1))
    await office.consume(later.contracted(), later.departed())
    assert (await resolve(office, report, "reattachment", placement=str(later.placement))).code == "NOT_ABROAD"
    assert await queue(office) == [report]
    assert await office.published(OrphanResolved) == []


async def test_an_orphan_is_voided_with_a_cause_and_kept(office: Office) -> None:
    void, report = await orphaned(office)
    assert (await resolve(office, report, "void", cause="boredom")).status == 422
    assert (await resolve(office, report, "void", cause="paid_back", version=9)).code == "VERSION_CONFLICT"
    assert (await resolve(office, report, "void", cause="paid_back")).body["state"] == "voided"
    assert [one["state"] for one in (await office.ledger(void))["reports"]] == ["voided"]
    assert len(await office.published(IncomeVoided)) == 1  # it counted no more already
    assert (await resolve(office, report, "reattachment", placement=str(void.placement))).code == "NOT_ORPHANED"


async def test_an_orphan_is_handed_to_the_officers_of_another_province(office: Office) -> None:
    _, report = await orphaned(office)
    shandong, gansu = (office.client.speaking_as(Role.OFFICER, regions=(region,)) for region in ("370000", "620000"))
    assert (await resolve(office, report, "void", gansu, cause="not_paid")).status == 403
    assert (await resolve(office, report, "forwarding", shandong, province="990000")).code == "PROVINCE_NOT_FOUND"
    assert (await resolve(office, report, "forwarding", shandong, province="622427")).code == "PROVINCE_NOT_FOUND"
    assert (await resolve(office, report, "forwarding", shandong, province="620000")).body["region"] == "620000"
    assert (await queue(office, shandong), await queue(office, gansu)) == ([], [report])
    assert (await resolve(office, report, "void", shandong, cause="not_paid")).status == 403
    county = office.client.speaking_as(Role.OFFICER, regions=("622427",))
    assert (await resolve(office, report, "void", county, cause="not_paid")).status == 403
    assert (await resolve(office, report, "void", gansu, cause="not_paid")).status == 200
    assert [(one.outcome, one.to_province) for one in await office.published(OrphanResolved)] == [("forwarded", "620000"), ("voided", None)]


async def test_the_queue_shows_how_long_it_has_been_waiting(office: Office) -> None:
    _, old = await orphaned(office)
    office.today = date(2018, 8, 1)
    _, new = await orphaned(office)
    assert (await queue(office), await queue(office, older_than_days=30)) == ([old, new], [old])
    ageing = (await office.get("/orphans/ageing")).body
    assert (ageing["reports"], ageing["oldest_days"]) == (2, 42)
    assert [(one["from_days"], one["to_days"], one["reports"]) for one in ageing["bands"]] == [(0, 30, 1), (31, 90, 1), (91, None, 0)]
    gansu = office.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await office.get("/orphans/ageing", who=gansu)).body["reports"] == 0


async def test_only_officers_work_off_orphans(office: Office) -> None:
    void, report = await orphaned(office)
    for who in (office.enterprise(), office.client.speaking_as(Role.CLERK), office.client.speaking_as(Role.AUDITOR)):
        for step, body in (("void", {"cause": "not_paid"}), ("forwarding", {"province": "620000"})):
            assert (await resolve(office, report, step, who, **body)).status == 403
    assert (await resolve(office, str(new_id()), "void", cause="not_paid")).code == "REPORT_NOT_FOUND"
    counting = (await office.report(await office.abroad())).body["report"]
    assert (await resolve(office, counting, "void", cause="not_paid")).code == "REPORT_NOT_FOUND"
    assert await queue(office) == [report]
    assert void.placement
