"""A file that may be replaced while the process runs: keys and secrets are rotated without a restart."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

logger = logging.getLogger("laowu.files")

T = TypeVar("T")
LOOK_SECONDS = 1.0


@dataclass(slots=True)
class RereadFile(Generic[T]):
    """What `parse` makes of the file's bytes; read anew once the file is another, which is looked at every second at most.

    `parse` raises OSError or ValueError for what is no such file, and so does the first read. Afterwards a file that is gone or wrong
    leaves what was read before and is tried again, with one line in the log: somebody may be in the middle of writing it.
    """

    path: Path
    parse: Callable[[bytes], T]
    now: Callable[[], float] = time.monotonic
    _value: T = field(init=False)
    _stamp: tuple[int, ...] = field(init=False)
    _look_at: float = field(init=False)
    _wrong: tuple[int, ...] | None = field(default=None, init=False)  # the stamp of a file that the log has named

    def __post_init__(self) -> None:
        self._stamp = self._seen()
        self._value = self.parse(self.path.read_bytes())
        self._look_at = self.now() + LOOK_SECONDS

    @property
    def value(self) -> T:
        if self.now() >= self._look_at:
            self._look_at = self.now() + LOOK_SECONDS
            self._look()
        return self._value

    def _look(self) -> None:
        seen: tuple[int, ...] = ()
        try:
            seen = self._seen()
            if seen == self._stamp:
                return
            self._value = self.parse(self.path.read_bytes())
        except (OSError, ValueError) as error:
            if seen != self._wrong:
                logger.error("%s cannot be read again, what it held before is used on: %s", self.path.name, type(error).__name__)  # noqa: TRY400
            self._wrong = seen
        else:
            self._stamp, self._wrong = seen, None
            logger.warning("%s was read again", self.path.name)

    def _seen(self) -> tuple[int, ...]:
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns


def secret_text(content: bytes) -> str:
    """Of a file with a secret and perhaps a line's end. Raises ValueError for an empty one."""
    if not (text := content.decode().strip()):
        raise ValueError("empty")
    return text
