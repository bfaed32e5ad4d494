"""The reserve saga over both of its services: rights asks, docking pays or refuses, in whatever order events and commands meet.

Events of one subject stay in order, as a topic keeps them; those of different subjects, repeats, and commands come in between at random.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from shared.events import CaseSettled, Event, EventEnvelope
from shared.values import EnterpriseId
from tests.support.docking import Dock, dock
from tests.support.rights import Office, office, yuan
from tests.support.visit import Visit

__all__ = ["dock", "office"]
DEPOSIT = 100_000  # fen


@dataclass
class Topic:
    """What one service published, on its way to the other."""

    source: Visit
    target: Visit
    taken: int = 0
    waiting: dict[str, deque[EventEnvelope[Event]]] = field(default_factory=lambda: defaultdict(deque))
    last: dict[str, EventEnvelope[Event]] = field(default_factory=dict)

    async def fetch(self) -> list[str]:
        """Subjects with an event that is not delivered."""
        events = await self.source.client.published()
        for event in events[self.taken :]:
            self.waiting[str(event.data.subject)].append(event)
        self.taken = len(events)
        return [subject for subject, events_of in self.waiting.items() if events_of]

    async def deliver(self, subject: str) -> None:
        event = self.waiting[subject].popleft()
        self.last[subject] = event
        await self.target.consume(event)


async def _command(rng: random.Random, dock: Dock, office: Office, enterprise: str, cases: list[str]) -> None:
    """One command, lawful or not."""
    case = rng.choice(cases)
    what = rng.choice(("settlement", "settlement", "settlement", "settlement/withdrawal", "escalation", "closure", "deposit", "direct"))
    if what == "deposit":
        await dock.post(f"/enterprises/{enterprise}/reserve", {"amount": {"minor": rng.randint(1, DEPOSIT), "currency": "CNY"}})
        return
    bodies: dict[str, Any] = {
        "settlement": {"amount": yuan(rng.randint(1, 1500)), "paid_by": "reserve"},
        "direct": {"amount": yuan(1), "paid_by": "employer"},
        "closure": {"outcome": "withdrawn", "confirmed": True},
    }
    path = "settlement" if what == "direct" else what
    answer = await office.post(f"/cases/{case}/{path}", bodies.get(what, {}))
    assert answer.status in (200, 409, 422), answer.body


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_order_every_settlement_ends_and_the_reserve_pays_for_exactly_what_is_settled(
    dock: Dock, office: Office, seed: int
) -> None:
    rng = random.Random(seed)
    enterprise = await dock.enterprise(reserve=DEPOSIT)
    placement = await office.abroad(enterprise=EnterpriseId(UUID(enterprise)))
    complaint = {"category": "wages", "severity": "normal", "via": "worker", "text": "unpaid", "placement": str(placement.placement)}
    cases = [str((await office.post("/cases", complaint)).body["case"]) for _ in range(4)]
    topics = [Topic(dock, office), Topic(office, dock)]
    for _ in range(60):
        topic = rng.choice(topics)
        ready = await topic.fetch()
        if rng.random() < 0.4:
            await _command(rng, dock, office, enterprise, cases)
        elif ready:
            await topic.deliver(rng.choice(ready))
        elif topic.last:
            await topic.target.consume(topic.last[rng.choice(list(topic.last))])
    while left := [(one, subject) for one in topics for subject in await one.fetch()]:
        topic, subject = rng.choice(left)
        await topic.deliver(subject)
    await _is_sound(dock, office, enterprise, cases)


async def _is_sound(dock: Dock, office: Office, enterprise: str, cases: list[str]) -> None:
    files = [(await office.get(f"/cases/{case}/file")).body for case in cases]
    settlements = {one["settlement"]: one for file in files for one in file["settlements"]}
    assert {one["state"] for one in settlements.values()} <= {"paid", "refused", "withdrawn"}
    for file in files:
        paid = [one for one in file["settlements"] if one["state"] == "paid"]
        assert len(paid) == (file["case"]["state"] == "settled")
    by_reserve = {name: one for name, one in settlements.items() if one["paid_by"] == "reserve" and one["state"] == "paid"}
    drawn: dict[str, int] = defaultdict(int)
    for entry in (await dock.get(f"/enterprises/{enterprise}/reserve", limit=200)).body["items"]:
        if entry["settlement"]:
            drawn[entry["settlement"]] -= entry["amount"]["minor"]
    assert {name: minor for name, minor in drawn.items() if minor} == {name: one["amount"]["minor"] for name, one in by_reserve.items()}
    settled = [str(one.settlement) for one in await office.published(CaseSettled)]
    assert sorted(settled) == sorted(name for name, one in settlements.items() if one["state"] == "paid")
