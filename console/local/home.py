"""The folder of one local stack (`.laowu/` here, or LAOWU_HOME): what is remembered between its starts."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import OKPKey

from console.errors import PortTaken
from console.local import processes
from console.local.processes import Identity
from shared.web.auth import new_key, public_keys

SERVICES = ("registration", "docking", "training", "rights", "stats")
PORTS = ("postgres", "kafka", "kafka-controller", *SERVICES)


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path

    @classmethod
    def here(cls) -> Home:
        return cls(Path(os.environ.get("LAOWU_HOME") or ".laowu").resolve())

    def file(self, name: str) -> Path:
        return self.folder / name

    def log(self, name: str) -> Path:
        """Where a process of the stack writes what it says."""
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


# --- one at a time -------------------------------------------------------------------------------------------------
def lock(home: Home) -> int | None:
    """A file descriptor that holds the stack's lock until it is closed by every process that has it; None when the stack is up."""
    home.folder.mkdir(parents=True, exist_ok=True)
    held = os.open(home.file("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def remembered(home: Home) -> list[Identity]:
    """The processes the last supervisor started."""
    return [Identity(**one) for one in home.read("processes.json") or []]


def sweep_up(home: Home) -> int:
    """End what a supervisor that was killed left behind; the lock must be held. Returns how many there were."""
    ended = processes.end(remembered(home))
    home.file("processes.json").unlink(missing_ok=True)
    return ended


# --- ports ---------------------------------------------------------------------------------------------------------
def ports(home: Home) -> dict[str, int]:
    """The stack's ports: chosen free the first time, the same ever after. Raises PortTaken when one is somebody else's now."""
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


# --- keys ----------------------------------------------------------------------------------------------------------
def auth_key(home: Home) -> OKPKey:
    """The key this stack's tokens are signed with, made the first time; the services get only its public half (auth.jwks.json)."""
    known = home.read("auth.json")
    if known is None:
        key = new_key()
        home.write("auth.jwks.json", public_keys([key]))
        home.write("auth.json", key.as_dict(private=True))
        return key
    return OKPKey.import_key(known)


def service_keys(home: Home) -> dict[str, dict[str, str]]:
    """Service -> the variables that hold its secrets, made the first time."""
    known: dict[str, str] | None = home.read("keys.json")
    if known is None:
        known = {
            name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("REGISTRATION_MASTER_KEY", "REGISTRATION_LOOKUP_KEY")
        }
        home.write("keys.json", known)
    signing = home.file("docking-signing.pem")
    if not signing.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(signing, pem.decode())
    return {"registration": known, "docking": {"DOCKING_SIGNING_KEY": str(signing)}}
