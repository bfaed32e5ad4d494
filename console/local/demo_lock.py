"""One demo at a time in a folder: the process that plays it holds an operating-system lock, which its end releases, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from console.errors import DemoPlaying
from console.local.home import Home

LOCK = "demo.lock"
RETRY_SECONDS = 0.5  # `is_playing` of another process takes the lock for an instant


@contextmanager
def playing(home: Home) -> Iterator[None]:
    """Hold the folder for a demo. Raises DemoPlaying when another plays in it."""
    home.folder.mkdir(parents=True, exist_ok=True)
    file = os.open(home.file(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + RETRY_SECONDS
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise DemoPlaying(_line(home))
            time.sleep(0.02)
        os.ftruncate(file, 0)
        since = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"
        os.pwrite(file, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield
    finally:
        os.close(file)


def is_playing(home: Home) -> bool:
    try:
        file = os.open(home.file(LOCK), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(file)
    finally:
        os.close(file)


def require_no_demo(home: Home) -> None:
    """Raises DemoPlaying."""
    if is_playing(home):
        raise DemoPlaying(_line(home))


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _line(home: Home) -> str:
    try:
        holder: dict[str, Any] = home.read(LOCK) or {}
    except ValueError:  # it is being written
        holder = {}
    who = f" (pid {holder['pid']}, since {holder['since']})" if holder else ""
    return f"a demo plays here{who}: wait for its end, or end it with Ctrl-C."
