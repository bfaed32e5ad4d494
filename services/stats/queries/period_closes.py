"""Closed periods: what was closed, at which positions of the logs, and reopened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared import rows
from shared.db import Tx
from shared.rows import Columns
from shared.values import PROGRAMME_ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    period: str
    version: int
    starts: date
    ends: date
    digest: str
    positions: list[list[Any]]  # topic, partition, next offset
    closed_by: str
    closed_at: datetime
    reopened_by: str | None = None
    reopened_at: datetime | None = None
    reason: str | None = None
    explanation: str | None = None

    @property
    def as_known_at(self) -> date:
        """The day whose end its figures are known at."""
        return self.closed_at.astimezone(PROGRAMME_ZONE).date()


CLOSE = Columns(
    Close,
    "period, version, starts, ends, digest, positions, closed_by, closed_at, reopened_by, reopened_at, reason, explanation",
)
LIST = CLOSE.select("FROM period_close ORDER BY period, version")
LIST_CLOSED = CLOSE.select("FROM period_close WHERE reopened_at IS NULL ORDER BY period")
GET_NEWEST_VERSION = "SELECT coalesce(max(version), 0) FROM period_close WHERE period = $1"
INSERT = """
INSERT INTO period_close (period, version, starts, ends, digest, positions, closed_by, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
UPDATE_REOPENED = """
UPDATE period_close SET reopened_by = $3, reopened_at = $4, reason = $5, explanation = $6 WHERE period = $1 AND version = $2
"""


async def list_(tx: Tx) -> list[Close]:
    """Every close, reopened ones included."""
    return await rows.fetch(tx.conn, LIST)


async def list_closed(tx: Tx) -> list[Close]:
    """The periods closed now."""
    return await rows.fetch(tx.conn, LIST_CLOSED)


async def get_newest_version(tx: Tx, period: str) -> int:
    """0: never closed."""
    found: int = await tx.conn.fetchval(GET_NEWEST_VERSION, period)
    return found


async def insert(tx: Tx, close: Close) -> None:
    await tx.conn.execute(
        INSERT, close.period, close.version, close.starts, close.ends, close.digest, close.positions, close.closed_by, close.closed_at
    )


async def update_reopened(tx: Tx, close: Close) -> None:
    await tx.conn.execute(
        UPDATE_REOPENED, close.period, close.version, close.reopened_by, close.reopened_at, close.reason, close.explanation
    )
