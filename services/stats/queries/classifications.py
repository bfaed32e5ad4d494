"""Lists of counties and designations, versioned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from shared.db import Tx

Kind = Literal["designations", "divisions"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which list, and by its digest what it says."""

    kind: Kind
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Entry:
    kind: Kind
    version: int
    digest: str
    size: int
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    entered_on: date


EDITIONS = """
SELECT DISTINCT ON (kind) kind, version, digest FROM list_version
WHERE $1::date IS NULL OR entered_on <= $1 ORDER BY kind, version DESC
"""
ROWS = "SELECT rows FROM list_version WHERE kind = $1 AND version = $2"
HISTORY = """
SELECT kind, version, digest, jsonb_array_length(rows) AS size, source, reason, entered_by, entered_at, entered_on
FROM list_version ORDER BY kind, version LIMIT 10000
"""
ADD = """
INSERT INTO list_version (kind, version, digest, rows, source, reason, entered_by, entered_at, entered_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (kind, version) DO NOTHING RETURNING true
"""


async def editions(tx: Tx, known_on: date | None) -> tuple[Edition, ...]:
    """The newest of each kind that was loaded by a day; a kind that was never loaded is as shipped."""
    return tuple(Edition(*row) for row in await tx.conn.fetch(EDITIONS, known_on))


async def rows(tx: Tx, edition: Edition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await tx.conn.fetchval(ROWS, edition.kind, edition.version)
    return found


async def history(tx: Tx) -> list[Entry]:
    return [Entry(*row) for row in await tx.conn.fetch(HISTORY)]


async def add(tx: Tx, entry: Entry, rows: list[dict[str, Any]]) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        ADD, entry.kind, entry.version, entry.digest, rows, entry.source, entry.reason, entry.entered_by, entry.entered_at, entry.entered_on
    )
    return bool(added)
