"""Operating-system processes: start them so that none survives its starter, recognise them again, stop them within a bound."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

CHILD = Path(__file__).with_name("exec_child.py")
# For glibc, in every process of ours, as the Dockerfile has it: arenas per thread would take tens of MB more each; and what a batch of
# stats has given back to the kernel the next one takes again page by page, which was a quarter of the time in which records are read.
MALLOC: Mapping[str, str] = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "134217728"}
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a longer log is set aside when its process starts again


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """How to start one process, and how to stop it."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)  # added to the starter's own
    account: str | None = None  # another account to run as (needs root)
    orphan_signal: signal.Signals | None = signal.SIGKILL  # what it gets when its starter dies; None: it stays
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0  # after this long the stop is made hard


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that a re-used pid cannot be mistaken for: the pid and when it started (seconds since the epoch)."""

    pid: int
    started: float


def spawn(spec: Spec) -> subprocess.Popen[bytes]:
    """Start it in a session of its own (a terminal's Ctrl-C reaches the starter only), output appended to its log."""
    if spec.log.exists() and spec.log.stat().st_size > LOG_LIMIT:
        spec.log.replace(spec.log.with_suffix(".old"))
    prefix = [sys.executable, "-ISs", str(CHILD), str(int(spec.orphan_signal or 0)), spec.account or "-", str(os.getpid())]
    with spec.log.open("ab") as log:
        return subprocess.Popen(
            [*prefix, *spec.command],
            env={**os.environ, **spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def identity(pid: int) -> Identity | None:
    """None when there is no such process, or only its zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, process.create_time())
    except psutil.Error:
        return None


def alive(who: Identity) -> bool:
    now = identity(who.pid)
    return now is not None and abs(now.started - who.started) < 1.0


def stop(process: subprocess.Popen[bytes], spec: Spec) -> bool:
    """Ask, wait `stop_seconds`, kill. True when asking was enough."""
    if process.poll() is not None:
        return True
    process.send_signal(spec.stop_signal)
    try:
        process.wait(spec.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


async def wait_for_end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        await _wait_for_end(process.pid)
        process.poll()


async def wait_for_parent(pid: int) -> None:
    """Until the process that has started this one has ended."""
    if os.getppid() == pid:  # else it has already
        with suppress(ProcessLookupError):
            await _wait_for_end(pid)


async def _wait_for_end(pid: int) -> None:
    """The kernel tells by its pidfd: nobody has to look."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def end(leftovers: Iterable[Identity], *, seconds: float = 10.0) -> int:
    """End processes an earlier run left behind: SIGTERM, then SIGKILL. Returns how many there were."""
    found = []
    for who in leftovers:
        if alive(who):
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(who.pid))
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=seconds)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=seconds)
    return len(found)


def working_in(folder: Path) -> list[Identity]:
    """Processes whose working folder is `folder`: how the processes of a PostgreSQL server, orphaned ones too, are found."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder):
                found.append(Identity(process.pid, process.create_time()))
    return found


def free_ports(count: int, apart_from: Iterable[int] = ()) -> list[int]:
    """Loopback ports free at this moment, all different: of LAOWU_PORTS ("20000-31999"), or else below those that the system gives to
    outgoing connections (32768 on Linux). Two who choose at the same moment need ports of their own, since a port is held only once
    somebody listens.
    """
    first, last = map(int, os.environ.get("LAOWU_PORTS", "20000-31999").split("-"))
    chosen: list[int] = []
    taken = set(apart_from)
    for port in random.sample(range(first, last + 1), last + 1 - first):
        if len(chosen) == count:
            break
        if port not in taken and is_free(port):
            chosen.append(port)
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
