"""The public register of enterprises, contracts that end, and the roll-call of a country."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events import WorkerSuspended
from shared.principals import Role
from shared.reference import origin
from shared.values import WorkerId
from tests.support.docking import POOR_COUNTY, RICH_COUNTY, AWorker, Dock, dock
from tests.support.merges import merged

__all__ = ["dock"]


# --- the public register ------------------------------------------------------------------------------------------------------
async def test_anybody_looks_up_who_may_send_workers_where(dock: Dock) -> None:
    anybody = dock.client.speaking_as(Role.PUBLIC, regions=())
    everywhere = await dock.enterprise(licence_no="LW370020150901")
    japan = await dock.enterprise(licence_no="LW370020150902", destinations=["JPN"], reserve=0)
    korea = await dock.enterprise(licence_no="LW370020150903", destinations=["KOR"], valid_to="2018-03-05")
    await dock.post(f"/enterprises/{japan}/suspension", {"reason": "breach"})

    async def register(**query: Any) -> list[dict[str, Any]]:
        answer = await dock.get("/public/enterprises", who=anybody, **query)
        assert answer.status == 200, answer.body
        return list(answer.body["items"])

    assert [one["enterprise"] for one in await register()] == [everywhere, japan, korea]
    assert [one["enterprise"] for one in await register(destination="JPN")] == [everywhere, japan]
    assert [one["enterprise"] for one in await register(state="suspended")] == [japan]
    (found,) = await register(licence_no="LW370020150902")
    assert (found["state"], found["suspended_for"], found["reserve_sufficient"]) == ("suspended", ["breach"], False)
    assert found.keys().isdisjoint({"reserve", "version", "warnings"})
    assert (await register(licence_no="LW370020150901"))[0]["reserve_sufficient"] is True
    dock.wait(10)
    (ended,) = await register(licence_no="LW370020150903")
    assert (ended["state"], ended["since"]) == ("expired", "2018-03-06"), "also before the sweep has come"
    assert [one["enterprise"] for one in await register(state="expired")] == [korea]
    assert [one["enterprise"] for one in await register(state="active")] == [everywhere]
    first = (await dock.get("/public/enterprises", who=anybody, limit=2)).body
    rest = (await dock.get("/public/enterprises", who=anybody, limit=2, after=first["next"])).body
    assert [one["enterprise"] for one in [*first["items"], *rest["items"]]] == [everywhere, japan, korea]
    assert rest["next"] is None


@pytest.mark.parametrize("query", [{"licence_no": "LW1"}, {"destination": "XXX"}, {"destination": "jp"}, {"state": "closed"}, {"limit": 0}])
async def test_a_question_to_the_register_that_makes_no_sense_is_refused(dock: Dock, query: dict[str, Any]) -> None:
    anybody = dock.client.speaking_as(Role.PUBLIC, regions=())
    assert (await dock.get("/public/enterprises", who=anybody, **query)).status == 422
    assert (await dock.get("/enterprises", who=anybody)).status == 403


# --- contracts that end -------------------------------------------------------------------------------------------------------
async def test_contracts_that_end_are_listed_by_those_they_concern(dock: Dock) -> None:
    order = await dock.order(positions=4)
    gone = [await dock.departed(order) for _ in range(2)]
    other = await dock.departed(worker=await dock.worker(AWorker(county=POOR_COUNTY)))
    home = await dock.departed(order)
    await dock.returned(home)
    end = date.fromisoformat(gone[0]["contract"]["end"])

    async def ending(days: int, **query: Any) -> tuple[list[str], dict[str, int]]:
        body = (await dock.get("/placements/ending", days=days, **query)).body
        return [one["placement"] for one in body["items"]], body["contracts"]

    all_three = [gone[0]["placement"], gone[1]["placement"], other["placement"]]
    dock.today = end - timedelta(days=91)
    assert await ending(90) == ([], {"overdue": 0, "in_30": 0, "in_60": 0, "in_90": 0})
    dock.today = end - timedelta(days=60)
    assert await ending(59) == ([], {"overdue": 0, "in_30": 0, "in_60": 3, "in_90": 3})
    assert (await ending(60))[0] == all_three
    dock.today = end
    assert await ending(0) == (all_three, {"overdue": 0, "in_30": 3, "in_60": 3, "in_90": 3})
    dock.today = end + timedelta(days=1)
    assert await ending(30) == (all_three, {"overdue": 3, "in_30": 0, "in_60": 0, "in_90": 0}), "abroad without a contract"
    own = dock.client.speaking_as(Role.ENTERPRISE, party=other["enterprise"])
    assert await ending(30, who=own) == ([other["placement"]], {"overdue": 1, "in_30": 0, "in_60": 0, "in_90": 0})
    gansu = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert (await ending(30, who=gansu))[0] == [other["placement"]]
    first = (await dock.get("/placements/ending", limit=2)).body
    assert [one["placement"] for one in first["items"]] == all_three[:2]
    assert (await dock.get("/placements/ending", limit=2, after=first["next"])).body["next"] is None
    assert (await dock.get("/placements/ending", days=91)).status == 422


async def test_the_contract_that_ends_first_comes_first_whoever_was_placed_first(dock: Dock) -> None:
    longer, shorter = await dock.departed(), await dock.departed()
    end = date.fromisoformat(longer["contract"]["end"])
    extended = await dock.post(f"/placements/{longer['placement']}/extension", {"end": (end + timedelta(days=20)).isoformat()})
    assert extended.status == 201
    dock.today = end
    first = (await dock.get("/placements/ending", limit=1)).body
    second = (await dock.get("/placements/ending", limit=1, after=first["next"])).body
    assert [(one["items"][0]["placement"], one["items"][0]["ends_on"]) for one in (first, second)] == [
        (shorter["placement"], end.isoformat()),
        (longer["placement"], (end + timedelta(days=20)).isoformat()),
    ]


# --- roll-call ----------------------------------------------------------------------------------------------------------------
async def test_the_roll_of_a_country_names_everyone_who_is_there(dock: Dock) -> None:
    order = await dock.order(positions=5)
    there, moved, home, voided, cleared = [await dock.departed(order) for _ in range(4)] + [await dock.cleared(order)]
    poor = await dock.departed(worker=await dock.worker(AWorker(county=POOR_COUNTY)))
    await dock.post(f"/placements/{moved['placement']}/departure/correction", {"reason": "mistyped", "destination": "SGP"})
    await dock.returned(home)
    await dock.post(f"/placements/{voided['placement']}/departure/void", {"reason": "not_departed"})

    async def roll(destination: str, **query: Any) -> tuple[list[str], int]:
        body = (await dock.get(f"/roll-call/{destination}", **query)).body
        return [one["placement"] for one in body["items"]], body["total"]

    assert await roll("JPN") == ([there["placement"], poor["placement"]], 2)
    assert await roll("SGP") == ([moved["placement"]], 1)
    assert await roll("KOR") == ([], 0)
    assert cleared["state"] == "cleared"
    (row,) = (await dock.get("/roll-call/JPN", enterprise=there["enterprise"])).body["items"]
    assert (row["worker"], row["departed_on"], row["contract_end"]) == (
        there["worker"],
        there["dispatch"]["departed_on"],
        there["contract"]["end"],
    )
    gansu = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert await roll("JPN", who=gansu) == ([poor["placement"]], 1)
    own = dock.client.speaking_as(Role.ENTERPRISE, party=poor["enterprise"])
    assert await roll("JPN", who=own, enterprise=there["enterprise"]) == ([poor["placement"]], 1), "an enterprise calls its own roll"
    assert await roll("JPN", who=dock.client.speaking_as(Role.ENTERPRISE, party=uuid4())) == ([], 0)
    first = (await dock.get("/roll-call/JPN", limit=1)).body
    assert (first["total"], first["items"][0]["placement"]) == (2, there["placement"])
    assert (await dock.get("/roll-call/JPN", limit=1, after=first["next"])).body["next"] is None
    for nowhere in ("XXX", "CHN", "jpn"):
        assert (await dock.get(f"/roll-call/{nowhere}")).status == 422


async def test_whoever_is_abroad_is_on_the_roll_and_ends_a_contract_whatever_was_suspended_stopped_or_merged(dock: Dock) -> None:
    suspended, stopped = await dock.departed(), await dock.departed()
    absorbed, survivor = await dock.worker(), await dock.worker(AWorker(county=POOR_COUNTY))
    merged_into = await dock.departed(worker=absorbed)
    await dock.post(f"/enterprises/{suspended['enterprise']}/suspension", {"reason": "breach"})
    plan = {"filing_no": "E9-1", "home_by": "2030-01-01"}
    assert (await dock.post(f"/enterprises/{stopped['enterprise']}/stop", {"plan": plan})).status == 200
    held = WorkerSuspended(
        worker=WorkerId(UUID(suspended["worker"])),
        origin=origin(RICH_COUNTY, dock.today),
        reason="under_investigation",
        ends_willingness=False,
        effective=dock.today,
    )
    await dock.consume(held, merged(absorbed, survivor, dock.today))
    await dock.sweep()
    rows = (await dock.get("/roll-call/JPN")).body
    assert rows["total"] == 3
    assert {one["placement"]: one["worker"] for one in rows["items"]} == {
        suspended["placement"]: suspended["worker"],
        stopped["placement"]: stopped["worker"],
        merged_into["placement"]: str(survivor),
    }
    dock.today = date.fromisoformat(suspended["contract"]["end"])
    ending = (await dock.get("/placements/ending", days=30)).body
    assert ending["contracts"] == {"overdue": 0, "in_30": 3, "in_60": 3, "in_90": 3}
    gansu = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert [one["placement"] for one in (await dock.get("/roll-call/JPN", who=gansu)).body["items"]] == [merged_into["placement"]]
    assert [one["worker"] for one in (await dock.get("/placements/ending", who=gansu)).body["items"]] == [str(survivor)]
