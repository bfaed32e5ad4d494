"""Everything that can keep the local stack from running, each said in one line to whoever typed the command."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Trouble(Exception):
    """The local stack cannot do what was asked; the message is one line that says what to do about it."""


class NoNetwork(Trouble):
    """Kafka's jars are not here yet and cannot be downloaded."""


class PortTaken(Trouble):
    """A port this stack remembers is used by another program."""


class DiskFull(Trouble):
    """There is too little room for the stack's data."""


class NoJava(Trouble):
    """The Java runtime is missing or of the wrong version."""


class NotStarted(Trouble):
    """A process of the stack ended, or did not get ready in time."""


class NotRunning(Trouble):
    """The command needs a running stack."""


def require_space(folder: Path, megabytes: int) -> None:
    """Raises DiskFull when the file system of `folder` has less room than that."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < megabytes:
        raise DiskFull(f"disk full: {free} MB free in {folder}, {megabytes} MB needed. Make room or set LAOWU_HOME to another folder.")


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Raises DiskFull where writing below `folder` finds the disk full."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFull(f"disk full while writing below {folder}. Make room or set LAOWU_HOME to another folder.") from None
