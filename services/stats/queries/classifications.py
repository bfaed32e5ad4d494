"""Designation lists and divisions, versioned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from shared import rows
from shared.db import Tx
from shared.rows import Columns

Kind = Literal["designations", "divisions"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Edition:
    """Which version of a list is in force, and by its digest what it says."""

    kind: Kind
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVersion:
    """A version of a list without its rows; `size`: how many these are."""

    kind: Kind
    version: int
    digest: str
    size: int
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    entered_on: date


EDITION = Columns(Edition, "kind, version, digest")
LIST_IN_FORCE = EDITION.select("""
FROM list_version
WHERE (kind, version) IN (SELECT kind, max(version) FROM list_version WHERE $1::date IS NULL OR entered_on <= $1 GROUP BY kind)
ORDER BY kind
""")
GET_ROWS = "SELECT rows FROM list_version WHERE kind = $1 AND version = $2"
VERSION = Columns(
    ListVersion, "kind, version, digest, jsonb_array_length(rows) AS size, source, reason, entered_by, entered_at, entered_on"
)
LIST = VERSION.select("FROM list_version ORDER BY kind, version LIMIT 10000")
INSERT = """
INSERT INTO list_version (kind, version, digest, rows, source, reason, entered_by, entered_at, entered_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (kind, version) DO NOTHING RETURNING true
"""


async def list_in_force(tx: Tx, known_on: date | None) -> tuple[Edition, ...]:
    """The newest of each kind that was loaded by a day; a kind that was never loaded is as shipped."""
    return tuple(await rows.fetch(tx.conn, LIST_IN_FORCE, known_on))


async def get_rows(tx: Tx, edition: Edition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await tx.conn.fetchval(GET_ROWS, edition.kind, edition.version)
    return found


async def list_(tx: Tx) -> list[ListVersion]:
    """Every version of every list that was loaded."""
    return await rows.fetch(tx.conn, LIST)


async def insert(tx: Tx, entered: ListVersion, listed: list[dict[str, Any]]) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        INSERT,
        entered.kind,
        entered.version,
        entered.digest,
        listed,
        entered.source,
        entered.reason,
        entered.entered_by,
        entered.entered_at,
        entered.entered_on,
    )
    return bool(added)
