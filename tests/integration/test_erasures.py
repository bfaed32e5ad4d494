"""A worker's personal data were erased: what people wrote of the worker in other services goes too, also under an earlier number."""

from __future__ import annotations

from datetime import date

from shared import events, reference
from shared.values import WorkerId, new_id
from tests.support.merges import merged
from tests.support.rights import Office, office
from tests.support.tables import tables_with
from tests.support.training import School, school

__all__ = ["office", "school"]


def erased(worker: WorkerId, today: date) -> events.WorkerErased:
    return events.WorkerErased(worker=worker, origin=reference.origin("621126", today), reason="asked_by_worker", effective=today)


async def test_the_words_of_a_case_go_and_its_steps_stay(office: Office) -> None:
    placement, other = await office.abroad(), await office.abroad()
    case = {"category": "wages", "severity": "high", "via": "worker", "placement": str(placement.placement), "text": "li wei is not paid"}
    opened = (await office.post("/cases", case)).body["case"]
    await office.post(f"/cases/{opened}/answer", {"text": "we have written to li wei"})
    kept = (await office.post("/cases", case | {"placement": str(other.placement), "text": "wang fang is not paid"})).body["case"]
    survivor = WorkerId(new_id())
    await office.consume(merged(placement.worker, survivor, office.today), erased(survivor, office.today))
    async with office.client.database.connection() as conn:
        assert await tables_with(conn, ["li wei"]) == []
        assert "rights_case" in await tables_with(conn, ["wang fang"])
    history = (await office.get(f"/cases/{opened}/history")).body["items"]
    assert [one["type"] for one in history] == ["CaseOpened", "CaseAnswered"]
    assert (await office.get(f"/cases/{kept}")).body["state"] == "received"


async def test_the_explanation_of_a_revocation_goes_and_its_reason_stays(school: School) -> None:
    match, serial = await school.certified()
    await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud", "explanation": "copied from li wei"})
    await school.consume(erased(match.worker, school.today))
    async with school.client.database.connection() as conn:
        assert await tables_with(conn, ["li wei"]) == []
    assert (await school.get(f"/certificates/{serial}")).body["revoked_why"] == "fraud"
