"""A training centre's world: matches and cancellations as docking publishes them, sessions, rosters. Through commands and events only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import reference
from shared.db import Database
from shared.events import Dispatched, Event, MatchedToEnterprise, PlacementCancelled
from shared.principals import NATION, Role
from shared.values import (
    Channel,
    CountyCode,
    Destination,
    EnterpriseId,
    Occupation,
    OrderId,
    PlacementId,
    WorkerId,
    new_id,
)
from tests.support.http import Answer, Client, serving
from tests.support.stats import departure
from tests.support.visit import Visit

START = date(2018, 3, 1)
CENTRE = "centre-1"
DAYS = 5
FULL_DAY = 480  # minutes
COUNTY = CountyCode("370102")
JAPAN = Destination("JPN")
BRICKLAYER = Occupation("7112")


@dataclass(frozen=True, kw_only=True)
class Match:
    """A placement at its beginning: a bricklayer for Japan unless stated otherwise."""

    placement: PlacementId
    worker: WorkerId
    county: CountyCode = COUNTY
    destination: Destination = JAPAN
    occupation: Occupation = BRICKLAYER

    @property
    def worker_no(self) -> str:
        return f"W{self.worker.hex[-8:]}"

    def _codes(self, on: date) -> dict[str, Any]:
        return {
            "placement": self.placement,
            "worker": self.worker,
            "order": OrderId(new_id()),
            "enterprise": EnterpriseId(new_id()),
            "origin": reference.origin(self.county, on),
            "destination": self.destination,
            "occupation": self.occupation,
            "channel": Channel.LABOUR_COOPERATION,
            "effective": on,
        }

    def made(self, on: date) -> Event:
        return MatchedToEnterprise(
            **self._codes(on),
            score=800,
            reasons=(),
            quota_effect=None,
            policy_version="test",
            due=on + timedelta(days=45),
            worker_no=self.worker_no,
        )

    def cancelled(self, on: date) -> Event:
        return PlacementCancelled(**self._codes(on), reason="worker")

    def departed(self, on: date) -> Event:
        fact = departure(self.county, on, destination=self.destination, occupation=self.occupation)
        return Dispatched(placement=self.placement, worker=self.worker, fact=fact)


@dataclass
class School(Visit):
    """Training, on a day that the test moves."""

    today: date = START
    teaching_at: str = CENTRE

    @property
    def trainer(self) -> Client:
        return self.client.speaking_as(Role.TRAINER, party=self.teaching_at, subject="li-trainer")

    @property
    def assessor(self) -> Client:
        return self.client.speaking_as(Role.ASSESSOR, subject="wu-assessor")

    async def post(self, path: str, body: Any = None, *, who: Client | None = None, key: str | None = None) -> Answer:
        return await self.at(who or self.trainer).post(path, {} if body is None else body, key=key)

    # --- the world
    def a_centre(self, centre: str = CENTRE, number: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "centre": centre,
            "licence_no": f"37{number:03d}",
            "region": "370000",
            "valid_from": "2016-01-01",
            "valid_to": "2025-12-31",
            "capacity": 100_000,
            "trainers": ["li-trainer"],
            "assessors": ["wu-assessor"],
            **changes,
        }

    async def centre(self, centre: str = CENTRE, number: int = 1, **changes: Any) -> str:
        answer = await self.post("/centres", self.a_centre(centre, number, **changes), who=self.client)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    async def course(self, **changes: Any) -> str:
        body = {"destination": "JPN", "occupation": "71", "minimum_minutes": DAYS * FULL_DAY * 9 // 10, **changes}
        answer = await self.post("/courses", body)
        assert answer.status == 201, answer.body
        return str(answer.body["course"])

    async def session(self, seats: int = 10, *, course: str | None = None, starts_in: int = 7, **changes: Any) -> str:
        answer = await self.post(f"/courses/{course or await self.course()}/sessions", self.a_session(seats, starts_in, **changes))
        assert answer.status == 201, answer.body
        return str(answer.body["session"])

    def a_session(self, seats: int = 10, starts_in: int = 7, **changes: Any) -> dict[str, Any]:
        start = self.today + timedelta(days=starts_in)
        end = start + timedelta(days=DAYS - 1)
        return {"starts_on": start.isoformat(), "ends_on": end.isoformat(), "seats": seats, "trainer": "li-trainer", **changes}

    async def match(self, **changes: Any) -> Match:
        made = Match(**{"placement": new_id(), "worker": new_id(), **changes})
        await self.consume(made.made(self.today))
        return made

    async def cancel(self, match: Match) -> None:
        await self.consume(match.cancelled(self.today))

    async def depart(self, match: Match) -> None:
        await self.consume(match.departed(self.today))

    # --- a session's days
    async def attend(self, session: str, *, days: int = DAYS, minutes: int = FULL_DAY, only: list[str] | None = None) -> None:
        """The roster attends the first `days` days; today becomes the last of them."""
        shown = await self.get(f"/sessions/{session}")
        start = date.fromisoformat(shown.body["starts_on"])
        roster = only or [one["enrolment"] for one in shown.body["roster"] if one["state"] == "enrolled"]
        for number in range(days):
            self.today = start + timedelta(days=number)
            answer = await self.post(f"/sessions/{session}/attendance", self.present(roster, minutes))
            assert answer.status == 200, answer.body

    def present(self, roster: list[str], minutes: int = FULL_DAY) -> dict[str, Any]:
        return {"day": self.today.isoformat(), "entries": [{"enrolment": one, "minutes": minutes} for one in roster]}

    async def assess(self, session: str, scores: dict[str, int], *, who: Client | None = None) -> Answer:
        body = {"entries": [{"enrolment": one, "score": score} for one, score in scores.items()]}
        return await self.post(f"/sessions/{session}/assessments", body, who=who or self.assessor)

    async def certify(self, session: str, **body: Any) -> Answer:
        return await self.post(f"/sessions/{session}/certificates", body)

    async def certified(self, match: Match | None = None) -> tuple[Match, str]:
        """A placement whose worker holds a certificate, and its serial."""
        session = await self.session(1)
        made = match or await self.match()
        if match is not None:
            await self.consume(match.made(self.today))
        enrolment = await self.enrolment(made)
        await self.attend(session)
        assert (await self.assess(session, {enrolment["enrolment"]: 80})).status == 200
        issued = await self.certify(session)
        assert issued.status == 201, issued.body
        return made, str(issued.body["issued"][0]["serial"])

    # --- what came of it
    async def enrolments(self, **query: Any) -> list[dict[str, Any]]:
        return list((await self.get("/enrolments", **query)).body["items"])

    async def enrolment(self, match: Match) -> dict[str, Any]:
        """The newest one of the placement."""
        return (await self.enrolments(placement=match.placement))[-1]

    async def waiting(self, state: str = "open") -> list[UUID]:
        """Placements whose needs are in this state."""
        return [UUID(one["placement"]) for one in (await self.get("/needs", state=state)).body["items"]]


@pytest.fixture
async def school(make_database: Any) -> AsyncIterator[School]:
    """A running training service on a fresh database, with one licensed centre."""
    database: Database = await make_database("training")
    async with serving("training", database) as client:
        running = School(client.speaking_as(Role.OFFICER, regions=(NATION,)))
        await running.centre()
        yield running
