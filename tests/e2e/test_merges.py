"""One person under two numbers, through five processes: found, merged, and counted once from then on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from console.api_client import ApiClient, wait_until_all_applied
from shared.principals import Role
from tests.support import journey, recount
from tests.support.journey import MATCHED, WAGE, RunningStack, Venture, a_person, label

pytestmark = pytest.mark.compose

CLOSED, MERGED = date(2019, 2, 1), date(2019, 2, 15)


async def figure(client: ApiClient, name: str, year: str = "2018") -> int:
    answer = await client.as_role(Role.AUDITOR).get("stats", f"/figures/{name}?by=year")
    return sum(point["value"] for point in answer["points"] if point["of"]["year"] == year)


async def willing_at_the_end_of(client: ApiClient, year: str) -> int:
    answer = await client.as_role(Role.AUDITOR).get("stats", f"/figures/willing?by=year&from={year}-01-01&to={year}-12-31")
    return sum(point["value"] for point in answer["points"])


async def adopted(venture: Venture, worker: str, departed: str, returned: str) -> str:
    """Abroad in 2018 before this system took over, and back: the placement."""
    row = {
        "worker": worker,
        "enterprise": venture.enterprise,
        "destination": venture.destination,
        "occupation": venture.occupation,
        "channel": "labour_cooperation",
        "departed_on": departed,
        "port": "CNSHA",
        "contract": {
            "contract_no": label(),
            "wage": {"minor": WAGE, "currency": "CNY"},
            "wage_period": "month",
            "pay_day": 10,
            "deductions_max": {"minor": 0, "currency": "CNY"},
            "start": departed,
            "end": "2020-12-31",
        },
    }
    answer = await venture.on(MATCHED).post("docking", "/placements/adoption", {"rows": [row]}, label())
    assert answer["accepted"] == 1, answer
    [placement] = answer["placements"]
    back = {"returned_on": returned, "reason": "completed"}
    await venture.on(MATCHED).post("docking", f"/placements/{placement}/return", back, label())
    return str(placement)


async def merge(venture: Venture, survivor: str, absorbed: str) -> dict[str, Any]:
    """A clerk links the two, an officer confirms."""
    body = {"other": absorbed, "reason": "same_person_seen"}
    pair = await venture.on(MERGED, Role.CLERK).post("registration", f"/workers/{survivor}/duplicates", body, label())
    officer = venture.on(MERGED)
    return dict(await officer.post("registration", f"/duplicates/{pair['duplicate']}/merge", {"survivor": survivor}, label()))


async def test_worked_example_merge_of_two_numbers_restates_one_person(running: RunningStack, client: ApiClient) -> None:
    venture = await journey.founded(Venture(client))
    survivor, absorbed = [await journey.registered(venture, a_person(name)) for name in ("欧阳雪莲", "欧阳雪连")]
    await wait_until_all_applied(client)
    before = {name: await figure(client, name) for name in ("dispatches", "persons")}
    placements = [
        await adopted(venture, survivor, "2018-02-01", "2018-06-30"),
        await adopted(venture, absorbed, "2018-08-01", "2018-12-20"),
    ]
    await wait_until_all_applied(client)
    assert [await figure(client, name) - before[name] for name in ("dispatches", "persons")] == [2, 2]
    if "2018" not in [one["period"] for one in await client.as_role(Role.AUDITOR).get("stats", "/periods")]:  # by an earlier run
        await venture.on(CLOSED).post("stats", "/periods/close", {"period": "2018"}, label())
    answer = await merge(venture, survivor, absorbed)
    assert (answer["state"], answer["survivor"]) == ("merged", survivor)
    await wait_until_all_applied(client)
    assert [await figure(client, name) - before[name] for name in ("dispatches", "persons")] == [2, 1]
    restated = (await client.as_role(Role.AUDITOR).get("stats", "/restatements", period="2018", limit=200))["items"]
    last = [one["restated"] for one in restated if one["restated"]["scope"] == "nation:CN"][-1]
    assert (last["measure"], last["kind"], last["new"] - last["old"]) == ("persons", "merge", -1)
    officer = venture.on(MERGED)
    assert {(await officer.get("docking", f"/placements/{one}"))["worker"] for one in placements} == {survivor}
    assert {(await officer.get("rights", f"/placements/{one}/ledger"))["worker"] for one in placements} == {survivor}
    assert (await officer.get("registration", f"/workers/{absorbed}"))["worker"] == survivor
    counted = recount.figures((await recount.recount(running.kafka)).events)
    assert await journey.answered_figures(client) == counted


async def test_a_worker_willing_under_two_numbers_counts_once_and_leaves_once(client: ApiClient) -> None:
    venture = await journey.founded(Venture(client, positions=2))
    before = await willing_at_the_end_of(client, "2019")
    survivor, absorbed = [await journey.registered(venture, a_person(name)) for name in ("诸葛清风", "诸葛青风")]
    await wait_until_all_applied(client)
    assert await willing_at_the_end_of(client, "2019") - before == 2
    placements = [await journey.accepted(venture, (await journey.proposed(venture, one))["match"]) for one in (absorbed, survivor)]
    await merge(venture, survivor, absorbed)
    await wait_until_all_applied(client)
    assert await willing_at_the_end_of(client, "2019") - before == 1
    kept, given_up = [await venture.on(MERGED).get("docking", f"/placements/{one}") for one in placements]
    assert (kept["state"], given_up["state"]) == ("matched", "cancelled")
    needs = await venture.on(MERGED, Role.TRAINER).get("training", "/enrolments", session=venture.session)
    assert {one["placement"]: one["state"] for one in needs["items"]} == {placements[0]: "enrolled", placements[1]: "cancelled"}
