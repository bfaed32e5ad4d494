"""The mail server of a local stack: takes every letter, sends none on, and keeps the newest as files that `laowu mail` shows.

python -m console.local.mail_sink HOME PORT [HOST]      # until SIGTERM; on loopback unless a host is named
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from console.local.home import Home, write_private

MOST_LETTERS, MOST_BYTES = 1000, 256 * 1024
ENDING = ".eml"
LOOPBACK = "127.0.0.1"


@dataclass  # without slots: aiosmtpd looks at every attribute, which Python 3.11.2 refuses of a slotted dataclass
class Keeper:
    """What aiosmtpd hands letters to."""

    folder: Path
    _numbers: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd calls it so
        name = f"{time.time_ns():020d}-{next(self._numbers):06d}{ENDING}"  # in the order in which they came
        write_private(self.folder / name, envelope.content.decode("utf-8", "replace").replace("\r\n", "\n"))
        for old in letters(self.folder)[:-MOST_LETTERS]:
            old.unlink(missing_ok=True)
        return "250 kept"


def mail_folder(home: Home) -> Path:
    return home.file("mail")


def letters(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(folder.glob(f"*{ENDING}"))


@contextlib.asynccontextmanager
async def keeping(folder: Path, port: int = 0, host: str = LOOPBACK) -> AsyncIterator[int]:
    """A mail server that keeps letters in the folder; gives its port."""
    keeper = Keeper(folder)

    def talk() -> SMTP:
        return SMTP(keeper, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, hostname="localhost", ident="laowu", timeout=30)

    server = await asyncio.get_running_loop().create_server(talk, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def main(folder: Path, port: int, host: str = LOOPBACK) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with keeping(folder, port, host):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(mail_folder(Home(Path(sys.argv[1]))), int(sys.argv[2]), *sys.argv[3:]))
