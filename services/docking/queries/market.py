"""All open orders and everybody who wants one of them: a statement each, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.docking.domain.orders import Order
from services.docking.domain.proposals import Proposal
from services.docking.domain.workers import Worker
from services.docking.queries.orders import ORDER
from services.docking.queries.proposals import PROPOSAL
from services.docking.queries.workers import WORKER
from shared.db import Tx
from shared.rows import fetch
from shared.values import Destination, EnterpriseId, MatchId, OrderId

LIST_ORDERS = ORDER.select("""
FROM job_order
WHERE state = 'open' AND expires >= $1 AND reserved + filled < positions AND ($2::uuid IS NULL OR enterprise = $2)
    AND EXISTS (
        SELECT FROM enterprise
        WHERE enterprise.id = job_order.enterprise AND enterprise.state = 'active' AND valid_to >= $1
            AND job_order.channel = ANY(scope) AND (destinations = '{}' OR job_order.destination = ANY(destinations))
    )
ORDER BY expires, id LIMIT $3
""")
LIST_SUPPLY_IDS = """
SELECT id FROM worker
WHERE id IN (
        SELECT supply.worker FROM unnest($1::text[], $2::text[]) AS wish (destination, occupation)
        JOIN supply ON supply.destination = wish.destination AND supply.occupation = wish.occupation
        WHERE supply.county ^@ ANY($6::text[])
    )
    AND verified AND NOT suspended AND willing AND willing_until >= $3 AND birth_year BETWEEN $4 AND $5
    AND NOT EXISTS (
        SELECT FROM placement WHERE worker = worker.id AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
    )
ORDER BY registered_at, id LIMIT $7
"""
LIST_WORKERS = WORKER.select("FROM worker WHERE id = ANY($1::uuid[]) ORDER BY registered_at, id")
LIST_OPEN_PROPOSALS = PROPOSAL.select("""
FROM proposal
WHERE job_order = $1 AND state = 'proposed' AND expires >= $2 AND ($4::uuid IS NULL OR id > $4)
    AND EXISTS (SELECT FROM worker WHERE worker.id = proposal.worker AND county ^@ ANY($3::text[]))
ORDER BY id LIMIT $5
""")
READ_AT_ONCE = 1000  # workers


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyFilter:
    """Who is read for all orders at once."""

    wishes: Sequence[tuple[Destination, str]]  # destination and code of an occupation or a broader group
    willing_on: date
    born: tuple[int, int]  # years, both included
    counties: Sequence[str]  # what the codes of the visible counties begin with
    limit: int


async def list_orders(tx: Tx, today: date, enterprise: EnterpriseId | None, limit: int) -> list[Order]:
    """Open orders with a free position, of enterprises that may fill it; the first to expire."""
    return await fetch(tx.conn, LIST_ORDERS, today, enterprise, limit)


async def list_supply(tx: Tx, wanted: SupplyFilter) -> list[Worker]:
    """Workers who are free and have one of these wishes, the longest waiting. Read in parts: between them other requests are served."""
    rows = await tx.conn.fetch(
        LIST_SUPPLY_IDS,
        [destination for destination, _ in wanted.wishes],
        [code for _, code in wanted.wishes],
        wanted.willing_on,
        *wanted.born,
        wanted.counties,
        wanted.limit,
    )
    ids = [row["id"] for row in rows]
    parts = [await fetch(tx.conn, LIST_WORKERS, ids[first : first + READ_AT_ONCE]) for first in range(0, len(ids), READ_AT_ONCE)]
    return [worker for part in parts for worker in part]


async def list_open_proposals(
    tx: Tx, *, order: OrderId, on: date, counties: Sequence[str], after: MatchId | None, limit: int
) -> list[Proposal]:
    return await fetch(tx.conn, LIST_OPEN_PROPOSALS, order, on, counties, after, limit)
