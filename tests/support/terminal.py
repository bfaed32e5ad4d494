"""A command in a pseudo-terminal: what it draws, its keyboard, its size."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from tests.support.wait import until

CONTROL = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_a-z=>])")
SIZE = frozenset({"COLUMNS", "LINES"})  # where they are set, as in pytest-xdist's processes, a terminal seems never to change


@dataclass(slots=True)
class Terminal:
    """`drawn`: everything the command has sent so far, its control sequences too."""

    file: int
    process: subprocess.Popen[bytes]
    drawn: bytes = b""

    def text_since(self, mark: int) -> str:
        """What was drawn after so many bytes, without control sequences."""
        return CONTROL.sub(b"", self.drawn[mark:]).decode(errors="replace")

    async def until_drawn(self, text: str, mark: int = 0, seconds: float = 20) -> None:
        def drawn() -> bool:
            return text in self.text_since(mark)

        try:
            await until(drawn, seconds)
        except AssertionError:
            last = self.text_since(max(mark, len(self.drawn) - 4000))
            raise AssertionError(f"{text!r} not drawn within {seconds:g} s; last: {last!r}") from None

    def press(self, keys: str) -> None:
        os.write(self.file, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """The kernel signals the command (SIGWINCH)."""
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    async def ended(self, seconds: float = 20) -> int:
        """The exit status."""
        await until(lambda: self.process.poll() is not None, seconds, "the command to end")
        return int(self.process.returncode)


@contextlib.asynccontextmanager
async def in_terminal(
    command: Sequence[str], environment: Mapping[str, str], *, columns: int = 80, lines: int = 24
) -> AsyncIterator[Terminal]:
    """The command, its terminal being its standard input, output and error, and its controlling terminal."""
    terminal = _start(command, environment, (columns, lines))
    ours, process = terminal.file, terminal.process
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            terminal.drawn += os.read(ours, 65536)
        except BlockingIOError:
            return
        except OSError:  # the command has ended
            loop.remove_reader(ours)

    loop.add_reader(ours, read)
    try:
        yield terminal
    finally:
        loop.remove_reader(ours)
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        os.close(ours)


def _start(command: Sequence[str], environment: Mapping[str, str], size: tuple[int, int]) -> Terminal:
    variables = {name: value for name, value in environment.items() if name not in SIZE}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    try:
        process = subprocess.Popen(["setsid", "--ctty", "--wait", *command], env=variables, stdin=theirs, stdout=theirs, stderr=theirs)
    finally:
        os.close(theirs)
    os.set_blocking(ours, False)
    return Terminal(ours, process)
