"""A service called over HTTP on a day that the test moves, and the events it consumes and publishes meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from shared.db import Cause
from shared.delivery.inbox import Bulk
from shared.events import Event, EventEnvelope
from shared.principals import Role, system
from shared.values import Clock
from tests.support.http import Answer, Client, service_of
from tests.support.recording import noon, recorded


@dataclass
class Visit:
    """`client` speaks for whoever a request does not name."""

    client: Client
    today: date

    def at(self, who: Client | None = None) -> Client:
        """The caller, at noon of the test's day."""
        return replace(who or self.client, at=noon(self.today))

    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    async def post(self, path: str, body: Any = None, *, who: Client | None = None, key: str | None = None) -> Answer:
        return await self.at(who).post(path, {} if body is None else body, key=key)

    async def get(self, path: str, *, who: Client | None = None, **query: Any) -> Answer:
        return await self.at(who).get(path, **query)

    async def consume(self, *events: EventEnvelope[Event] | Event, at: datetime | None = None) -> None:
        """Apply events as the service's consumer applies a batch; those without an envelope are recorded `at`, or today."""
        name, moment = self.client.service.name, at or noon(self.today)
        apply = service_of(name).apply
        assert apply is not None
        assert not isinstance(apply, Bulk)
        batch = [one if isinstance(one, EventEnvelope) else recorded(one, moment) for one in events]
        async with self.client.database.transaction(Cause(principal=system(name), clock=Clock(moment))) as tx:
            await apply(tx, batch)

    async def sweep(self) -> int:
        """Act on everything overdue today; how many there were."""
        total, acted = 0, 1
        operator = self.client.speaking_as(Role.OPERATOR)
        while acted:
            acted = (await self.post("/sweep", who=operator)).body["acted"]
            total += acted
        return total

    async def published(self, *kinds: type[Event]) -> list[Any]:
        """Data of the published events of these classes, oldest first."""
        return [event.data for event in await self.client.published() if isinstance(event.data, kinds)]
