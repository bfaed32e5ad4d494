"""Enterprises, their reserve, and the cases that block them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from services.docking.domain import Enterprise, EnterpriseState
from shared.db import Tx
from shared.values import CaseId, Channel, CountyCode, Destination, EnterpriseId

ADD = """
INSERT INTO enterprise (id, name, licence_no, seat, scope, destinations, valid_to, state, qualified_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (licence_no) DO NOTHING RETURNING true
"""
GET = "SELECT id, name, licence_no, seat, scope, destinations, valid_to, state, reserve_minor, version FROM enterprise WHERE id = $1"
MANY = """
SELECT id, name, licence_no, seat, scope, destinations, valid_to, state, reserve_minor, version FROM enterprise WHERE id = ANY($1::uuid[])
"""
LOCK = """
SELECT id, name, licence_no, seat, scope, destinations, valid_to, state, reserve_minor, version FROM enterprise WHERE id = $1 FOR UPDATE
"""
PAGE = """
SELECT id, name, licence_no, seat, scope, destinations, valid_to, state, reserve_minor, version FROM enterprise
WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2
"""
DEPOSIT = """
WITH entry AS (INSERT INTO reserve_entry (id, enterprise, amount_minor, balance_minor, effective) VALUES ($2, $1, $3, $4, $5))
UPDATE enterprise SET reserve_minor = $4, version = version + 1 WHERE id = $1
"""
BLOCKED = "SELECT EXISTS (SELECT FROM blocking_case WHERE enterprise = $1)"
BLOCK = "INSERT INTO blocking_case (id, enterprise) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
UNBLOCK = "DELETE FROM blocking_case WHERE id = $1"


def of(row: Any) -> Enterprise:
    return Enterprise(
        id=row["id"],
        name=row["name"],
        licence_no=row["licence_no"],
        seat=None if row["seat"] is None else CountyCode(row["seat"]),
        scope=tuple(Channel(one) for one in row["scope"]),
        destinations=tuple(Destination(one) for one in row["destinations"]),
        valid_to=row["valid_to"],
        state=EnterpriseState(row["state"]),
        reserve_minor=row["reserve_minor"],
        version=row["version"],
    )


async def add(tx: Tx, one: Enterprise, qualified_on: date) -> bool:
    """False when the licence number is taken."""
    added = await tx.conn.fetchval(
        ADD, one.id, one.name, one.licence_no, one.seat, list(one.scope), list(one.destinations), one.valid_to, one.state, qualified_on
    )
    return bool(added)


async def get(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    row = await tx.conn.fetchrow(GET, enterprise)
    return of(row) if row else None


async def many(tx: Tx, ids: list[EnterpriseId]) -> dict[EnterpriseId, Enterprise]:
    return {row["id"]: of(row) for row in await tx.conn.fetch(MANY, ids)}


async def lock(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    row = await tx.conn.fetchrow(LOCK, enterprise)
    return of(row) if row else None


async def page(tx: Tx, after: EnterpriseId | None, limit: int) -> list[Enterprise]:
    return [of(row) for row in await tx.conn.fetch(PAGE, after, limit)]


async def deposit(tx: Tx, enterprise: EnterpriseId, entry: UUID, amount: int, balance: int, on: date) -> None:
    await tx.conn.execute(DEPOSIT, enterprise, entry, amount, balance, on)


async def blocked(tx: Tx, enterprise: EnterpriseId) -> bool:
    return bool(await tx.conn.fetchval(BLOCKED, enterprise))


async def block(tx: Tx, case: CaseId, enterprise: EnterpriseId) -> None:
    await tx.conn.execute(BLOCK, case, enterprise)


async def unblock(tx: Tx, case: CaseId) -> None:
    await tx.conn.execute(UNBLOCK, case)
