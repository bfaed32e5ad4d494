"""Published events as server-sent events over real HTTP: live, resumed, bounded."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from services.stats.api.stream import follow_stream
from services.stats.settings import policy
from shared.health import Health
from shared.principals import Role
from shared.running_service import RunningService
from shared.settings import Settings
from shared.web.auth import issue
from tests.support.http import SIGNING_KEY, Client
from tests.support.stats import POOR_WEST, counted, departure, dispatched, recorded


@dataclass(frozen=True, slots=True)
class StreamEvent:
    number: int | None
    kind: str
    data: Any


@dataclass(slots=True)
class Reader:
    response: aiohttp.ClientResponse

    async def next(self) -> StreamEvent:
        """The next event; comments and hints are passed over."""
        fields: dict[str, str] = {}
        async for raw in self.response.content:
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                break
        number = fields.get("id")
        return StreamEvent(int(number) if number else None, fields["event"], json.loads(fields["data"]))


@contextlib.asynccontextmanager
async def reading(stats: Client, last: int | None = None) -> AsyncIterator[Reader]:
    headers = {"authorization": f"Bearer {issue(SIGNING_KEY, stats.who)}"}
    if last is not None:
        headers["last-event-id"] = str(last)
    async with stats.session.get(f"{stats.base}/stream", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        yield Reader(response)


async def swept(stats: Client) -> int:
    acted: int = (await stats.speaking_as(Role.OPERATOR).post("/sweep")).body["acted"]
    return acted


async def published_so_far(stats: Client) -> int:
    stats.at = datetime(2018, 6, 1, tzinfo=UTC)
    await counted(stats.database, [recorded(dispatched(departure(POOR_WEST, date(2018, 5, 2))))])
    return await swept(stats)


async def test_published_events_are_streamed_in_order_as_on_the_topics(stats: Client) -> None:
    async with reading(stats, 0) as reader:
        count = await published_so_far(stats)
        seen = [await reader.next() for _ in range(count)]
    assert [event.number for event in seen] == list(range(1, count + 1))
    assert [event.data for event in seen] == [json.loads(json.dumps(document)) for document in await published(stats)]
    assert {event.kind for event in seen} >= {"stats.FigurePublished.v1", "stats.QuotaStatusChanged.v1"}


async def published(stats: Client) -> list[Any]:
    async with stats.database.connection() as conn:
        return [json.loads(row["value"]) for row in await conn.fetch("SELECT value FROM outbox ORDER BY id")]


async def test_a_reader_that_comes_back_with_its_last_number_misses_nothing(stats: Client) -> None:
    count = await published_so_far(stats)
    async with reading(stats, count - 2) as reader:
        assert [(await reader.next()).number for _ in range(2)] == [count - 1, count]
        await counted(stats.database, [recorded(dispatched(departure(POOR_WEST, date(2018, 5, 3))))])
        assert await swept(stats) > 0
        assert (await reader.next()).number == count + 1


async def test_without_a_number_a_reader_gets_what_is_published_from_now_on(stats: Client) -> None:
    count = await published_so_far(stats)
    async with reading(stats) as reader:
        first = await reader.response.content.readline()  # it is listening, and says after which number
        assert first == f"id: {count}\n".encode()
        await counted(stats.database, [recorded(dispatched(departure(POOR_WEST, date(2018, 5, 3))))])
        await swept(stats)
        assert (await reader.next()).number == count + 1


async def test_a_reader_that_was_away_too_long_gets_a_reset(stats: Client) -> None:
    count = await published_so_far(stats)
    async with stats.database.connection() as conn:
        await conn.execute("DELETE FROM stream_event WHERE id <= 5")
    async with reading(stats, 2) as reader:
        reset, first = await reader.next(), await reader.next()
    assert (reset.kind, reset.number, reset.data) == ("reset", None, {"oldest": 6, "newest": count})
    assert first.number == 6
    async with reading(stats, count + 100) as reader:
        assert (await reader.next()).kind == "reset"


async def test_what_is_published_as_soon_as_a_reader_is_connected_is_not_missed(stats: Client, config: Settings) -> None:
    service = RunningService(name="stats", database=stats.database, settings=config, health=Health())
    answer: Any = await follow_stream(cast("Any", SimpleNamespace(service=service)), None)  # now its status is sent
    count = await published_so_far(stats)
    async with contextlib.aclosing(answer.body_iterator) as frames:
        for _ in range(count):
            assert b"event: stats." in await anext(frames)


async def test_no_more_streams_are_served_than_a_process_can(stats: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATS_STREAM_CLIENTS", "1")
    policy.cache_clear()
    try:
        async with reading(stats) as reader:
            await reader.response.content.readline()
            answer = await stats.get("/stream")
            assert (answer.status, answer.code) == (429, "STREAM_FULL")
    finally:
        policy.cache_clear()


async def test_a_stream_is_for_readers_of_figures(stats: Client) -> None:
    assert (await stats.speaking_as(Role.CLERK).get("/stream")).status == 403
    bad = await stats.send("GET", "/stream", headers={"last-event-id": "-1"})
    assert (bad.status, bad.code) == (422, "INVALID")
