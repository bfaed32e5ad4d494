"""Figures of cases: how old they are for everybody to see, how many were answered in time, complaints by enterprise."""

from __future__ import annotations

from datetime import date
from typing import Any

from shared.principals import Role
from shared.values import EnterpriseId, new_id
from tests.support.rights import Office, office

__all__ = ["office"]
WITHDRAWN = {"outcome": "withdrawn", "confirmed": True}


async def complain(office: Office, **changes: Any) -> str:
    """About wages of a new placement, unless stated otherwise."""
    enterprise = {"enterprise": changes.pop("enterprise")} if "enterprise" in changes else {}
    placement = str((await office.abroad(**enterprise)).placement)
    body = {"category": "wages", "severity": "normal", "via": "worker", "text": "unpaid", "placement": placement, **changes}
    answer = await office.post("/cases", body)
    assert answer.status == 201, answer.body
    return str(answer.body["case"])


async def test_anybody_sees_how_old_open_cases_are(office: Office) -> None:
    cases = [await complain(office) for _ in range(3)]
    office.wait(10)
    await office.post(f"/cases/{cases[0]}/closure", WITHDRAWN)
    await office.post(f"/cases/{cases[1]}/pause", {"reason": "court"})
    await complain(office)
    everybody = office.client.speaking_as(Role.PUBLIC, regions=())
    shown = (await office.get("/cases/ageing", who=everybody)).body
    assert (shown["open"], shown["late"]) == (3, 1)
    bands = {(one["from_days"], one["to_days"]): (one["open"], one["late"], one["paused"]) for one in shown["bands"]}
    empty = dict.fromkeys(((3, 7), (31, 90), (91, 365), (366, None)), (0, 0, 0))
    assert bands == {(0, 2): (1, 0, 0), (8, 30): (2, 1, 1), **empty}
    assert (await office.get("/cases", who=everybody)).status == 403


async def test_first_answers_in_time_are_counted_once_they_were_due(office: Office) -> None:
    in_time, late, closed, _ = [await complain(office) for _ in range(4)]
    await complain(office, category="conditions")  # not due yet
    office.wait(1)
    await office.post(f"/cases/{in_time}/answer", {"text": "we ask"})
    await office.post(f"/cases/{closed}/closure", WITHDRAWN)
    office.wait(9)
    await office.post(f"/cases/{late}/answer", {"text": "sorry"})
    shown = (await office.get("/cases/on-time")).body
    assert (shown["in_time"], shown["of"], shown["percent"]) == (2, 4, "50.0")
    assert [(one["category"], one["in_time"], one["of"]) for one in shown["categories"]] == [("wages", 2, 4)]
    days: dict[str, Any] = {"from": "2018-01-01", "to": "2018-06-19"}
    before = (await office.get("/cases/on-time", **days)).body
    assert (before["of"], before["percent"]) == (0, None)


async def test_complaints_of_an_enterprise_are_counted_beside_its_workers_abroad(office: Office) -> None:
    one, other, quiet = (EnterpriseId(new_id()) for _ in range(3))
    for _ in range(2):
        await complain(office, enterprise=one)
    await office.post("/cases", {"category": "fees", "severity": "low", "via": "authority", "enterprise": str(other), "text": "a deposit"})
    home = await office.abroad(enterprise=quiet)
    await office.consume(home.returned(date(2018, 5, 1)))
    for _ in range(3):
        await office.abroad(enterprise=quiet)
    rates: dict[str, Any] = {}
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        after = {"after": page["next"]} if page["next"] else {}
        page = (await office.get("/cases/complaint-rates", limit=1, **{"from": "2018-05-02", **after})).body
        rates |= {item["enterprise"]: (item["complaints"], item["workers"], item["per_thousand"]) for item in page["items"]}
    assert rates == {str(one): (2, 2, "1000.0"), str(other): (1, 0, None), str(quiet): (0, 3, "0.0")}


async def test_the_board_is_filtered(office: Office) -> None:
    enterprise = EnterpriseId(new_id())
    old = await complain(office, enterprise=enterprise)
    office.wait(9)
    young = await complain(office, severity="high")
    await office.post(f"/cases/{young}/triage", {"severity": "high"})
    await office.post(f"/cases/{young}/assignment", {"assignee": "officer-li"})
    for asked, found in (
        ({"enterprise": enterprise}, [old]),
        ({"older_than_days": 5}, [old]),
        ({"older_than_days": 9}, []),
        ({"assignee": "officer-li"}, [young]),
        ({"state": "assigned"}, [young]),
        ({"severity": "high", "category": "wages", "level": "city"}, [young]),
        ({"late": True}, [old]),
        ({"paused": True}, []),
        ({"paused": False}, [old, young]),
        ({"late": False, "open": True}, [young]),
    ):
        assert [one["case"] for one in (await office.get("/cases", **asked)).body["items"]] == found, asked
    for wrong in ({"older_than_days": -1}, {"assignee": "Li Wei"}, {"state": "open"}, {"open": "perhaps"}):
        assert (await office.get("/cases", **wrong)).status == 422, wrong
