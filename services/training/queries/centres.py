"""Training centres and their suspensions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.centres import Centre, SuspensionReason
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CentreId, CountyCode

CENTRE = rows.Columns(
    Centre, "id, centre, licence_no, region, valid_from, valid_to, capacity, trainers, assessors, state, revoked_on, version"
)
GET = CENTRE.select("FROM centre WHERE id = $1")
GET_BY_NAME = CENTRE.select("FROM centre WHERE centre = $1")
LOCK = CENTRE.select("FROM centre WHERE id = $1 FOR UPDATE")
LOCK_BY_NAME = CENTRE.select("FROM centre WHERE centre = $1 FOR UPDATE")
# Kept as it is until a session is scheduled: a suspension waits, and finds the session then.
LOCK_SHARED = CENTRE.select("FROM centre WHERE centre = $1 FOR SHARE")
# A licence that has ended is shown as expired, and found as such.
LIST = CENTRE.pages(
    "centre",
    """
    ($1::text IS NULL OR region = $1)
    AND ($2::text IS NULL OR $2 = CASE WHEN state = 'active' AND valid_to < $3 THEN 'expired' ELSE state END)
    """,
    "centre text",
    "valid_to date",
)
INSERT = """
INSERT INTO centre (id, centre, licence_no, region, valid_from, valid_to, capacity, trainers, assessors, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true
"""
UPDATE = """
UPDATE centre SET licence_no = $2, region = $3, valid_from = $4, valid_to = $5, capacity = $6, trainers = $7, assessors = $8, state = $9,
    revoked_on = $10, version = version + 1
WHERE id = $1
"""
EXISTS_LICENCE = "SELECT EXISTS (SELECT FROM centre WHERE licence_no = $1 AND centre <> $2)"
INSERT_SUSPENSION = "INSERT INTO centre_suspension (centre, since, reason) VALUES ($1, $2, $3)"
UPDATE_SUSPENSION = "UPDATE centre_suspension SET until = $2 WHERE centre = $1 AND until IS NULL RETURNING since"
LIST_WAS_SUSPENDED = """
SELECT day FROM unnest($2::date[]) AS day
WHERE EXISTS (SELECT FROM centre_suspension WHERE centre = $1 AND since <= day AND (until IS NULL OR until > day))
"""


async def get(tx: Tx, centre: CentreId) -> Centre | None:
    return await rows.fetch_one(tx.conn, GET, centre)


async def get_by_name(tx: Tx, centre: str) -> Centre | None:
    return await rows.fetch_one(tx.conn, GET_BY_NAME, centre)


async def lock(tx: Tx, centre: CentreId) -> Centre | None:
    return await rows.fetch_one(tx.conn, LOCK, centre)


async def lock_by_name(tx: Tx, centre: str) -> Centre | None:
    return await rows.fetch_one(tx.conn, LOCK_BY_NAME, centre)


async def lock_shared(tx: Tx, centre: str) -> Centre | None:
    return await rows.fetch_one(tx.conn, LOCK_SHARED, centre)


async def list_(tx: Tx, page: Page, *, region: CountyCode | None, state: str | None, today: date) -> tuple[Sequence[Centre], str | None]:
    """`state`: as of today; "expired" too."""
    return await fetch_page(tx.conn, LIST, page, region, state, today)


async def exists_licence(tx: Tx, licence_no: str, centre: str) -> bool:
    """Whether another centre has the number."""
    return bool(await tx.conn.fetchval(EXISTS_LICENCE, licence_no, centre))


async def insert(tx: Tx, one: Centre) -> bool:
    """False: the name or the number has been taken meanwhile."""
    inserted = await tx.conn.fetchval(
        INSERT,
        one.id,
        one.centre,
        one.licence_no,
        one.region,
        one.valid_from,
        one.valid_to,
        one.capacity,
        list(one.trainers),
        list(one.assessors),
        one.state,
    )
    return bool(inserted)


async def update(tx: Tx, one: Centre) -> None:
    """The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE,
        one.id,
        one.licence_no,
        one.region,
        one.valid_from,
        one.valid_to,
        one.capacity,
        list(one.trainers),
        list(one.assessors),
        one.state,
        one.revoked_on,
    )


async def insert_suspension(tx: Tx, centre: CentreId, since: date, reason: SuspensionReason) -> None:
    await tx.conn.execute(INSERT_SUSPENSION, centre, since, reason)


async def update_suspension(tx: Tx, centre: CentreId, until: date) -> date | None:
    """End the suspension in force. Returns the day it began; None: no suspension is in force."""
    since: date | None = await tx.conn.fetchval(UPDATE_SUSPENSION, centre, until)
    return since


async def list_was_suspended(tx: Tx, centre: CentreId, days: Sequence[date]) -> set[date]:
    """Those of the days that lie within a suspension, ended or not."""
    return {row["day"] for row in await tx.conn.fetch(LIST_WAS_SUSPENDED, centre, list(days))}
