"""What stats publishes while somebody looks: server-sent events, resumed where they were cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from console.api_client import ApiClient
from shared.backoff import backoff

SILENCE = 35.0  # seconds: stats sends a sign of life every 15
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
LONGEST_LINE = 2**20


@dataclass(frozen=True, slots=True)
class Connected:
    """Events are heard from here on."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is lost, or refused with a status; it is tried again."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """More was published meanwhile than is kept: the figures have to be read again."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing was published for a while: all up to `number` has been heard."""

    number: int


@dataclass(frozen=True, slots=True)
class Published:
    """An event as on the topics: its envelope."""

    number: int
    envelope: dict[str, Any]

    @property
    def kind(self) -> str:
        """The name of its class, such as FigurePublished."""
        return event_class(self.envelope["type"])


def event_class(type_name: str) -> str:
    """Dispatched, of docking.Dispatched.v1."""
    return type_name.split(".")[1]


Signal = Connected | Lost | Missed | Alive | Published


class Refused(Exception):
    """Stats answers with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def follow(client: ApiClient) -> AsyncGenerator[Signal, None]:
    """For ever: whoever is no longer interested closes it. After every loss it goes on after the last number it has seen."""
    last: int | None = None
    failures = 0
    while True:
        status = None
        try:
            token = client.token(client.role, client.party)
            async for signal in connection(client.session, client.addresses["stats"], token, last):
                failures = 0
                if isinstance(signal, Published | Alive):
                    last = signal.number
                yield signal
        except Refused as refused:
            status = refused.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            pass
        yield Lost(status)
        await asyncio.sleep(backoff(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE))
        failures += 1


async def connection(
    http: aiohttp.ClientSession, address: str, token: str | None, last: int | None
) -> AsyncIterator[Connected | Missed | Alive | Published]:
    """The stream of stats, which is at `address`, after number `last` (None: from now on), until it ends.

    Raises Refused, and when it is lost aiohttp.ClientError, TimeoutError, OSError, ValueError (cut off in the middle of a line).
    """
    headers = {"authorization": f"Bearer {token}"}
    if last is not None:
        headers["last-event-id"] = str(last)
    timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=SILENCE)
    async with http.get(f"{address}/stream", headers=headers, timeout=timeout, read_bufsize=LONGEST_LINE) as response:
        if response.status != 200:
            raise Refused(response.status)
        yield Connected()
        async for fields in _frames(response.content):
            if "event" not in fields:
                yield Alive(int(fields["id"]))
            elif fields["event"] == "reset":
                yield Missed()
            else:
                yield Published(int(fields["id"]), json.loads(fields["data"]))


async def _frames(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, str]]:
    """The fields of one event after the other; comments are signs of life only."""
    fields: dict[str, str] = {}
    async for raw in content:
        line = raw.decode().rstrip("\n")
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields
            fields = {}
