"""Plans entered, by code and version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Programme:
    code: str
    version: int
    document: dict[str, Any]
    reason: str
    entered_by: str
    entered_at: datetime


PROGRAMMES_IN_FORCE = """
SELECT DISTINCT ON (code) code, version, document, reason, entered_by, entered_at FROM programme ORDER BY code, version DESC
"""
PROGRAMME = """
SELECT code, version, document, reason, entered_by, entered_at FROM programme WHERE code = $1 ORDER BY version DESC LIMIT 1
"""
PROGRAMME_VERSIONS = """
SELECT code, version, document, reason, entered_by, entered_at FROM programme WHERE code = $1 ORDER BY version
"""
ADD_PROGRAMME = """
INSERT INTO programme (code, version, document, reason, entered_by, entered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code, version) DO NOTHING RETURNING true
"""


async def programmes_in_force(tx: Tx) -> list[Programme]:
    return [Programme(*row) for row in await tx.conn.fetch(PROGRAMMES_IN_FORCE)]


async def programme(tx: Tx, code: str) -> Programme | None:
    row = await tx.conn.fetchrow(PROGRAMME, code)
    return None if row is None else Programme(*row)


async def programme_versions(tx: Tx, code: str) -> list[Programme]:
    return [Programme(*row) for row in await tx.conn.fetch(PROGRAMME_VERSIONS, code)]


async def add_programme(tx: Tx, entry: Programme) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        ADD_PROGRAMME, entry.code, entry.version, entry.document, entry.reason, entry.entered_by, entry.entered_at
    )
    return bool(added)
