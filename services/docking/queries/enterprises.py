"""Enterprises and their reserve."""

from __future__ import annotations

from datetime import date

from services.docking.domain.enterprises import Enterprise
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import EnterpriseId, new_id

ENTERPRISE = Columns(
    Enterprise, "id, name, licence_no, seat, scope, destinations, valid_to, state, since, reserve_minor, suspended_for, version"
)
GET = ENTERPRISE.select("FROM enterprise WHERE id = $1")
GET_ALL = ENTERPRISE.select("FROM enterprise WHERE id = ANY($1::uuid[])")
LOCK = ENTERPRISE.select("FROM enterprise WHERE id = $1 FOR UPDATE")
GET_ID = "SELECT id FROM enterprise WHERE licence_no = $1"
LOCK_LAPSED = ENTERPRISE.select("""
FROM enterprise WHERE state = 'active' AND valid_to < $1 ORDER BY valid_to, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
""")
LIST = ENTERPRISE.select("FROM enterprise WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
INSERT = """
INSERT INTO enterprise (id, name, licence_no, seat, scope, destinations, valid_to, state, since, qualified_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (licence_no) DO NOTHING RETURNING true
"""
UPDATE_QUALIFICATION = """
UPDATE enterprise SET scope = $2, destinations = $3, valid_to = $4, state = $5, since = $6, suspended_for = $7, version = version + 1
WHERE id = $1
"""
UPDATE_RESERVE = """
WITH entry AS (INSERT INTO reserve_entry (id, enterprise, amount_minor, balance_minor, effective) VALUES ($2, $1, $3, $4, $5))
UPDATE enterprise SET reserve_minor = $4, version = version + 1 WHERE id = $1
"""


async def get(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    return await fetch_one(tx.conn, GET, enterprise)


async def get_all(tx: Tx, ids: list[EnterpriseId]) -> dict[EnterpriseId, Enterprise]:
    return {one.id: one for one in await fetch(tx.conn, GET_ALL, ids)}


async def lock(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    return await fetch_one(tx.conn, LOCK, enterprise)


async def get_id(tx: Tx, licence_no: str) -> EnterpriseId | None:
    """The enterprise with this licence number."""
    found = await tx.conn.fetchval(GET_ID, licence_no)
    return None if found is None else EnterpriseId(found)


async def lock_lapsed(tx: Tx, today: date, limit: int) -> list[Enterprise]:
    """Active ones whose licence has ended."""
    return await fetch(tx.conn, LOCK_LAPSED, today, limit)


async def list_(tx: Tx, after: EnterpriseId | None, limit: int) -> list[Enterprise]:
    return await fetch(tx.conn, LIST, after, limit)


async def insert(tx: Tx, one: Enterprise) -> bool:
    """False when the licence number is taken."""
    inserted = await tx.conn.fetchval(
        INSERT, one.id, one.name, one.licence_no, one.seat, list(one.scope), list(one.destinations), one.valid_to, one.state, one.since
    )
    return bool(inserted)


async def update_qualification(tx: Tx, one: Enterprise) -> None:
    """Everything a step of the qualification may change. The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE_QUALIFICATION,
        one.id,
        list(one.scope),
        list(one.destinations),
        one.valid_to,
        one.state,
        one.since,
        list(one.suspended_for),
    )


async def update_reserve(tx: Tx, enterprise: EnterpriseId, *, amount: int, balance: int, on: date) -> None:
    """An entry of the reserve's account, and its new balance; both in fen."""
    await tx.conn.execute(UPDATE_RESERVE, enterprise, new_id(), amount, balance, on)
