"""The server that every process of ours runs."""

from __future__ import annotations

import asyncio
from itertools import count
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import uvicorn

from shared.web import server as web_server
from shared.web.server import Server
from tests.support.wait import until


async def _answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_every_answer_has_its_own_date_and_the_server_ends_when_it_is_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(1_500_000_000)
    monkeypatch.setattr(web_server, "time", SimpleNamespace(time=lambda: next(seconds) + 0.5))
    server = Server(uvicorn.Config(_answer, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as client:
        dates = [(await client.get(f"http://127.0.0.1:{port}/")).headers.getall("date") for _ in range(2)]
    assert dates == [["Fri, 14 Jul 2017 02:40:00 GMT"], ["Fri, 14 Jul 2017 02:40:01 GMT"]]
    server.leave()
    async with asyncio.timeout(5):
        await serving
