"""The scorecard of an enterprise: what it counts, over which days, and who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.events import (
    CaseClosed,
    CaseDeadlineMissed,
    CaseOpened,
    CaseReopened,
    WageShortfallCleared,
    WageShortfallDetected,
)
from shared.principals import Role
from shared.reference import origin
from shared.values import CaseId, EnterpriseId, PlacementId, WorkerId, new_id
from tests.support.docking import RICH_COUNTY, Dock, a_contract, dock, yen
from tests.support.recording import noon

__all__ = ["dock"]


async def _scores(dock: Dock, enterprise: str, **query: Any) -> dict[str, tuple[int | None, int | None]]:
    answer = await dock.get(f"/enterprises/{enterprise}/scorecard", **query)
    assert answer.status == 200, answer.body
    return {name: (one["value"], one["of"]) for name, one in answer.body["scores"].items()}


def _codes(dock: Dock, enterprise: str, case: CaseId, **changes: Any) -> dict[str, Any]:
    about = {"case": case, "category": "wages", "enterprise": EnterpriseId(UUID(enterprise)), "blocking": False, "effective": dock.today}
    return {**about, "placement": None, "origin": None, "destination": None, **changes}


async def _opened(dock: Dock, enterprise: str, via: str = "worker") -> CaseId:
    case = CaseId(new_id())
    fields = {"severity": "normal", "via": via, "due_at": noon(dock.today)}
    await dock.consume(CaseOpened.model_validate({**_codes(dock, enterprise, case), **fields}))
    return case


def _finding(dock: Dock, placement: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "placement": PlacementId(UUID(placement["placement"])),
        "worker": WorkerId(UUID(placement["worker"])),
        "enterprise": placement["enterprise"],
        "origin": origin(RICH_COUNTY, dock.today),
        "destination": "JPN",
        "occupation": "7112",
        "channel": "labour_cooperation",
        "effective": dock.today,
        "period": "2018-03",
        "kind": kind,
        "rule_version": "1",
        **dict.fromkeys(("expected", "paid", "shortfall", "recovered"), yen(5)),
    }


async def test_orders_departures_and_returns_are_scored(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=4, expires="2019-12-31")
    placements = []
    for days in (2, 4, 30):
        matched = await dock.prepared(await dock.matched(order))
        dock.wait(days)
        await dock.certificate(matched)
        await dock.requested(matched)
        body = {"departed_on": dock.today.isoformat(), "port": "CNTAO", "visa": "work", "evidence": "exit_stamp"}
        placements.append((await dock.post(f"/placements/{matched['placement']}/departure", body)).body)
    for placement, reason in zip(placements, ("completed", "terminated", "distress"), strict=True):
        await dock.post(f"/placements/{placement['placement']}/return", {"returned_on": dock.today.isoformat(), "reason": reason})
    found = await _scores(dock, enterprise)
    assert (found["fill_rate"], found["days_to_dispatch"], found["days_to_dispatch_90"]) == ((3, 4), (4, None), (30, None))
    assert (found["early_returns"], found["distress_returns"], found["deaths"]) == ((1, 3), (1, 3), (0, 3))
    assert found["reserve"] == (300_000_000, 300_000_000)
    await dock.post(f"/placements/{placements[1]['placement']}/departure/void", {"reason": "not_departed"})
    assert (await _scores(dock, enterprise))["early_returns"] == (0, 2)


async def test_workers_taken_over_are_no_merit_of_the_enterprise(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    row = {
        "worker": str(await dock.worker()),
        "enterprise": enterprise,
        "destination": "JPN",
        "occupation": "7112",
        "channel": "labour_cooperation",
        "departed_on": dock.today.isoformat(),
        "port": "CNTAO",
        "contract": a_contract(dock.today),
    }
    assert (await dock.post("/placements/adoption", {"rows": [row]})).body["accepted"] == 1
    found = await _scores(dock, enterprise)
    assert (found["fill_rate"], found["days_to_dispatch"]) == ((0, 0), (None, None))


async def test_complaints_are_counted_as_rights_publishes_them(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    upheld, unfounded, late, _ = [await _opened(dock, enterprise) for _ in range(4)]
    await _opened(dock, enterprise, via="rule")
    await _opened(dock, other)
    for case, outcome in ((upheld, "settled"), (unfounded, "unfounded")):
        await dock.consume(CaseClosed.model_validate({**_codes(dock, enterprise, case), "outcome": outcome}))
    await dock.consume(CaseDeadlineMissed.model_validate({**_codes(dock, enterprise, late), "due_at": noon(dock.today)}))
    found = await _scores(dock, enterprise)
    assert (found["complaints"], found["complaints_open"]) == ((3, 0), (2, 3))
    assert (found["complaints_unfounded"], found["complaints_overdue"]) == ((1, 4), (1, 4))
    days = {"opened_on": dock.today, "closed_on": dock.today, "ground": "term"}
    await dock.consume(CaseReopened.model_validate({**_codes(dock, enterprise, unfounded), **days}))
    assert (await _scores(dock, enterprise))["complaints_open"] == (3, 4)
    await dock.consume(CaseClosed.model_validate({**_codes(dock, enterprise, CaseId(new_id())), "outcome": "settled"}))
    assert (await _scores(dock, enterprise))["complaints"] == (4, 0), "a case opened before docking counted them"


async def test_a_shortfall_counts_once_and_is_open_again_when_it_is_found_again(dock: Dock) -> None:
    placement = await dock.departed()
    enterprise = placement["enterprise"]
    for kind in ("short", "late", "short"):
        await dock.consume(WageShortfallDetected.model_validate(_finding(dock, placement, kind)))
    assert (await _scores(dock, enterprise))["shortfalls"] == (2, 1)
    await dock.consume(WageShortfallCleared.model_validate(_finding(dock, placement, "short")))
    assert (await _scores(dock, enterprise))["shortfalls_cleared"] == (1, 2)
    await dock.consume(WageShortfallDetected.model_validate(_finding(dock, placement, "short")))
    assert (await _scores(dock, enterprise))["shortfalls_cleared"] == (0, 2)


async def test_draws_and_suspensions_are_counted_within_the_days_asked_for(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    first = dock.today
    draw = {"amount": {"minor": 500, "currency": "CNY"}, "use": "wages", "case": str(uuid4())}
    await dock.post(f"/enterprises/{enterprise}/reserve/draw", draw)
    dock.wait(10)
    await dock.post(f"/enterprises/{enterprise}/reserve/draw", draw)
    await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "breach"})
    dock.wait(2)
    await dock.post(f"/enterprises/{enterprise}/reinstatement", {"reason": "breach"})
    await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "incident"})
    found = await _scores(dock, enterprise)
    assert (found["reserve_draws"], found["reserve_drawn"], found["suspensions"]) == ((2, None), (1000, None), (2, None))
    assert found["reserve"] == (299_999_000, 300_000_000)
    early = await _scores(dock, enterprise, until=(first + timedelta(days=9)).isoformat())
    assert (early["reserve_draws"], early["suspensions"]) == ((1, None), (0, None))
    later = await _scores(dock, enterprise, since=(first + timedelta(days=11)).isoformat())
    assert (later["reserve_draws"], later["suspensions"]) == ((0, None), (1, None))


async def test_a_scorecard_is_shown_with_its_definitions_to_the_enterprise_its_authority_and_auditors(dock: Dock) -> None:
    enterprise = await dock.enterprise(seat="370102")
    path = f"/enterprises/{enterprise}/scorecard"
    body = (await dock.get(path)).body
    assert (body["enterprise"], body["since"], body["until"]) == (enterprise, "1990-01-01", dock.today.isoformat())
    assert all(one["definition"].endswith((".", ")")) and one["unit"] for one in body["scores"].values())
    gansu = dock.client.speaking_as(Role.OFFICER, regions=("620000",))
    shandong = dock.client.speaking_as(Role.AUDITOR, regions=("370000",))
    statuses = [
        (await dock.get(path, who=who)).status
        for who in (
            dock.client.speaking_as(Role.ENTERPRISE, party=enterprise),
            shandong,
            dock.client.speaking_as(Role.ENTERPRISE, party=uuid4()),
            gansu,
            dock.client.speaking_as(Role.PUBLIC),
        )
    ]
    assert statuses == [200, 200, 403, 403, 403]
    backwards = await dock.get(path, since="2018-03-02", until="2018-03-01")
    assert (backwards.status, backwards.code, backwards.body["errors"][0]["field"]) == (422, "ENDS_BEFORE_START", "until")
    assert (await dock.get(f"/enterprises/{uuid4()}/scorecard")).code == "ENTERPRISE_NOT_FOUND"
