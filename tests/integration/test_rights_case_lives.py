"""Random lives of cases: whatever is asked of them in whatever order, each open one has a clock, and events say what the table says."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from shared.events import (
    CaseClosed,
    CaseDeadlineMissed,
    CaseEscalated,
    CaseOpened,
    CaseReopened,
    CaseSettled,
    ReserveDrawn,
    ReserveDrawRefused,
    ReserveDrawRequested,
)
from tests.support.rights import Office, office, yuan

__all__ = ["office"]
STEPS: dict[str, dict[str, Any]] = {
    "triage": {"severity": "normal"},
    "assignment": {"assignee": "officer-li"},
    "answer": {"text": "we ask"},
    "response-request": {"text": "why?"},
    "response": {"position": "partly", "text": "so"},
    "offer": {"amount": yuan(10), "offered_by": "employer", "text": "ten"},
    "settlement": {"amount": yuan(20), "paid_by": "employer"},
    "settlement/withdrawal": {},
    "escalation": {},
    "pause": {"reason": "court"},
    "resumption": {},
    "closure-request": {},
    "closure": {"outcome": "silence"},
    "reopening": {},
}
BROKEN = """
SELECT "case", state FROM rights_case
WHERE (clock_due IS NULL) <> (state = 'closed') OR (state = 'settling') <> EXISTS (
    SELECT FROM settlement WHERE settlement."case" = rights_case."case" AND settlement.state = 'pending')
"""
LEVELS = ("city", "province", "state")


async def _act(rng: random.Random, office: Office, case: str) -> None:
    step = rng.choice((*STEPS, "closure", "reopening", "settlement", "triage", "resumption"))
    body = dict(STEPS[step])
    if step == "triage":
        body["severity"] = rng.choice(("low", "normal", "high", "emergency"))
    if step == "settlement" and rng.random() < 0.5:
        body["paid_by"] = "reserve"
    if step == "closure" and rng.random() < 0.7:
        body = {"outcome": rng.choice(("settled", "withdrawn", "unfounded")), "confirmed": True}
    answer = await office.post(f"/cases/{case}/{step}", body)
    assert answer.status in (200, 409, 422), (step, answer.body)


async def _answer_for_reserve(rng: random.Random, office: Office) -> None:
    """The reserve pays or refuses something that was asked of it, for the first time or again."""
    asked = await office.published(ReserveDrawRequested)
    if asked:
        one = rng.choice(asked)
        about = {"enterprise": one.enterprise, "effective": office.today, "amount": one.amount, "case": one.case}
        about |= {"settlement": one.settlement, "balance": one.amount, "use": one.use, "due": None, "reason": "reserve_too_small"}
        await office.consume(rng.choice((ReserveDrawn, ReserveDrawRefused)).model_validate(about))


@pytest.mark.parametrize("seed", range(4))
async def test_every_life_of_a_case_has_a_clock_and_its_events_add_up(office: Office, seed: int) -> None:
    rng = random.Random(seed)
    placement = str((await office.abroad()).placement)
    body = {"severity": "normal", "via": "worker", "text": "unpaid", "placement": placement}
    cases = [(await office.post("/cases", {**body, "category": kind})).body["case"] for kind in ("wages", "fees", "emergency")]
    for _ in range(120):
        await _act(rng, office, rng.choice(cases))
        if rng.random() < 0.15:
            await _answer_for_reserve(rng, office)
        if rng.random() < 0.15:
            office.wait(rng.choice((1, 3, 12, 40)))
            await office.sweep()
        async with office.client.database.connection() as conn:
            assert await conn.fetch(BROKEN) == []
    await _events_add_up(office)


async def _events_add_up(office: Office) -> None:
    counts: dict[str, Counter[str]] = {}
    for event in await office.published(CaseOpened, CaseClosed, CaseReopened, CaseEscalated, CaseDeadlineMissed, CaseSettled):
        counts.setdefault(str(event.case), Counter())[type(event).__name__] += 1
    for shown in (await office.get("/cases", limit=200)).body["items"]:
        of = counts[shown["case"]]
        assert of["CaseOpened"] == 1
        assert of["CaseClosed"] - of["CaseReopened"] == (shown["state"] == "closed")
        assert LEVELS[of["CaseEscalated"]] == shown["level"]
        assert of["CaseDeadlineMissed"] <= 1
        file = (await office.get(f"/cases/{shown['case']}/file")).body
        assert of["CaseSettled"] == sum(one["state"] == "paid" for one in file["settlements"])
