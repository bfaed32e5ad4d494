"""The base of every error that a command reports in one line on stderr, and the errors of the local stack."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ConsoleError(Exception):
    """A command cannot do what it was asked; the message is one line that says what to do about it."""


class NoNetwork(ConsoleError):
    """Kafka's jars are not here yet and cannot be downloaded."""


class PortTaken(ConsoleError):
    """A port this stack remembers is used by another program."""


class DiskFull(ConsoleError):
    """There is too little room for the stack's data."""


class NoJava(ConsoleError):
    """The Java runtime is missing or of the wrong version."""


class NotStarted(ConsoleError):
    """A process of the stack ended, or did not get ready in time."""


class NotRunning(ConsoleError):
    """The command needs a running stack."""


class WrongMode(ConsoleError):
    """The stack is up, but not in the mode asked for."""


class DemoPlaying(ConsoleError):
    """A demo plays in this folder, and the command would disturb it."""


def require_space(folder: Path, megabytes: int) -> None:
    """Raises DiskFull when the file system of `folder` has less room than that."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < megabytes:
        raise DiskFull(f"disk full: {free} MB free in {folder}, {megabytes} MB needed. Make room or set LAOWU_HOME to another folder.")


@contextmanager
def raising_disk_full(folder: Path) -> Iterator[None]:
    """Raises DiskFull where writing below `folder` finds the disk full."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFull(f"disk full while writing below {folder}. Make room or set LAOWU_HOME to another folder.") from None
