"""Docking fairs: intentions by county and enterprise, and how many of them became matches."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.events import (
    DockingFairCorrected,
    DockingFairHeld,
    DockingFairVoided,
    IntentionCorrected,
    IntentionMatched,
    IntentionRecorded,
    IntentionReleased,
    IntentionVoided,
    MatchedToEnterprise,
)
from shared.principals import Role
from tests.support.docking import POOR_COUNTY, RICH_COUNTY, AWorker, Dock, a_contract, dock

__all__ = ["dock"]

OTHER_COUNTY = "621125"


async def _fair(dock: Dock, *enterprises: str, **changes: Any) -> str:
    body = {
        "name": "Dingxi docking fair",
        "county": POOR_COUNTY,
        "held_on": dock.today.isoformat(),
        "counties": [POOR_COUNTY, OTHER_COUNTY],
        "enterprises": list(enterprises),
        **changes,
    }
    answer = await dock.post("/fairs", body)
    assert answer.status == 201, answer.body
    return str(answer.body["fair"])


async def _intends(dock: Dock, fair: str, enterprise: str, headcount: int, **changes: Any) -> str:
    body = {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": headcount, **changes}
    answer = await dock.post(f"/fairs/{fair}/intentions", body)
    assert answer.status == 201, answer.body
    return str(answer.body["intention"])


async def _matched(dock: Dock, intention: str) -> int:
    return int((await dock.get(f"/intentions/{intention}")).body["matched"])


async def _match(dock: Dock, order: str, county: str = POOR_COUNTY) -> dict[str, Any]:
    return await dock.matched(order, await dock.worker(AWorker(county=county)))  # type: ignore[arg-type]


async def _cancel(dock: Dock, placement: dict[str, Any]) -> None:
    answer = await dock.post(f"/placements/{placement['placement']}/cancellation", {"reason": "worker"})
    assert answer.status == 200, answer.body


async def test_matches_of_the_county_with_the_enterprise_meet_its_intention_up_to_the_headcount(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    fair = await _fair(dock, enterprise, other)
    intention = await _intends(dock, fair, enterprise, 2, destination="JPN", occupation="7112")
    order, elsewhere = await dock.order(enterprise, positions=9), await dock.order(other, positions=9)
    await _match(dock, order, RICH_COUNTY)
    await _match(dock, elsewhere)
    assert await _matched(dock, intention) == 0, "another county, another enterprise"
    placements = [await _match(dock, order) for _ in range(3)]
    assert await _matched(dock, intention) == 2
    (held,) = await dock.published(DockingFairHeld)
    assert (str(held.fair), held.county, held.effective) == (fair, POOR_COUNTY, dock.today)
    (recorded,) = await dock.published(IntentionRecorded)
    fact = recorded.fact
    assert (fact.headcount, fact.origin.county, fact.origin.designation, fact.destination) == (2, POOR_COUNTY, "national", "JPN")
    met = await dock.published(IntentionMatched)
    assert [str(one.placement) for one in met] == [one["placement"] for one in placements[:2]]
    assert all(one.fact == fact and str(one.intention) == intention for one in met)


async def test_a_cancelled_match_gives_its_place_to_the_next_who_came(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 1)
    order = await dock.order(enterprise, positions=9)
    first, second, third = [await _match(dock, order) for _ in range(3)]
    await _cancel(dock, second)
    assert await dock.published(IntentionReleased) == [], "it was not counted"
    await _cancel(dock, first)
    (released,) = await dock.published(IntentionReleased)
    assert str(released.placement) == first["placement"]
    assert [str(one.placement) for one in await dock.published(IntentionMatched)] == [first["placement"], third["placement"]]
    await _cancel(dock, third)
    assert await _matched(dock, intention) == 0


async def test_a_declined_match_and_one_that_expires_give_the_intention_back(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    order = await dock.order(enterprise, positions=9)
    proposed = await dock.proposed(order, await dock.worker(AWorker(county=POOR_COUNTY)))
    await dock.post(f"/matches/{proposed}/acceptance")
    await _match(dock, order)
    assert await _matched(dock, intention) == 2
    await dock.post(f"/matches/{proposed}/decline", {"side": "worker"})
    assert await _matched(dock, intention) == 1
    dock.wait(60)
    await dock.sweep()
    assert await _matched(dock, intention) == 0
    assert len(await dock.published(IntentionReleased)) == 2


async def test_a_departure_that_never_was_gives_the_intention_back(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    placement = await dock.departed(await dock.order(enterprise), await dock.worker(AWorker(county=POOR_COUNTY)))
    assert await _matched(dock, intention) == 1
    await dock.post(f"/placements/{placement['placement']}/departure/void", {"reason": "not_departed"})
    assert await _matched(dock, intention) == 0


async def test_matches_count_for_a_year_and_from_the_day_of_the_fair_also_when_it_is_entered_late(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=9, expires="2030-01-01")
    dock.wait(-1)
    await _match(dock, order)
    dock.wait(1)
    on_the_day = await _match(dock, order)
    held_on = dock.today
    dock.wait(10)
    intention = await _intends(dock, await _fair(dock, enterprise, held_on=held_on.isoformat()), enterprise, 9)
    (met,) = await dock.published(IntentionMatched)
    assert (str(met.placement), met.effective) == (on_the_day["placement"], held_on)
    dock.today = held_on + timedelta(days=365)
    await _match(dock, order)
    dock.wait(1)
    await _match(dock, order)
    assert await _matched(dock, intention) == 2


async def test_a_match_counts_once_against_the_earliest_fair_that_has_room(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    earlier = await _intends(dock, await _fair(dock, enterprise), enterprise, 1)
    dock.wait(30)
    later = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    order = await dock.order(enterprise, positions=9)
    first, _ = await _match(dock, order), await _match(dock, order)
    assert [await _matched(dock, one) for one in (earlier, later)] == [1, 1]
    await _cancel(dock, first)
    await _match(dock, order)
    assert [await _matched(dock, one) for one in (earlier, later)] == [1, 1]


async def test_a_correction_carries_what_was_and_releases_the_last_beyond_the_headcount(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    order = await dock.order(enterprise, positions=9)
    placements = [await _match(dock, order) for _ in range(3)]
    answer = await dock.post(
        f"/intentions/{intention}/correction", {"reason": "misreported", "headcount": 1, "destination": "SGP", "version": 1}
    )
    assert (answer.status, answer.body["matched"], answer.body["version"]) == (200, 1, 2)
    (corrected,) = await dock.published(IntentionCorrected)
    assert (corrected.previous.headcount, corrected.fact.headcount, corrected.matched, corrected.reason) == (5, 1, 3, "misreported")
    released = await dock.published(IntentionReleased)
    assert [str(one.placement) for one in released] == [one["placement"] for one in placements[1:]]
    assert {one.fact.destination for one in released} == {"SGP"}, "they had moved with the correction"
    await dock.post(f"/intentions/{intention}/correction", {"reason": "mistyped", "headcount": 3})
    assert await _matched(dock, intention) == 3


async def test_an_intention_of_another_county_after_all_counts_the_matches_of_that_county(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise, other), enterprise, 5)
    order, elsewhere = await dock.order(enterprise, positions=9), await dock.order(other, positions=9)
    for target, county in ((order, POOR_COUNTY), (order, POOR_COUNTY), (order, OTHER_COUNTY), (elsewhere, OTHER_COUNTY)):
        await _match(dock, target, county)
    await dock.post(f"/intentions/{intention}/correction", {"reason": "mistyped", "county": OTHER_COUNTY})
    assert await _matched(dock, intention) == 1
    assert len(await dock.published(IntentionReleased)) == 2
    assert (await dock.published(IntentionCorrected))[0].matched == 0
    answer = await dock.post(f"/intentions/{intention}/correction", {"reason": "mistyped", "enterprise": other})
    assert (answer.body["matched"], len(await dock.published(IntentionReleased))) == (1, 3)


async def test_a_voided_intention_leaves_its_matches_to_another(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    first = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    second = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    await _match(dock, await dock.order(enterprise))
    assert [await _matched(dock, one) for one in (first, second)] == [1, 0]
    answer = await dock.post(f"/intentions/{first}/void", {"reason": "duplicate"})
    assert (answer.body["state"], answer.body["matched"], await _matched(dock, second)) == ("voided", 0, 1)
    (voided,) = await dock.published(IntentionVoided)
    assert (voided.previous.headcount, voided.reason) == (5, "duplicate")
    for path, body in (("void", {"reason": "mistaken"}), ("correction", {"reason": "mistyped", "headcount": 9})):
        again = await dock.post(f"/intentions/{first}/{path}", body)
        assert (again.status, again.code, again.body["state"]) == (409, "INTENTION_VOIDED", "voided")


async def test_matches_accepted_at_once_never_exceed_the_headcount(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 3)
    orders = [await dock.order(enterprise, positions=2) for _ in range(4)]
    proposed = [await dock.proposed(order, await dock.worker(AWorker(county=POOR_COUNTY))) for order in orders for _ in range(2)]
    answers = await asyncio.gather(*(dock.post(f"/matches/{one}/acceptance") for one in proposed))
    assert {answer.status for answer in answers} == {201}
    assert await _matched(dock, intention) == 3
    placements = [answer.body["placement"] for answer in answers]
    await asyncio.gather(*(dock.post(f"/placements/{one}/cancellation", {"reason": "worker"}) for one in placements[:6]))
    assert await _matched(dock, intention) == 2
    met, released = await dock.published(IntentionMatched), await dock.published(IntentionReleased)
    assert len(met) - len(released) == 2
    assert len(await dock.published(MatchedToEnterprise)) == 8


async def test_an_intention_is_recorded_once_and_for_those_who_took_part(dock: Dock) -> None:
    enterprise, absent = await dock.enterprise(), await dock.enterprise()
    fair = await _fair(dock, enterprise)
    intention = await _intends(dock, fair, enterprise, 5)
    again = await dock.post(f"/fairs/{fair}/intentions", {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": 7})
    assert (again.status, again.code, again.body["state"]) == (409, "INTENTION_TAKEN", {"intention": intention})
    other = await _intends(dock, fair, enterprise, 7, destination="SGP")
    clash = await dock.post(f"/intentions/{intention}/correction", {"reason": "mistyped", "destination": "SGP"})
    assert (clash.code, clash.body["state"]) == ("INTENTION_TAKEN", {"intention": other})
    for changes, field in (({"county": RICH_COUNTY}, "county"), ({"enterprise": absent}, "enterprise")):
        body = {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": 7, **changes}
        refused = await dock.post(f"/fairs/{fair}/intentions", body)
        assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (422, "NOT_AT_FAIR", field)
    assert len(await dock.published(IntentionRecorded)) == 2


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"held_on": "2018-03-02"}, "FUTURE_DAY", "held_on"),
        ({"held_on": "1919-03-02"}, None, "held_on"),
        ({"county": None}, "PLACE_MISSING", "place"),
        ({"counties": []}, None, "counties"),
        ({"enterprises": []}, None, "enterprises"),
        ({"enterprises": [str(uuid4())]}, "ENTERPRISE_NOT_FOUND", "enterprises.0"),
        ({"name": "a\u0000b"}, None, "name"),
    ],
)
async def test_a_fair_that_cannot_have_been_is_refused_naming_the_field(
    dock: Dock, changes: dict[str, Any], code: str | None, field: str
) -> None:
    body = {
        "name": "Dingxi docking fair",
        "county": POOR_COUNTY,
        "held_on": dock.today.isoformat(),
        "counties": [POOR_COUNTY],
        "enterprises": [await dock.enterprise()],
        **changes,
    }
    answer = await dock.post("/fairs", body)
    assert answer.status in (404, 422), answer.body
    assert answer.body["errors"][0]["field"] == field
    assert code is None or answer.code == code
    assert await dock.published(DockingFairHeld) == []


async def test_fairs_and_intentions_are_entered_by_the_authority_of_their_county_and_read_by_all_who_mediate(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    fair = await _fair(dock, enterprise)
    body = {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": 7}
    shandong, gansu = [dock.client.speaking_as(Role.CLERK, regions=(region,)) for region in ("370000", "620000")]
    assert (await dock.post(f"/fairs/{fair}/intentions", body, who=shandong)).status == 403
    assert (
        await dock.post(f"/fairs/{fair}/intentions", body, who=dock.client.speaking_as(Role.ENTERPRISE, party=enterprise))
    ).status == 403
    intention = (await dock.post(f"/fairs/{fair}/intentions", body, who=gansu)).body["intention"]
    assert (await dock.post(f"/intentions/{intention}/void", {"reason": "mistaken"}, who=shandong)).status == 403
    held = {"name": "A", "county": POOR_COUNTY, "held_on": "2018-03-01", "counties": [POOR_COUNTY], "enterprises": [enterprise]}
    officer = dock.client.speaking_as(Role.OFFICER, regions=("370000",))
    assert (await dock.post("/fairs", held, who=officer)).status == 403
    assert (await dock.post("/fairs", {**held, "county": None, "place": "Tokyo"}, who=officer)).status == 403
    assert [one["fair"] for one in (await dock.get("/fairs", county=OTHER_COUNTY, who=shandong)).body["items"]] == [fair]
    assert (await dock.get("/fairs", county=RICH_COUNTY)).body["items"] == []
    own, other = [dock.client.speaking_as(Role.ENTERPRISE, party=party) for party in (enterprise, uuid4())]
    assert [one["intention"] for one in (await dock.get("/intentions", who=own)).body["items"]] == [intention]
    assert (await dock.get("/intentions", fair=fair, who=other)).body["items"] == []
    assert (await dock.get("/intentions", enterprise=enterprise, who=other)).status == 403
    listed = (await dock.get("/intentions", fair=fair, county=POOR_COUNTY, enterprise=enterprise)).body["items"]
    assert [(one["intention"], one["headcount"], one["matched"]) for one in listed] == [(intention, 7, 0)]
    history = (await dock.get(f"/intentions/{intention}/history")).body["items"]
    assert [one["type"] for one in history] == ["IntentionRecorded"]
    assert [one["type"] for one in (await dock.get(f"/fairs/{fair}/history")).body["items"]] == ["DockingFairHeld"]
    assert (await dock.get(f"/fairs/{uuid4()}")).code == "FAIR_NOT_FOUND"
    assert (await dock.get(f"/intentions/{uuid4()}")).code == "INTENTION_NOT_FOUND"


async def test_a_contract_filed_later_changes_nothing_of_what_is_counted(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    intention = await _intends(dock, await _fair(dock, enterprise), enterprise, 5)
    placement = await _match(dock, await dock.order(enterprise))
    await dock.post(f"/placements/{placement['placement']}/contract", a_contract(dock.today))
    assert await _matched(dock, intention) == 1


async def test_field_case_f15_a_fair_entered_with_a_wrong_day_is_put_right_and_its_intentions_follow(dock: Dock) -> None:
    """A typing error stays for nobody: the matches that count are those of the right days."""
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=9, expires="2030-01-01")
    before = await _match(dock, order)
    dock.wait(10)
    after = await _match(dock, order)
    fair = await _fair(dock, enterprise, held_on="2018-03-11")
    intention = await _intends(dock, fair, enterprise, 5)
    assert [str(one.placement) for one in await dock.published(IntentionMatched)] == [after["placement"]]
    answer = await dock.post(
        f"/fairs/{fair}/correction", {"reason": "mistyped", "held_on": "2018-03-01", "name": "Longxi fair", "version": 1}
    )
    assert (answer.status, answer.body["held_on"], answer.body["version"]) == (200, "2018-03-01", 2)
    (corrected,) = await dock.published(DockingFairCorrected)
    assert (corrected.previous.held_on.isoformat(), corrected.fact.held_on.isoformat()) == ("2018-03-11", "2018-03-01")
    (moved,) = await dock.published(IntentionCorrected)
    assert (corrected.reason, moved.reason) == ("mistyped", "fair_corrected")
    assert (moved.previous.held_on.isoformat(), moved.fact.held_on.isoformat(), moved.matched) == ("2018-03-11", "2018-03-01", 1)
    assert await _matched(dock, intention) == 2
    await dock.post(f"/fairs/{fair}/correction", {"reason": "mistyped", "held_on": "2018-03-05"})
    assert [str(one.placement) for one in await dock.published(IntentionReleased)] == [before["placement"]]
    assert await _matched(dock, intention) == 1
    shown = (await dock.get(f"/intentions/{intention}")).body
    assert (shown["held_on"], shown["version"]) == ("2018-03-05", 3)


async def test_who_has_recorded_an_intention_is_not_left_out_of_the_fair(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    fair = await _fair(dock, enterprise, other)
    intention = await _intends(dock, fair, enterprise, 5)
    for changes in ({"counties": [OTHER_COUNTY]}, {"enterprises": [other]}):
        refused = await dock.post(f"/fairs/{fair}/correction", {"reason": "mistyped", **changes})
        assert (refused.status, refused.code, refused.body["state"]) == (409, "INTENTIONS_RECORDED", {"intention": intention})
    wrong: list[tuple[dict[str, Any], str | None]] = [
        ({"held_on": "2018-03-02"}, "FUTURE_DAY"),
        ({}, "NOTHING_TO_CORRECT"),
        ({"enterprises": [str(uuid4())]}, None),
    ]
    for body, code in wrong:
        refused = await dock.post(f"/fairs/{fair}/correction", {"reason": "mistyped", **body})
        assert refused.status in (404, 422)
        assert code is None or refused.code == code
    wider = await dock.post(f"/fairs/{fair}/correction", {"reason": "mistyped", "counties": [POOR_COUNTY, RICH_COUNTY]})
    assert wider.body["counties"] == [POOR_COUNTY, RICH_COUNTY]
    assert await dock.published(IntentionCorrected) == []
    stranger = dock.client.speaking_as(Role.OFFICER, regions=("370000",))
    assert (await dock.post(f"/fairs/{fair}/correction", {"reason": "mistyped", "name": "Mine"}, who=stranger)).status == 403


async def test_a_fair_that_never_was_is_voided_once_nothing_is_recorded_at_it(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    fair = await _fair(dock, enterprise)
    intention = await _intends(dock, fair, enterprise, 5)
    refused = await dock.post(f"/fairs/{fair}/void", {"reason": "duplicate"})
    assert (refused.status, refused.code, refused.body["state"]) == (409, "INTENTIONS_RECORDED", {"intention": intention})
    await dock.post(f"/intentions/{intention}/void", {"reason": "mistaken"})
    answer = await dock.post(f"/fairs/{fair}/void", {"reason": "duplicate"})
    assert (answer.status, answer.body["voided"]) == (200, "duplicate")
    (voided,) = await dock.published(DockingFairVoided)
    assert (str(voided.fair), voided.reason, voided.previous.held_on) == (fair, "duplicate", dock.today)
    body = {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": 7}
    for path, command in ((f"/fairs/{fair}/intentions", body), (f"/fairs/{fair}/void", {"reason": "mistaken"})):
        late = await dock.post(path, command)
        assert (late.status, late.code, late.body["state"]) == (409, "FAIR_VOIDED", "duplicate")
    assert (await dock.post(f"/fairs/{uuid4()}/void", {"reason": "mistaken"})).code == "FAIR_NOT_FOUND"
