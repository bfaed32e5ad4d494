"""The number that an order or a placement had in the system before this one: it is found by it, and one number is one record's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.docking.queries import old_numbers
from shared import events, reference
from shared.principals import Role
from shared.values import PlacementId, WorkerId
from tests.http.test_docking_journey import _row
from tests.support.docking import Dock, an_order, dock
from tests.support.registration import an_id
from tests.support.tables import tables_with

__all__ = ["dock"]
SYSTEM = "mis-2009"


def old(number: str) -> dict[str, str]:
    return {"system": SYSTEM, "number": number}


async def known(dock: Dock, *numbers: str) -> list[tuple[str, str, Any]]:
    query = "&".join(f"number={one}" for one in numbers)
    items = (await dock.get(f"/old-numbers?system={SYSTEM}&{query}")).body["items"]
    return [(one["kind"], one["number"], one[one["kind"]]) for one in items]


async def test_an_order_is_found_by_the_number_of_the_old_system(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    opened = await dock.post("/orders", an_order(enterprise, positions=12, old_number=old("O-1")))
    assert (opened.status, opened.body["old_numbers"]) == (201, [old("O-1")])
    await dock.order(enterprise)
    order = opened.body["order"]
    found = (await dock.get("/orders?old_number=O-1")).body["items"]
    assert [(one["order"], one["old_numbers"]) for one in found] == [(order, [old("O-1")])]
    assert (await dock.get(f"/orders/{order}")).body["old_numbers"] == [old("O-1")]
    assert await known(dock, "O-1", "O-2") == [("order", "O-1", order)]
    again = await dock.post("/orders", an_order(enterprise, old_number=old("O-1")))
    assert (again.status, again.body["code"], again.body["errors"][0]["field"]) == (409, "OLD_NUMBER_TAKEN", "old_number.number")
    assert len((await dock.get("/orders")).body["items"]) == 2, "the refused one was not opened"
    document = await dock.post("/orders", an_order(enterprise, old_number=old(an_id())))
    assert (document.status, document.body["code"]) == (422, "OLD_NUMBER_IS_DOCUMENT")


async def test_an_enterprise_claims_no_old_number(dock: Dock) -> None:
    """Whoever claims one first has it."""
    enterprise = await dock.enterprise()
    own = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    refused = await dock.post("/orders", an_order(enterprise, old_number=old("O-1")), who=own)
    assert (refused.status, refused.body["code"]) == (403, "FORBIDDEN")
    assert (await dock.post("/orders", an_order(enterprise), who=own)).status == 201
    assert await known(dock, "O-1") == []


async def test_an_adopted_placement_is_found_by_the_number_of_the_old_system(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    workers = [await dock.worker() for _ in range(4)]
    numbers = ["P-1", "P-1", an_id(), "P-4"]
    rows = [_row(worker, enterprise, old_number=old(number)) for worker, number in zip(workers, numbers, strict=True)]
    answer = await dock.post("/placements/adoption", {"rows": rows})
    assert answer.body["accepted"] == 2
    assert [(one["row"], one["field"], one["code"]) for one in answer.body["refused"]] == [
        (1, "old_number.number", "OLD_NUMBER_TAKEN"),
        (2, "old_number.number", "OLD_NUMBER_IS_DOCUMENT"),
    ]
    first, second = answer.body["placements"]
    assert [one["placement"] for one in (await dock.get("/placements?old_number=P-1")).body["items"]] == [first]
    assert (await dock.get(f"/placements/{second}")).body["old_numbers"] == [old("P-4")]
    assert await known(dock, "P-1", "P-4") == [("placement", "P-1", first), ("placement", "P-4", second)]
    again = await dock.post("/placements/adoption", {"rows": rows})
    assert again.body["accepted"] == 0, "nobody comes twice"
    codes = [one["code"] for one in again.body["refused"]]
    assert codes == ["ALREADY_PLACED", "OLD_NUMBER_TAKEN", "OLD_NUMBER_IS_DOCUMENT", "ALREADY_PLACED"]


async def test_a_placement_matched_here_gets_its_old_number_afterwards(dock: Dock) -> None:
    one, other = await dock.matched(), await dock.matched()

    async def numbered(placement: dict[str, Any], number: str) -> tuple[int, str | None]:
        answer = await dock.post(f"/placements/{placement['placement']}/old-numbers", old(number))
        return answer.status, answer.body.get("code")

    assert [await numbered(one, "M-1"), await numbered(one, "M-1")] == [(200, None), (200, None)]
    assert await numbered(other, "M-1") == (409, "OLD_NUMBER_TAKEN")
    assert await numbered(other, an_id()) == (422, "OLD_NUMBER_IS_DOCUMENT")
    assert (await dock.show(one))["old_numbers"] == [old("M-1")]
    async with dock.client.database.connection() as conn:
        assert await tables_with(conn, ["m-1"]) == ["old_number"], "and nowhere among the answers that are kept"
    lines = (await dock.get(f"/placements/{one['placement']}/history")).body["items"]
    assert [(line["reason"]) for line in lines if line["type"] == "OldNumberRecorded"] == [SYSTEM]
    assert {await numbered(other, str(number)) for number in range(20)} == {(200, None)}
    assert await numbered(other, "20") == (409, "TOO_MANY_OLD_NUMBERS")


async def test_totals_are_by_province_and_another_province_sees_none_of_its_workers(dock: Dock) -> None:
    enterprise, worker = await dock.enterprise(), await dock.worker()
    await dock.post("/orders", an_order(enterprise, positions=12, old_number=old("1")))
    placement = (await dock.post("/placements/adoption", {"rows": [_row(worker, enterprise, old_number=old("1"))]})).body["placements"][0]
    province = (await dock.get(f"/placements/{placement}")).body["county"][:2] + "0000"
    counted = (await dock.get(f"/old-numbers/count?system={SYSTEM}")).body["items"]
    assert counted == [
        {"kind": "order", "adopted": None, "province": None, "count": 1, "positions": 12},
        {"kind": "placement", "adopted": True, "province": province, "count": 1, "positions": 1},
    ]
    stranger = dock.client.speaking_as(Role.OFFICER, regions=("460000",))
    for path in (f"/old-numbers/count?system={SYSTEM}", f"/old-numbers?system={SYSTEM}&number=1"):
        assert [one["kind"] for one in (await dock.get(path, who=stranger)).body["items"]] == ["order"]
    assert (await dock.get("/placements?old_number=1", who=stranger)).body["items"] == []


async def test_an_erased_worker_s_placement_is_found_by_no_old_number(dock: Dock) -> None:
    enterprise, worker = await dock.enterprise(), await dock.worker()
    answer = await dock.post("/placements/adoption", {"rows": [_row(worker, enterprise, old_number=old("1"))]})
    origin = reference.origin("621126", dock.today)
    await dock.consume(events.WorkerErased(worker=WorkerId(worker), origin=origin, reason="asked_by_worker", effective=dock.today))
    placement = PlacementId(UUID(answer.body["placements"][0]))
    async with dock.client.database.transaction(dock.client.database.system_cause()) as tx:
        assert await old_numbers.list_of_placements(tx, [placement]) == {}
    assert await known(dock, "1") == []
    refused = await dock.post(f"/placements/{placement}/old-numbers", old("2"))
    assert (refused.status, refused.body["code"]) == (409, "WORKER_ERASED")
    again = await dock.post("/placements/adoption", {"rows": [_row(worker, enterprise, old_number=old("2"))]})
    assert [(one["field"], one["code"]) for one in again.body["refused"]] == [("worker", "WORKER_ERASED")]
    assert await known(dock, "2") == []
