"""Enterprises and their reserve."""

from __future__ import annotations

from datetime import date

from services.docking.domain.enterprises import Enterprise
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import EnterpriseId, new_id

ENTERPRISE = Columns(Enterprise, "id, name, licence_no, seat, scope, destinations, valid_to, state, reserve_minor, version")
GET = ENTERPRISE.select("FROM enterprise WHERE id = $1")
GET_ALL = ENTERPRISE.select("FROM enterprise WHERE id = ANY($1::uuid[])")
LOCK = ENTERPRISE.select("FROM enterprise WHERE id = $1 FOR UPDATE")
LIST = ENTERPRISE.select("FROM enterprise WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
INSERT = """
INSERT INTO enterprise (id, name, licence_no, seat, scope, destinations, valid_to, state, qualified_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (licence_no) DO NOTHING RETURNING true
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


async def list_(tx: Tx, after: EnterpriseId | None, limit: int) -> list[Enterprise]:
    return await fetch(tx.conn, LIST, after, limit)


async def insert(tx: Tx, one: Enterprise, qualified_on: date) -> bool:
    """False when the licence number is taken."""
    inserted = await tx.conn.fetchval(
        INSERT, one.id, one.name, one.licence_no, one.seat, list(one.scope), list(one.destinations), one.valid_to, one.state, qualified_on
    )
    return bool(inserted)


async def update_reserve(tx: Tx, enterprise: EnterpriseId, *, amount: int, balance: int, on: date) -> None:
    """An entry of the reserve's account, and its new balance; both in fen."""
    await tx.conn.execute(UPDATE_RESERVE, enterprise, new_id(), amount, balance, on)
