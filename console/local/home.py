"""The folder of one local stack (`.laowu/` here, or LAOWU_HOME): what is remembered between its starts."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.errors import PortTaken
from console.local import processes
from console.local.processes import Identity
from console.services import SERVICES

CONSOLE = "console"  # the browser console: a process beside the services
MAIL = "mail"  # the mail server: keeps letters, sends none on
ENDING_SECONDS = 10.0  # for a killed process to end
PORTS = ("postgres", "kafka", "kafka-controller", *SERVICES, CONSOLE, MAIL)


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path

    @classmethod
    def here(cls) -> Home:
        return cls(Path(os.environ.get("LAOWU_HOME") or ".laowu").resolve())

    def file(self, name: str) -> Path:
        return self.folder / name

    def log(self, name: str) -> Path:
        """The log file of a process of the stack."""
        return self.folder / name / f"{name}.log" if name in {"kafka", "postgres"} else self.folder / "logs" / f"{name}.log"

    def read(self, name: str) -> Any:
        """A remembered JSON document; None when there is none."""
        try:
            return json.loads(self.file(name).read_text())
        except FileNotFoundError:
            return None

    def write(self, name: str, document: object) -> None:
        """Replaced at once, readable by its owner only: a reader sees the old or the new, never half of one."""
        write_private(self.file(name), json.dumps(document, indent=1))


def write_private(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.fresh")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)


def remove_folder(folder: Path) -> None:
    """Remove a folder that a start must never find half removed: it is renamed first."""
    doomed = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(doomed, ignore_errors=True)  # of a removal that was interrupted
    if folder.exists():
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


# --- one at a time -------------------------------------------------------------------------------------------------
def try_lock(home: Home) -> int | None:
    """A file descriptor that holds the stack's lock until it is closed by every process that has it; None when the stack is up."""
    home.folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(home.file("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def take_lock(home: Home) -> int | None:
    """As try_lock, but the lock of a supervisor that was killed is waited for: the last of its threads lets it go, which may end
    after its children did.
    """
    deadline = time.monotonic() + ENDING_SECONDS
    while (lock := try_lock(home)) is None:
        if is_supervised(home) or time.monotonic() > deadline:
            return None
        time.sleep(0.05)
    return lock


def supervisor(home: Home) -> Identity | None:
    """The last one, whether it lives or not."""
    known = home.read("supervisor.json")
    return Identity(**known) if known else None


def is_supervised(home: Home) -> bool:
    """Whether a supervisor lives (its processes may still be starting)."""
    last = supervisor(home)
    return last is not None and processes.alive(last)


def known_processes(home: Home) -> list[Identity]:
    """The processes that the last supervisor started."""
    return [Identity(**one) for one in home.read("processes.json") or []]


def end_leftovers(home: Home) -> int:
    """End what a supervisor that was killed left behind; the lock must be held. Returns how many there were."""
    ended = processes.end(known_processes(home))
    home.file("processes.json").unlink(missing_ok=True)
    return ended


# --- ports ---------------------------------------------------------------------------------------------------------
def ports(home: Home) -> dict[str, int]:
    """The stack's ports: free ones, chosen at the first start and kept. Raises PortTaken when another program uses one now."""
    known: dict[str, int] = home.read("ports.json") or {}
    missing = [name for name in PORTS if name not in known]
    for name, port in known.items():
        if not processes.is_free(port):
            raise PortTaken(
                f"port taken: {port}, remembered for {name}, is used by another program."
                f" Stop that program, or delete {home.file('ports.json')} to have new ports chosen."
            )
    if missing:
        known |= dict(zip(missing, processes.free_ports(len(missing), apart_from=known.values()), strict=True))
        home.write("ports.json", known)
    return known
