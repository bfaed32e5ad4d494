"""Job orders and the count of their positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.docking.domain.orders import Order, OrderFilter, OrderState
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch, fetch_one
from shared.values import OrderId

ORDER = Columns(
    Order,
    """
    id, enterprise, employer, destination, occupation, channel, positions, reserved, filled,
    wage_minor AS "wage.minor", wage_currency AS "wage.currency", wage_period, term_months,
    fee_cap_minor AS "fee_cap.minor", fee_cap_currency AS "fee_cap.currency", opened_on, expires, state, employer_id, version
    """,
)
GET = ORDER.select("FROM job_order WHERE id = $1")
GET_ALL = ORDER.select("FROM job_order WHERE id = ANY($1::uuid[])")
LOCK = ORDER.select("FROM job_order WHERE id = $1 FOR NO KEY UPDATE")
# In one order whatever the order of the placements, so that two sweeps, or two lists, cannot wait for each other.
LOCK_ALL = ORDER.select("FROM job_order WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
LIST = ORDER.pages(
    "job_order",
    """
    ($1::uuid IS NULL OR enterprise = $1) AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR destination = $3)
    AND ($4::text IS NULL OR starts_with(occupation, $4)) AND ($5::boolean IS NULL OR $5 = (reserved + filled < positions))
    AND ($6::uuid[] IS NULL OR id = ANY($6))
    """,
    "opened_on date",
    "expires date",
    "positions integer",
)
LOCK_OVERDUE = ORDER.select("""
FROM job_order WHERE state = 'open' AND expires < $1 ORDER BY expires, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
""")
LOCK_ENDED = ORDER.select("""
FROM job_order WHERE state = 'open' AND enterprise = ANY(ARRAY(SELECT id FROM enterprise WHERE state IN ('stopped', 'revoked')))
ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
""")
INSERT = """
INSERT INTO job_order (id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency,
    wage_period, term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state, employer_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
UPDATE_TERMS = """
UPDATE job_order SET positions = $2, wage_minor = $3, wage_currency = $4, wage_period = $5, term_months = $6, fee_cap_minor = $7,
    fee_cap_currency = $8, expires = $9, version = version + 1
WHERE id = $1
"""
UPDATE_STATE = "UPDATE job_order SET state = $2, version = version + 1 WHERE id = ANY($1::uuid[])"
UPDATE_RELEASED = "UPDATE job_order SET reserved = reserved - 1 WHERE id = $1 RETURNING state = 'open'"
# Locked in one order whatever the order of the departures.
UPDATE_FILLED = "UPDATE job_order SET reserved = reserved - 1, filled = filled + 1 WHERE id = $1"
UPDATE_UNFILLED = "UPDATE job_order SET filled = filled - 1 WHERE id = $1 RETURNING state = 'open'"
UPDATE_ALL_RELEASED = """
UPDATE job_order SET reserved = reserved - freed.positions
FROM (SELECT job_order, count(*) AS positions FROM unnest($1::uuid[]) AS one (job_order) GROUP BY job_order) AS freed
WHERE job_order.id = freed.job_order RETURNING job_order.id, job_order.state = 'open' AS open
"""


async def get(tx: Tx, order: OrderId) -> Order | None:
    return await fetch_one(tx.conn, GET, order)


async def get_all(tx: Tx, ids: Sequence[OrderId]) -> dict[OrderId, Order]:
    return {one.id: one for one in await fetch(tx.conn, GET_ALL, ids)}


async def lock(tx: Tx, order: OrderId) -> Order | None:
    return await fetch_one(tx.conn, LOCK, order)


async def lock_all(tx: Tx, ids: Sequence[OrderId]) -> dict[OrderId, Order]:
    return {one.id: one for one in await fetch(tx.conn, LOCK_ALL, ids)}


async def list_(tx: Tx, page: Page, wanted: OrderFilter) -> tuple[Sequence[Order], str | None]:
    filters = (wanted.enterprise, wanted.state, wanted.destination, wanted.occupation, wanted.free, wanted.among)
    return await fetch_page(tx.conn, LIST, page, *filters)


async def lock_overdue(tx: Tx, today: date, limit: int) -> list[Order]:
    return await fetch(tx.conn, LOCK_OVERDUE, today, limit)


async def lock_ended(tx: Tx, limit: int) -> list[Order]:
    """Open orders of enterprises that are revoked or have stopped."""
    return await fetch(tx.conn, LOCK_ENDED, limit)


async def insert_all(tx: Tx, orders: list[Order]) -> None:
    rows = [
        (
            one.id,
            one.enterprise,
            one.employer,
            one.destination,
            one.occupation,
            one.channel,
            one.positions,
            one.reserved,
            one.filled,
            one.wage.minor,
            one.wage.currency,
            one.wage_period,
            one.term_months,
            one.fee_cap and one.fee_cap.minor,
            one.fee_cap and one.fee_cap.currency,
            one.opened_on,
            one.expires,
            one.state,
            one.employer_id,
        )
        for one in orders
    ]
    await tx.conn.executemany(INSERT, rows)


async def update_terms(tx: Tx, one: Order) -> None:
    """Everything that an amendment may change. The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE_TERMS,
        one.id,
        one.positions,
        one.wage.minor,
        one.wage.currency,
        one.wage_period,
        one.term_months,
        one.fee_cap and one.fee_cap.minor,
        one.fee_cap and one.fee_cap.currency,
        one.expires,
    )


async def update_state(tx: Tx, orders: list[OrderId], state: OrderState) -> None:
    await tx.conn.execute(UPDATE_STATE, orders, state)


async def update_released(tx: Tx, order: OrderId) -> bool:
    """A reserved position is free again. Returns whether the order is open, so that another may take it."""
    return bool(await tx.conn.fetchval(UPDATE_RELEASED, order))


async def update_all_released(tx: Tx, orders: list[OrderId]) -> frozenset[OrderId]:
    """One reserved position for each mention of an order is free again. Returns the orders that are open."""
    await lock_all(tx, orders)
    return frozenset(OrderId(row["id"]) for row in await tx.conn.fetch(UPDATE_ALL_RELEASED, orders) if row["open"])


async def update_filled(tx: Tx, orders: Sequence[OrderId]) -> None:
    """A reserved position of each is filled: its worker has departed."""
    await tx.conn.executemany(UPDATE_FILLED, [(order,) for order in sorted(orders)])


async def update_unfilled(tx: Tx, order: OrderId) -> bool:
    """A filled position is free again: there was no departure. Returns whether the order is open, so that another may take it."""
    return bool(await tx.conn.fetchval(UPDATE_UNFILLED, order))
