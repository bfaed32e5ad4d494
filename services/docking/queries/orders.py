"""Job orders and the count of their positions."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.docking.domain import Order, OrderState
from shared.db import Tx
from shared.values import Channel, EnterpriseId, Money, OrderId, WagePeriod

ADD = """
INSERT INTO job_order (id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency,
    wage_period, term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
GET = """
SELECT id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency, wage_period,
    term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state, version
FROM job_order WHERE id = $1
"""
LOCK = """
SELECT id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency, wage_period,
    term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state, version
FROM job_order WHERE id = $1 FOR UPDATE
"""
PAGE = """
SELECT id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency, wage_period,
    term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state, version
FROM job_order
WHERE ($1::uuid IS NULL OR id > $1) AND ($2::uuid IS NULL OR enterprise = $2) AND ($3::text IS NULL OR state = $3)
ORDER BY id LIMIT $4
"""
OVERDUE = """
SELECT id, enterprise, employer, destination, occupation, channel, positions, reserved, filled, wage_minor, wage_currency, wage_period,
    term_months, fee_cap_minor, fee_cap_currency, opened_on, expires, state, version
FROM job_order WHERE state = 'open' AND expires < $1 ORDER BY expires, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
END = "UPDATE job_order SET state = $2, version = version + 1 WHERE id = $1"
END_ALL = "UPDATE job_order SET state = $2, version = version + 1 WHERE id = ANY($1::uuid[])"
RELEASE = "UPDATE job_order SET reserved = reserved - 1 WHERE id = $1 RETURNING state = 'open'"
FILL = "UPDATE job_order SET reserved = reserved - 1, filled = filled + 1 WHERE id = $1"
UNFILL = "UPDATE job_order SET filled = filled - 1 WHERE id = $1 RETURNING state = 'open'"
# Locked in one order whatever the order of the placements, so that two sweeps cannot wait for each other.
LOCK_ALL = "SELECT id FROM job_order WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
RELEASE_ALL = """
UPDATE job_order SET reserved = reserved - freed.positions
FROM (SELECT job_order, count(*) AS positions FROM unnest($1::uuid[]) AS one (job_order) GROUP BY job_order) AS freed
WHERE job_order.id = freed.job_order RETURNING job_order.id, job_order.state = 'open' AS open
"""


def of(row: Any) -> Order:
    cap = row["fee_cap_minor"]
    return Order(
        id=row["id"],
        enterprise=row["enterprise"],
        employer=row["employer"],
        destination=row["destination"],
        occupation=row["occupation"],
        channel=Channel(row["channel"]),
        positions=row["positions"],
        reserved=row["reserved"],
        filled=row["filled"],
        wage=Money(minor=row["wage_minor"], currency=row["wage_currency"]),
        wage_period=WagePeriod(row["wage_period"]),
        term_months=row["term_months"],
        fee_cap=None if cap is None else Money(minor=cap, currency=row["fee_cap_currency"]),
        opened_on=row["opened_on"],
        expires=row["expires"],
        state=OrderState(row["state"]),
        version=row["version"],
    )


async def add_all(tx: Tx, orders: list[Order]) -> None:
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
        )
        for one in orders
    ]
    await tx.conn.executemany(ADD, rows)


async def get(tx: Tx, order: OrderId) -> Order | None:
    row = await tx.conn.fetchrow(GET, order)
    return of(row) if row else None


async def lock(tx: Tx, order: OrderId) -> Order | None:
    row = await tx.conn.fetchrow(LOCK, order)
    return of(row) if row else None


async def page(tx: Tx, after: OrderId | None, enterprise: EnterpriseId | None, state: OrderState | None, limit: int) -> list[Order]:
    return [of(row) for row in await tx.conn.fetch(PAGE, after, enterprise, state, limit)]


async def lock_overdue(tx: Tx, today: date, limit: int) -> list[Order]:
    return [of(row) for row in await tx.conn.fetch(OVERDUE, today, limit)]


async def end(tx: Tx, order: OrderId, state: OrderState) -> None:
    await tx.conn.execute(END, order, state)


async def end_all(tx: Tx, orders: list[OrderId], state: OrderState) -> None:
    await tx.conn.execute(END_ALL, orders, state)


async def release(tx: Tx, order: OrderId) -> bool:
    """A reserved position is free again. Returns whether the order is open, so that another may take it."""
    return bool(await tx.conn.fetchval(RELEASE, order))


async def release_all(tx: Tx, orders: list[OrderId]) -> frozenset[OrderId]:
    """One reserved position for each mention of an order is free again. Returns the orders that are open."""
    await tx.conn.execute(LOCK_ALL, orders)
    return frozenset(OrderId(row["id"]) for row in await tx.conn.fetch(RELEASE_ALL, orders) if row["open"])


async def fill(tx: Tx, order: OrderId) -> None:
    """A reserved position is filled: its worker has departed."""
    await tx.conn.execute(FILL, order)


async def unfill(tx: Tx, order: OrderId) -> bool:
    """A filled position is free again: there was no departure. Returns whether the order is open, so that another may take it."""
    return bool(await tx.conn.fetchval(UNFILL, order))
