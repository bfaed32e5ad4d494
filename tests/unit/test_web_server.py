"""The server that every process of ours runs."""

from __future__ import annotations

import asyncio
from itertools import count
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
    numbers = count(1)
    monkeypatch.setattr(web_server, "formatdate", lambda *, usegmt: f"date {next(numbers)}, GMT: {usegmt}")
    server = Server(uvicorn.Config(_answer, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as client:
        dates = [(await client.get(f"http://127.0.0.1:{port}/")).headers.getall("date") for _ in range(2)]
    assert [len(several) for several in dates] == [1, 1]
    assert dates[0] != dates[1]
    assert dates[0][0].endswith("GMT: True")
    server.leave()
    async with asyncio.timeout(5):
        await serving
