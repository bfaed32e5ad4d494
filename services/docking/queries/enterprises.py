"""Enterprises and their reserve."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from services.docking.domain.enterprises import Enterprise, EnterpriseFilter
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch, fetch_one
from shared.values import EnterpriseId

ENTERPRISE = Columns(
    Enterprise,
    """
    id, name, licence_no, seat, scope, destinations, valid_to, state, since, reserve_minor, reserve_due, suspended_for,
    plan_no AS "plan.filing_no", plan_takes_over AS "plan.takes_over", plan_home_by AS "plan.home_by", version
    """,
)
GET = ENTERPRISE.select("FROM enterprise WHERE id = $1")
GET_ALL = ENTERPRISE.select("FROM enterprise WHERE id = ANY($1::uuid[])")
LOCK = ENTERPRISE.select("FROM enterprise WHERE id = $1 FOR UPDATE")
GET_ID = "SELECT id FROM enterprise WHERE licence_no = $1"
LOCK_LAPSED = ENTERPRISE.select("""
FROM enterprise WHERE state = 'active' AND valid_to < $1 ORDER BY valid_to, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
""")
LOCK_UNTOPPED = ENTERPRISE.select("""
FROM enterprise WHERE reserve_due < $1 AND state NOT IN ('stopped', 'revoked') AND NOT 'reserve' = ANY(suspended_for)
ORDER BY reserve_due, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
""")
# Empty destinations: the licence is for every one. An active licence that has ended is shown as expired, and found as such.
LIST = ENTERPRISE.pages(
    "enterprise",
    """
    ($1::text IS NULL OR licence_no = $1) AND ($2::text IS NULL OR destinations = '{}' OR $2 = ANY(destinations))
    AND ($3::text IS NULL OR $3 = CASE WHEN state = 'active' AND valid_to < $4 THEN 'expired' ELSE state END)
    AND ($5::text IS NULL OR strpos(lower(name), lower($5)) > 0)
    """,
    "name text",
    "licence_no text",
    "valid_to date",
)
INSERT = """
INSERT INTO enterprise (id, name, licence_no, seat, scope, destinations, valid_to, state, since, qualified_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (licence_no) DO NOTHING RETURNING true
"""
# A suspension that ends, be it by a reinstatement, a top-up or a revocation, is remembered.
UPDATE = """
WITH ended AS (
    INSERT INTO past_suspension (enterprise, since, until)
    SELECT id, since, $6::date FROM enterprise WHERE id = $1 AND state = 'suspended' AND $5::text <> 'suspended' AND since < $6::date
)
UPDATE enterprise SET scope = $2, destinations = $3, valid_to = $4, state = $5, since = $6, suspended_for = $7, reserve_minor = $8,
    reserve_due = $9, plan_no = $10, plan_takes_over = $11, plan_home_by = $12, version = version + 1
WHERE id = $1
"""
LIST_WAS_SUSPENDED = """
SELECT one.enterprise, day FROM unnest($1::uuid[], $2::date[]) AS one (enterprise, day)
WHERE EXISTS (SELECT FROM past_suspension WHERE past_suspension.enterprise = one.enterprise AND since <= day AND until > day)
"""


async def get(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    return await fetch_one(tx.conn, GET, enterprise)


async def get_all(tx: Tx, ids: list[EnterpriseId]) -> dict[EnterpriseId, Enterprise]:
    return {one.id: one for one in await fetch(tx.conn, GET_ALL, ids)}


async def lock(tx: Tx, enterprise: EnterpriseId) -> Enterprise | None:
    return await fetch_one(tx.conn, LOCK, enterprise)


async def list_was_suspended(tx: Tx, asked: Collection[tuple[EnterpriseId, date]]) -> set[tuple[EnterpriseId, date]]:
    """Those whose day lies within a suspension that has ended since."""
    found = await tx.conn.fetch(LIST_WAS_SUSPENDED, [enterprise for enterprise, _ in asked], [day for _, day in asked])
    return {(row["enterprise"], row["day"]) for row in found}


async def get_id(tx: Tx, licence_no: str) -> EnterpriseId | None:
    """The enterprise with this licence number."""
    found = await tx.conn.fetchval(GET_ID, licence_no)
    return None if found is None else EnterpriseId(found)


async def lock_lapsed(tx: Tx, today: date, limit: int) -> list[Enterprise]:
    """Active ones whose licence has ended."""
    return await fetch(tx.conn, LOCK_LAPSED, today, limit)


async def lock_untopped(tx: Tx, today: date, limit: int) -> list[Enterprise]:
    """Those whose reserve was not topped up in time, and who are not suspended for it yet."""
    return await fetch(tx.conn, LOCK_UNTOPPED, today, limit)


async def list_(tx: Tx, page: Page, wanted: EnterpriseFilter, today: date) -> tuple[Sequence[Enterprise], str | None]:
    """States are judged as of `today`."""
    return await fetch_page(tx.conn, LIST, page, wanted.licence_no, wanted.destination, wanted.state, today, wanted.name)


async def insert(tx: Tx, one: Enterprise) -> bool:
    """False when the licence number is taken."""
    inserted = await tx.conn.fetchval(
        INSERT, one.id, one.name, one.licence_no, one.seat, list(one.scope), list(one.destinations), one.valid_to, one.state, one.since
    )
    return bool(inserted)


async def update(tx: Tx, one: Enterprise) -> None:
    """Everything that the qualification's steps and the reserve change. The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE,
        one.id,
        list(one.scope),
        list(one.destinations),
        one.valid_to,
        one.state,
        one.since,
        list(one.suspended_for),
        one.reserve_minor,
        one.reserve_due,
        one.plan.filing_no if one.plan else None,
        one.plan.takes_over if one.plan else None,
        one.plan.home_by if one.plan else None,
    )
