"""The clearance certificate on paper: what it shows, what its code says, and who may have it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from joserfc.jwk import OKPKey

from services.docking.clearance.certificate import verify
from services.docking.settings import policy
from shared.principals import Role
from shared.signing import signing_key
from shared.values import new_id
from tests.support.docking import AWorker, Dock, dock
from tests.support.papers import read_paper

__all__ = ["dock"]


def key() -> OKPKey:
    return signing_key(policy().docking_signing_key)


async def test_the_paper_shows_what_an_officer_at_the_border_needs_and_its_code_is_the_signed_token(dock: Dock) -> None:
    worker = await dock.worker()
    cleared = await dock.cleared(worker=worker)
    answer = await dock.get(f"/placements/{cleared['placement']}/clearance.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    paper = read_paper(answer.body)
    assert paper.codes == [cleared["clearance"]]
    signed = verify(paper.codes[0], key(), on=dock.today)
    assert (str(signed.placement), signed.worker, signed.worker_no) == (cleared["placement"], worker, f"W{worker.hex[:8]}")
    for shown in (
        "外派劳务人员出境核准证明",
        "Clearance certificate for departure",
        str(signed.placement),
        f"W{worker.hex[:8]}",
        "日本（JPN）",
        "Japan (JPN)",
        "2018年3月1日",
        "March 1, 2018",
        "Weihai Labour Cooperation Co.",
        "Sakura Construction KK",
        cleared["contract"]["contract_no"],
    ):
        assert paper.shows(shown), shown
    assert not paper.shows(str(cleared["contract"]["wage"]["minor"]))


async def test_the_same_clearance_is_the_same_bytes_whoever_asks_and_when(dock: Dock) -> None:
    path = f"/placements/{(await dock.cleared())['placement']}/clearance.pdf"
    first = await dock.get(path)
    dock.wait(3)
    second = await dock.get(path, who=dock.client.speaking_as(Role.AUDITOR))
    assert first.body == second.body
    paper = read_paper(first.body)
    assert paper.tagged, "a screen reader can follow it"
    assert all(part in paper.metadata for part in ('pdfaid:part="2"', "pdfuaid")) or "pdfaid:part>2<" in paper.metadata
    assert paper.pages == 1


async def test_a_worker_registered_before_numbers_were_kept_is_named_by_the_id(dock: Dock) -> None:
    worker = await dock.worker()
    async with dock.client.database.connection() as conn:
        await conn.execute("UPDATE worker SET number = NULL")
    cleared = await dock.cleared(worker=worker)
    paper = read_paper((await dock.get(f"/placements/{cleared['placement']}/clearance.pdf")).body)
    assert paper.shows(str(worker))
    assert "worker_no" not in json.loads(verify(paper.codes[0], key(), on=dock.today).model_dump_json(exclude_none=True))


async def test_there_is_no_paper_without_a_clearance_in_force(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    path = f"/placements/{placement['placement']}/clearance.pdf"
    assert ((await dock.get(path)).status, (await dock.get(path)).code) == (409, "NOT_CLEARED")
    issued = await dock.certificate(placement)
    await dock.requested(placement)
    assert (await dock.get(path)).status == 200
    await dock.revoke(issued)
    withdrawn = await dock.get(path)
    assert (withdrawn.code, withdrawn.body["state"]) == ("NOT_CLEARED", "cancelled")
    late = await dock.cleared()
    dock.wait(61)
    assert (await dock.get(f"/placements/{late['placement']}/clearance.pdf")).code == "NOT_CLEARED"
    assert (await dock.get(f"/placements/{new_id()}/clearance.pdf")).code == "PLACEMENT_NOT_FOUND"


async def test_only_who_sees_the_placement_has_its_paper(dock: Dock) -> None:
    cleared = await dock.cleared()
    path = f"/placements/{cleared['placement']}/clearance.pdf"
    own, other = (dock.client.speaking_as(Role.ENTERPRISE, party=party) for party in (cleared["enterprise"], new_id()))
    assert (await dock.get(path, who=own)).status == 200
    assert (await dock.get(path, who=other)).status == 403
    assert (await dock.get(path, who=dock.client.speaking_as(Role.CLERK, regions=("370000",)))).status == 200
    assert (await dock.get(path, who=dock.client.speaking_as(Role.CLERK, regions=("620000",)))).status == 403
    for role in (Role.PUBLIC, Role.TRAINER, Role.ASSESSOR, Role.OPERATOR):
        assert (await dock.get(path, who=dock.client.speaking_as(role))).status == 403


HOSTILE = ('#eval("1+1") $x$ *b* \\ ] <a> @b //', "=HYPERLINK(1)", "a\u202egro.live\u200b", "ąęł ไทย 🙂 \U00020000", "一" * 200)


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_people_typed_is_printed_as_text_and_breaks_nothing(dock: Dock, name: str) -> None:
    enterprise = await dock.enterprise(name=name)
    order = await dock.order(enterprise, employer=name)
    cleared = await dock.cleared(order, await dock.worker(AWorker(registered_on=dock.today - timedelta(days=50))))
    answer = await dock.get(f"/placements/{cleared['placement']}/clearance.pdf")
    assert answer.status == 200, answer.body
    paper = read_paper(answer.body)
    assert (paper.codes, paper.pages) == ([cleared["clearance"]], 1)
    if name.isascii():
        assert paper.shows(name)
    assert "\u202e" not in paper.text


async def test_the_key_is_published_for_everybody(dock: Dock) -> None:
    found = await dock.get("/clearance/keys", who=dock.client.speaking_as(Role.PUBLIC))
    assert [one["crv"] for one in found.body["keys"]] == ["Ed25519"]
    assert not {"d"} & found.body["keys"][0].keys(), "the public half only"


async def test_anybody_is_answered_whether_a_clearance_is_in_force_and_nothing_else(dock: Dock) -> None:
    cleared = await dock.cleared()
    path = f"/public/clearances/{cleared['placement']}"
    stated = (await dock.get(path, who=dock.client.speaking_as(Role.PUBLIC))).body
    until = dock.today + timedelta(days=60)
    assert stated == {
        "placement": cleared["placement"],
        "in_force": True,
        "granted_on": dock.today.isoformat(),
        "valid_to": until.isoformat(),
    }
    await dock.post(f"/placements/{cleared['placement']}/cancellation", {"reason": "worker"})
    none = {"in_force": False, "granted_on": None, "valid_to": None}
    assert (await dock.get(path)).body == {"placement": cleared["placement"], **none}
    unknown = str(new_id())
    assert (await dock.get(f"/public/clearances/{unknown}")).body == {"placement": unknown, **none}
