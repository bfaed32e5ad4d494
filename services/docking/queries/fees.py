"""Declared fees."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.domain.fees import Fee
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import FeeId, PlacementId

FEE = Columns(
    Fee,
    """
    id, placement, payer AS "charge.payer", item AS "charge.item", amount_minor AS "charge.amount.minor",
    amount_currency AS "charge.amount.currency", charged_on AS "charge.charged_on", county AS "origin.county",
    designation AS "origin.designation", designation_version AS "origin.designation_version", published, voided
    """,
)
GET = FEE.select("FROM fee WHERE id = $1 AND placement = $2")
GET_ALL = FEE.select("FROM fee WHERE id = ANY($1::uuid[])")
LIST = FEE.select("FROM fee WHERE placement = $1 ORDER BY id")
LIST_CHARGED = FEE.select("FROM fee WHERE placement = $1 AND voided IS NULL ORDER BY id")
UPDATE_ALL = """
INSERT INTO fee (id, placement, payer, item, amount_minor, amount_currency, charged_on, county, designation, designation_version, published,
    voided)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (id) DO UPDATE SET payer = excluded.payer, item = excluded.item, amount_minor = excluded.amount_minor,
    amount_currency = excluded.amount_currency, charged_on = excluded.charged_on, county = excluded.county,
    designation = excluded.designation, designation_version = excluded.designation_version, published = excluded.published,
    voided = excluded.voided
"""


async def get(tx: Tx, fee: FeeId, placement: PlacementId) -> Fee | None:
    """The caller holds the placement's lock, which holds its fees."""
    return await fetch_one(tx.conn, GET, fee, placement)


async def get_all(tx: Tx, ids: Sequence[FeeId]) -> dict[FeeId, Fee]:
    """Of placements whose locks the caller holds."""
    return {one.id: one for one in await fetch(tx.conn, GET_ALL, ids)}


async def list_(tx: Tx, placement: PlacementId) -> list[Fee]:
    """All of the placement, voided ones too."""
    return await fetch(tx.conn, LIST, placement)


async def list_charged(tx: Tx, placement: PlacementId) -> list[Fee]:
    """Those that are not voided."""
    return await fetch(tx.conn, LIST_CHARGED, placement)


async def update_all(tx: Tx, fees: list[Fee]) -> None:
    """Enter them, or what has become of them. The caller holds the locks of the placements."""
    rows = [
        (
            one.id,
            one.placement,
            one.charge.payer,
            one.charge.item,
            one.charge.amount.minor,
            one.charge.amount.currency,
            one.charge.charged_on,
            one.origin.county,
            one.origin.designation,
            one.origin.designation_version,
            one.published,
            one.voided,
        )
        for one in fees
    ]
    if rows:
        await tx.conn.executemany(UPDATE_ALL, rows)
