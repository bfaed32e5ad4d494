"""Monthly rates, versioned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shared.db import Tx


@dataclass(frozen=True, slots=True)
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


RATES = """
SELECT DISTINCT ON (currency, month) currency, month, yuan_per_unit FROM fx_rate
WHERE $1::date IS NULL OR entered_on <= $1 ORDER BY currency, month, version DESC
"""
RATE_HISTORY = """
SELECT currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on FROM fx_rate
WHERE ($1::text IS NULL OR currency = $1) ORDER BY currency, month, version LIMIT 10000
"""
NEWEST_RATE = "SELECT coalesce(max(version), 0) FROM fx_rate WHERE currency = $1 AND month = $2"
RATE_COUNT = "SELECT count(*) FROM fx_rate"
ADD_RATE = """
INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (currency, month, version) DO NOTHING RETURNING true
"""


async def rates(tx: Tx, known_on: date | None) -> dict[str, dict[date | None, Decimal]]:
    """Yuan per unit by currency and month, as entered by a day."""
    found: dict[str, dict[date | None, Decimal]] = {}
    for currency, month, yuan_per_unit in await tx.conn.fetch(RATES, known_on):
        found.setdefault(currency, {})[month] = yuan_per_unit
    return found


async def rate_history(tx: Tx, currency: str | None) -> list[Rate]:
    return [Rate(*row) for row in await tx.conn.fetch(RATE_HISTORY, currency)]


async def newest_rate(tx: Tx, currency: str, month: date) -> int:
    """The newest version; 0: none."""
    found: int = await tx.conn.fetchval(NEWEST_RATE, currency, month)
    return found


async def rate_count(tx: Tx) -> int:
    count: int = await tx.conn.fetchval(RATE_COUNT)
    return count


async def add_rate(tx: Tx, rate: Rate) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        ADD_RATE,
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
