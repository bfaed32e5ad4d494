"""Random commands, events and sweeps: the counters always equal the placements, no worker is placed twice, nobody waits for ever."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shared.events import (
    DispatchCorrected,
    Dispatched,
    DispatchVoided,
    Event,
    IntentionMatched,
    IntentionReleased,
    JobOrderClosed,
    JobOrderExpired,
    JobOrderOpened,
    MatchedToEnterprise,
    PlacementCancelled,
    Returned,
)
from shared.values import WorkerId
from tests.support.docking import RICH_COUNTY, Dock, a_departure, dock

__all__ = ["dock"]

BROKEN = """
SELECT id FROM job_order AS o WHERE
    reserved <> (SELECT count(*) FROM placement WHERE job_order = o.id AND state IN ('matched', 'clearance_requested', 'cleared'))
    OR filled <> (SELECT count(*) FROM placement WHERE job_order = o.id AND state IN ('abroad', 'returned'))
"""
TWICE = """
SELECT worker FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared', 'abroad') GROUP BY worker HAVING count(*) > 1
"""
ENDLESS = "SELECT id FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared') AND due IS NULL"
FLAGS = """
SELECT worker, date_part('year', departed_on) FROM dispatch WHERE voided IS NULL
GROUP BY 1, 2 HAVING count(*) FILTER (WHERE first_this_year) <> 1
"""
EVER = "SELECT worker FROM dispatch WHERE voided IS NULL GROUP BY 1 HAVING count(*) FILTER (WHERE first_ever) <> 1"

# Of the intentions of a fair: met beyond the headcount, met by what is no match any more, not met though a match could.
EXCEEDED = """
SELECT id FROM intention WHERE headcount < (SELECT count(*) FROM intention_match WHERE intention_match.intention = intention.id)
"""
STALE = "SELECT placement FROM intention_match JOIN placement ON placement.id = placement WHERE state IN ('cancelled', 'voided')"
MISSED = """
SELECT placement.id FROM placement JOIN intention USING (enterprise, county)
WHERE placement.state NOT IN ('cancelled', 'voided') AND intention.state = 'recorded'
    AND matched_on BETWEEN held_on AND held_on + 365
    AND headcount > (SELECT count(*) FROM intention_match WHERE intention_match.intention = intention.id)
    AND NOT EXISTS (SELECT FROM intention_match WHERE intention_match.placement = placement.id)
"""


async def _sound(dock: Dock) -> None:
    async with dock.client.database.connection() as conn:
        for query in (BROKEN, TWICE, ENDLESS, FLAGS, EVER, EXCEEDED, STALE, MISSED):
            assert await conn.fetch(query) == [], query


class Play:
    """A few orders, a few workers, and whatever chance does to them."""

    def __init__(self, dock: Dock, seed: int) -> None:
        self.dock, self.chance, self.agreed = dock, random.Random(seed), random.Random(seed)
        self.orders: list[str] = []
        self.workers: list[WorkerId] = []
        self.intentions: list[str] = []
        self.placements: list[dict[str, Any]] = []
        self.certificates: dict[str, Any] = {}
        self.answered: Counter[str] = Counter()

    async def begin(self) -> None:
        enterprise = await self.dock.enterprise()
        self.orders = [await self.dock.order(enterprise, positions=count, expires="2018-12-31") for count in (1, 2)]
        self.workers = [await self.dock.worker() for _ in range(4)]
        held = {"name": "A", "county": RICH_COUNTY, "counties": [RICH_COUNTY], "enterprises": [enterprise]}
        fair = (await self.dock.post("/fairs", {**held, "held_on": self.dock.today.isoformat()})).body["fair"]
        for destination, headcount in (("JPN", 1), ("SGP", 2)):
            body = {"county": RICH_COUNTY, "enterprise": enterprise, "headcount": headcount, "destination": destination}
            self.intentions.append((await self.dock.post(f"/fairs/{fair}/intentions", body)).body["intention"])

    async def intend(self) -> int:
        """The headcount was another; by a chance of its own, so that the other moves stay what they are."""
        body = {"reason": "mistyped", "headcount": self.agreed.randint(1, 3)}
        return (await self.dock.post(f"/intentions/{self.agreed.choice(self.intentions)}/correction", body)).status

    async def step(self) -> None:
        if self.agreed.random() < 0.1:
            self.answered[f"intend:{await self.intend()}"] += 1
        move = self.chance.choice(MOVES)
        status = await move(self)
        self.answered[f"{move.__name__}:{status}"] += 1
        assert status < 500, move.__name__

    async def match(self) -> int:
        order, worker = self.chance.choice(self.orders), self.chance.choice(self.workers)
        proposed = await self.dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
        if proposed.status != 200:
            return proposed.status
        accepted = await self.dock.post(f"/matches/{proposed.body['matches'][0]['match']}/acceptance")
        if accepted.status == 201:
            self.placements.append(accepted.body)
        return accepted.status

    async def clear(self) -> int:
        placement = await self.some()
        if placement is None:
            return 0
        if placement["contract"] is None and placement["state"] == "matched":
            await self.dock.prepared(placement)
        if self.chance.random() < 0.7:
            self.certificates[placement["placement"]] = await self.dock.certificate(placement)
        return (await self.dock.post(f"/placements/{placement['placement']}/clearance")).status

    async def train(self) -> int:
        placement = await self.some()
        if placement is not None:
            self.certificates[placement["placement"]] = await self.dock.certificate(placement)
        return 0

    async def revoke(self) -> int:
        if self.certificates:
            _, issued = self.certificates.popitem()
            await self.dock.revoke(issued)
        return 0

    async def depart(self) -> int:
        return await self.do("departure", a_departure(self.dock.today))

    async def come_back(self) -> int:
        return await self.do("return", {"returned_on": self.dock.today.isoformat(), "reason": "completed"})

    async def cancel(self) -> int:
        return await self.do("cancellation", {"reason": "officer"})

    async def void(self) -> int:
        return await self.do("departure/void", {"reason": "duplicate"})

    async def correct(self) -> int:
        day = self.dock.today - timedelta(days=self.chance.randint(0, 200))
        return await self.do("departure/correction", {"reason": "mistyped", "departed_on": day.isoformat()})

    async def wait(self) -> int:
        self.dock.wait(self.chance.choice((1, 10, 40, 100)))
        await self.dock.sweep()
        return 0

    async def some(self) -> dict[str, Any] | None:
        return await self.dock.show(self.chance.choice(self.placements[-3:])) if self.placements else None

    async def do(self, step: str, body: dict[str, Any]) -> int:
        if not self.placements:
            return 0
        placement = self.chance.choice(self.placements[-3:])
        return (await self.dock.post(f"/placements/{placement['placement']}/{step}", body)).status


MOVES = (
    Play.match,
    Play.match,
    Play.clear,
    Play.clear,
    Play.clear,
    Play.train,
    Play.depart,
    Play.depart,
    Play.depart,
    Play.come_back,
    Play.come_back,
    Play.cancel,
    Play.revoke,
    Play.void,
    Play.correct,
    Play.correct,
    Play.wait,
)


@pytest.mark.parametrize("seed", range(3))
async def test_counters_equal_placements_whatever_happens(dock: Dock, seed: int) -> None:
    play = Play(dock, seed)
    await play.begin()
    for _ in range(100):
        await play.step()
        await _sound(dock)
    assert play.answered["depart:200"] > 0, play.answered
    assert play.answered["intend:200"] > 0, play.answered
    await _events_add_up(dock)
    for intention in play.intentions:
        met = [str(event.intention) for event in await dock.published(IntentionMatched)].count(intention)
        released = [str(event.intention) for event in await dock.published(IntentionReleased)].count(intention)
        assert met - released == (await dock.get(f"/intentions/{intention}")).body["matched"]
    assert await _open_by_events(dock) == await _open(dock, play.orders)
    dock.wait(1000)
    await dock.sweep()
    await _sound(dock)
    assert await _open_by_events(dock) == 0
    for order in play.orders:
        shown = await dock.show_order(order)
        assert (shown["reserved"], shown["state"]) == (0, "expired")


async def _open(dock: Dock, orders: list[str]) -> int:
    shown = [await dock.show_order(order) for order in orders]
    return sum(order["positions"] - order["reserved"] - order["filled"] for order in shown if order["state"] == "open")


async def _open_by_events(dock: Dock) -> int:
    """Open positions as a consumer sums them, which knows no order."""
    total = 0
    for event in await dock.published(Event):
        match event:
            case JobOrderOpened():
                total += event.positions
            case MatchedToEnterprise():
                total -= 1
            case PlacementCancelled() | DispatchVoided():
                total += event.reopens
            case JobOrderClosed() | JobOrderExpired():
                total -= event.unfilled
    return total


async def _events_add_up(dock: Dock) -> None:
    """What a consumer sums from the events alone is what the database says: dispatches, persons by year, stock."""
    totals: Counter[str] = Counter()
    for event in await dock.published(Dispatched, DispatchCorrected, DispatchVoided, Returned):
        for sign, fact, returned in _moves(event):
            totals["dispatches"] += sign
            totals["stock"] += sign * (not returned)
            totals[f"persons {fact.departed_on.year}"] += sign * fact.first_this_year
            totals["ever"] += sign * fact.first_ever
    async with dock.client.database.connection() as conn:
        rows = await conn.fetch("SELECT departed_on, first_ever, first_this_year, returned_on FROM dispatch WHERE voided IS NULL")
    expected: Counter[str] = Counter()
    for row in rows:
        expected["dispatches"] += 1
        expected["stock"] += row["returned_on"] is None
        expected[f"persons {row['departed_on'].year}"] += row["first_this_year"]
        expected["ever"] += row["first_ever"]
    assert +totals == +expected
    assert all(value >= 0 for value in totals.values())


def _moves(event: Event) -> list[tuple[int, Any, bool]]:
    if isinstance(event, Dispatched):
        return [(1, event.fact, False)]
    if isinstance(event, Returned):
        return [(-1, event.dispatch, False), (1, event.dispatch, True)]
    if isinstance(event, DispatchCorrected):
        return [(-1, event.previous, event.returned is not None), (1, event.fact, event.returned is not None)]
    assert isinstance(event, DispatchVoided)
    return [(-1, event.previous, event.returned is not None)]
