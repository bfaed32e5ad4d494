"""The console's requests to services whose connections end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from console.web.backend import PathRefused, filled, open_backend

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@dataclass(slots=True)
class Ending:
    """A service that answers `answers[n]` requests of its nth connection and closes it at the next one."""

    answers: list[int]
    keys: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(self.answers.pop(0) if self.answers else 0):
            await self._request(reader)
            writer.write(ANSWER)
        await self._request(reader)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split("\r\n")[0] or 0)
        await reader.readexactly(length)
        self.keys.append(head.partition("idempotency-key: ")[2].split("\r\n")[0])


async def _statuses(service: Ending, requests: int) -> list[int]:
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_backend({"registration": f"http://127.0.0.1:{port}"}) as backend:
        return [(await backend.command("registration", "/workers", {}, f"key-{number}")).status for number in range(requests)]


async def test_a_command_whose_connection_was_closed_is_sent_once_more_with_its_key() -> None:
    service = Ending([1, 1])
    assert await _statuses(service, 2) == [200, 200]
    assert service.keys == ["key-0", "key-1", "key-1"]


async def test_a_service_that_closes_every_connection_is_away() -> None:
    service = Ending([])
    assert await _statuses(service, 1) == [503]
    assert service.keys == ["key-0", "key-0"]


@pytest.mark.parametrize("part", [".", ".."])
def test_no_part_of_a_path_is_a_step_to_another_operation(part: str) -> None:
    with pytest.raises(PathRefused) as refused:
        filled("/workers/{worker}/personal-data/copy", {"worker": part})
    assert (refused.value.answer.status, refused.value.answer.code) == (404, "NOT_FOUND")
    assert filled("/workers/{worker}", {"worker": "../a"}) == "/workers/..%2Fa"
