"""Monthly rates, versioned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shared import rows
from shared.db import Tx
from shared.rows import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    currency: str
    month: date
    version: int
    yuan_per_unit: Decimal
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    entered_on: date


RATE = Columns(Rate, "currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on")
LIST_IN_FORCE = """
SELECT DISTINCT ON (currency, month) currency, month, yuan_per_unit FROM fx_rate
WHERE $1::date IS NULL OR entered_on <= $1 ORDER BY currency, month, version DESC
"""
LIST_VERSIONS = RATE.select("FROM fx_rate WHERE ($1::text IS NULL OR currency = $1) ORDER BY currency, month, version LIMIT 10000")
GET_NEWEST_VERSION = "SELECT coalesce(max(version), 0) FROM fx_rate WHERE currency = $1 AND month = $2"
GET_COUNT = "SELECT count(*) FROM fx_rate"
INSERT = """
INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (currency, month, version) DO NOTHING RETURNING true
"""
RatesByMonth = dict[str, dict[date | None, Decimal]]  # currency: month: yuan per unit


async def list_in_force(tx: Tx, known_on: date | None) -> RatesByMonth:
    """The newest versions entered by a day."""
    found: RatesByMonth = {}
    for currency, month, yuan_per_unit in await tx.conn.fetch(LIST_IN_FORCE, known_on):
        found.setdefault(currency, {})[month] = yuan_per_unit
    return found


async def list_versions(tx: Tx, currency: str | None) -> list[Rate]:
    """Every version of every rate."""
    return await rows.fetch(tx.conn, LIST_VERSIONS, currency)


async def get_newest_version(tx: Tx, currency: str, month: date) -> int:
    """0: none."""
    found: int = await tx.conn.fetchval(GET_NEWEST_VERSION, currency, month)
    return found


async def get_count(tx: Tx) -> int:
    """Of versions: it grows with every rate entered."""
    count: int = await tx.conn.fetchval(GET_COUNT)
    return count


async def insert(tx: Tx, rate: Rate) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        INSERT,
        rate.currency,
        rate.month,
        rate.version,
        rate.yuan_per_unit,
        rate.source,
        rate.reason,
        rate.entered_by,
        rate.entered_at,
        rate.entered_on,
    )
    return bool(added)
