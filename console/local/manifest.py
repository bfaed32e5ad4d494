"""The manifest of a backup: what is in its folder, with checksums, and how far each database had come."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from console.errors import ConsoleError, raising_disk_full
from console.services import SERVICES

MANIFEST = "manifest.json"
MOST_BYTES = 1024 * 1024  # of a manifest
_READ = 1024 * 1024


class BackupDamaged(ConsoleError):
    """The folder holds no backup, or one that was cut short or altered."""


class BackupExists(ConsoleError):
    """The folder is there already; a backup never replaces another."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archived(_Part):
    """One file of a backup."""

    name: str = Field(pattern=r"^[a-z][a-z0-9.-]{0,63}$")
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Positions(_Part):
    """Of a database, in the snapshot that was dumped: the relay's epoch and next numbers, and the next offset of every log it reads."""

    epoch: int
    next_numbers: dict[str, int]
    next_offsets: dict[str, int]
    outbox: int
    migrations: int


class Database(_Part):
    """A service's database in a backup."""

    service: Literal["registration", "docking", "training", "rights", "stats"]
    file: Archived
    server: str  # version of the PostgreSQL server
    positions: Positions


class Manifest(_Part):
    """`holds`: databases or keys, never both: whoever finds the one can read no personal data without the other."""

    format: Literal[1] = 1
    holds: Literal["databases", "keys"]
    made_at: datetime
    databases: tuple[Database, ...] = Field(default=(), max_length=len(SERVICES))
    keys: tuple[Archived, ...] = Field(default=(), max_length=20)

    @property
    def files(self) -> tuple[Archived, ...]:
        return *(one.file for one in self.databases), *self.keys


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name when it is complete: what is cut short leaves no backup. Raises BackupExists, DiskFull."""
    if folder.exists():
        raise BackupExists(f"{folder} is there already: a backup never replaces another. Name a new folder.")
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    with raising_disk_full(folder.parent):
        partial.mkdir(parents=True, mode=0o700)
        try:
            yield partial
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def archived(file: Path) -> Archived:
    """The file as the manifest names it."""
    digest, size = _checksum(file)
    return Archived(name=file.name, size=size, sha256=digest)


def read(folder: Path) -> Manifest:
    """The manifest, every file of it compared with its checksum. Raises BackupDamaged."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            manifest = Manifest.model_validate_json(file.read(MOST_BYTES))
        for one in manifest.files:
            if _checksum(folder / one.name) != (one.sha256, one.size):
                raise BackupDamaged(f"{folder / one.name} is not what the manifest says: it was cut short or altered.")
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        raise BackupDamaged(f"{folder / MANIFEST} is no manifest of a backup: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None
    except OSError as error:
        raise BackupDamaged(f"{folder} holds no whole backup: {error.strerror}: {error.filename}") from None
    return manifest


def _checksum(file: Path) -> tuple[str, int]:
    """SHA-256 and size."""
    sha, size = hashlib.sha256(), 0
    with file.open("rb") as content:
        while block := content.read(_READ):
            sha.update(block)
            size += len(block)
    return sha.hexdigest(), size
