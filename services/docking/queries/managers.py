"""Accompanying managers, and how many workers are where they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.docking.domain.managers import Accompaniment
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch_one
from shared.values import Destination, EnterpriseId

ACCOMPANIMENT = Columns(
    Accompaniment,
    """
    id, enterprise, destination, filing_no AS "filing.filing_no", managers AS "filing.managers", filed_on AS "filing.filed_on", missing
    """,
)
GET = ACCOMPANIMENT.select("FROM accompaniment WHERE enterprise = $1 AND destination = $2")
LIST = ACCOMPANIMENT.pages(
    "accompaniment",
    "($1::uuid IS NULL OR enterprise = $1) AND ($2::text IS NULL OR destination = $2) AND ($3::boolean IS NULL OR missing = $3)",
    "destination text",
)
# Until the transaction ends. In one order, so that two transactions cannot wait for each other.
LOCK_ALL = """
SELECT pg_advisory_xact_lock(key)
FROM (
    SELECT DISTINCT hashtextextended('managers ' || enterprise::text || destination, 0) AS key
    FROM unnest($1::uuid[], $2::text[]) AS one (enterprise, destination) ORDER BY key
) AS keys
"""
UPDATE = """
INSERT INTO accompaniment (id, enterprise, destination, filing_no, managers, filed_on, missing) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (enterprise, destination) DO UPDATE
SET filing_no = excluded.filing_no, managers = excluded.managers, filed_on = excluded.filed_on, missing = excluded.missing
"""
GET_ABROAD = """
SELECT count(*) FROM (
    SELECT FROM dispatch
    WHERE enterprise = $1 AND ($2::text IS NULL OR destination = $2) AND returned_on IS NULL AND voided IS NULL LIMIT $3
) AS one
"""


async def get(tx: Tx, enterprise: EnterpriseId, destination: Destination) -> Accompaniment | None:
    return await fetch_one(tx.conn, GET, enterprise, destination)


async def list_(
    tx: Tx, page: Page, *, enterprise: EnterpriseId | None, destination: Destination | None, missing: bool | None
) -> tuple[Sequence[Accompaniment], str | None]:
    return await fetch_page(tx.conn, LIST, page, enterprise, destination, missing)


async def lock_all(tx: Tx, places: Collection[tuple[EnterpriseId, Destination]]) -> None:
    """Nobody else counts, files or withdraws for these enterprises in these countries until the transaction ends."""
    await tx.conn.execute(LOCK_ALL, [enterprise for enterprise, _ in places], [destination for _, destination in places])


async def update(tx: Tx, one: Accompaniment) -> None:
    """Enter it, or what has become of it. The caller holds the lock."""
    filing = one.filing
    await tx.conn.execute(
        UPDATE,
        one.id,
        one.enterprise,
        one.destination,
        filing.filing_no if filing else None,
        filing.managers if filing else None,
        filing.filed_on if filing else None,
        one.missing,
    )


async def get_abroad(tx: Tx, enterprise: EnterpriseId, destination: Destination | None = None, at_most: int | None = None) -> int:
    """How many workers of the enterprise are in the country, or abroad at all; no more than `at_most` are counted."""
    return int(await tx.conn.fetchval(GET_ABROAD, enterprise, destination, at_most))
