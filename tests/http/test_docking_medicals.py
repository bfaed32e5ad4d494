"""No departure without a medical examination that the worker passed and that still holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared import reference
from shared.events import ClearanceWithdrawn, MedicalRecorded, WorkerErased
from shared.principals import Role
from shared.values import WorkerId
from tests.support.docking import Dock, a_contract, a_medical, an_insurance, dock
from tests.support.http import Answer

__all__ = ["dock"]


def _path(placement: dict[str, Any]) -> str:
    return f"/placements/{placement['placement']}/medical"


async def _examined(dock: Dock, placement: dict[str, Any], **changes: Any) -> Answer:
    return await dock.post(_path(placement), a_medical(dock.today, **changes))


async def _papered(dock: Dock) -> dict[str, Any]:
    """Everything but the examination."""
    placement = await dock.matched()
    for name, body in (("contract", a_contract(dock.today)), ("insurance", an_insurance(dock.today))):
        await dock.post(f"/placements/{placement['placement']}/{name}", body)
    await dock.certificate(placement)
    return placement


async def test_without_a_valid_examination_there_is_no_clearance(dock: Dock) -> None:
    placement = await _papered(dock)
    assert (await dock.requested(placement))["failed"] == ["medical"]
    for finding in ({"result": "unfit"}, {"valid_until": "2018-03-19"}):
        assert (await _examined(dock, placement, **finding)).status == 200
        assert (await dock.requested(placement, planned_departure="2018-03-20"))["failed"] == ["medical"]
    await _examined(dock, placement, result="fit_with_conditions", valid_until="2018-03-20")
    granted = await dock.requested(placement, planned_departure="2018-03-20")
    assert (granted["state"], granted["clearance_valid_to"]) == ("cleared", "2018-03-20"), "it ends with the finding"


async def test_a_finding_that_the_clearance_outlasts_withdraws_it_and_holds_the_position(dock: Dock) -> None:
    placement = await dock.cleared()
    dock.wait(3)
    assert (await _examined(dock, placement)).body["state"] == "cleared", "a longer one"
    gone = (await _examined(dock, placement, result="unfit")).body
    assert (gone["state"], gone["clearance"], gone["due"]) == ("matched", None, placement["due"])
    assert [one.reason for one in await dock.published(ClearanceWithdrawn)] == ["medical"]
    assert (await dock.show_order(placement["order"]))["reserved"] == 1
    await _examined(dock, placement)
    assert (await dock.requested(placement))["state"] == "cleared"
    short = (await _examined(dock, placement, valid_until=(dock.today + timedelta(days=9)).isoformat())).body
    assert short["state"] == "matched"


async def test_who_was_matched_before_examinations_were_recorded_is_cleared_without_one(dock: Dock) -> None:
    placement = await _papered(dock)
    async with dock.client.database.connection() as conn:  # as the migration leaves it
        await conn.execute("UPDATE placement SET medical_required = false")
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_health_data_is_shown_to_those_who_prepare_the_departure_and_to_nobody_else(dock: Dock) -> None:
    placement = await dock.matched()
    assert (await dock.get(_path(placement))).code == "MEDICAL_NOT_FOUND"
    answer = await _examined(dock, placement, result="unfit")
    assert not {"unfit", "Weihai"} & set(str(answer.body).replace("'", " ").split()), "answers are stored to be repeated"
    shown = (await dock.get(_path(placement))).body
    assert shown == {"examined_on": "2018-03-01", "result": "unfit", "valid_until": "2019-03-01", "place": a_medical(dock.today)["place"]}
    for role in (Role.AUDITOR, Role.OPERATOR, Role.TRAINER):
        assert (await dock.get(_path(placement), who=dock.client.speaking_as(role))).status == 403
    other = dock.client.speaking_as(Role.ENTERPRISE, party="00000000-0000-0000-0000-000000000001")
    assert (await dock.get(_path(placement), who=other)).status == 403
    [event] = await dock.published(MedicalRecorded)
    assert event.model_dump(exclude={"placement", "worker"}) == {"examined_on": date(2018, 3, 1)}


async def test_an_erased_worker_leaves_no_health_data(dock: Dock) -> None:
    gone = await dock.departed()
    dock.wait(400)
    await dock.returned(gone)
    origin = reference.origin(gone["county"], dock.today)
    erased = WorkerErased(worker=WorkerId(gone["worker"]), origin=origin, reason="asked_by_worker", effective=dock.today)
    await dock.consume(erased)
    assert (await dock.get(_path(gone))).code == "MEDICAL_NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"examined_on": "2018-03-02"}, "FUTURE_DAY", "examined_on"),
        ({"valid_until": "2018-02-28"}, "ENDS_BEFORE_START", "valid_until"),
        ({"valid_until": "2019-03-02"}, "MEDICAL_TOO_LONG", "valid_until"),
        ({"result": "hepatitis"}, "INVALID", "result"),
        ({"diagnosis": "hepatitis"}, "INVALID", "diagnosis"),
        ({"place": "\u0000"}, "INVALID", "place"),
    ],
)
async def test_what_is_no_finding_is_refused(dock: Dock, changes: dict[str, Any], code: str, field: str) -> None:
    placement = await dock.matched()
    answer = await _examined(dock, placement, **changes)
    assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (422, code, field)
    assert await dock.published(MedicalRecorded) == []


async def test_nobody_is_examined_for_a_departure_that_has_been(dock: Dock) -> None:
    gone = await dock.departed()
    answer = await _examined(dock, gone)
    assert (answer.status, answer.code, answer.body["state"]) == (409, "ILLEGAL_STEP", "abroad")
