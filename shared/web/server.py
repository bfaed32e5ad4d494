"""uvicorn's server as every process here runs it: who starts it decides when it ends, and it sleeps while nothing comes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from email.utils import formatdate
from functools import lru_cache

import uvicorn
from uvicorn.server import ServerState


class Server(uvicorn.Server):
    """Leaves signals to who runs it, and ends once `leave` says so."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = _DatedState(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Uvicorn's own wakes ten times a second, to look whether it is to leave and to renew the header Date."""
        await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _DatedState(ServerState):
    """The header Date is made when a request comes, the first in its second."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config = config
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"date", _date(int(time.time()))), *self._config.encoded_headers]

    @default_headers.setter
    def default_headers(self, value: list[tuple[bytes, bytes]]) -> None:
        """What uvicorn begins with is none."""


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
