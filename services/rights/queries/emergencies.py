"""Emergencies."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.emergencies import Emergency, EmergencyState
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import Destination, EmergencyId

EMERGENCY = rows.Columns(
    Emergency,
    "emergency, destination, region, kind, grade, since, authority, text, declared_at, state, ended_at, end_reason, version",
)
GET = EMERGENCY.select("FROM emergency WHERE emergency = $1")
GET_OPEN = EMERGENCY.select("FROM emergency WHERE destination = $1 AND state = 'open'")
LIST_OPEN_IN = "SELECT destination FROM emergency WHERE destination = ANY($1::text[]) AND state = 'open'"
LOCK = EMERGENCY.select("FROM emergency WHERE emergency = $1 FOR UPDATE")
LIST = EMERGENCY.pages(
    "emergency",
    "($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR destination = $2)",
    "since date",
    "declared_at timestamptz",
    key="emergency uuid",
)
LOCK_COUNTRY = "SELECT pg_advisory_xact_lock(hashtextextended('emergency ' || $1, 0))"
# In one order: a correction may concern two countries.
LOCK_COUNTRIES_SHARED = """
SELECT pg_advisory_xact_lock_shared(hashtextextended('emergency ' || destination, 0))
FROM (SELECT destination FROM unnest($1::text[]) AS destination ORDER BY destination) AS sorted
"""
INSERT = """
INSERT INTO emergency (emergency, destination, region, kind, grade, since, authority, text, declared_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
UPDATE_ENDED = "UPDATE emergency SET state = 'ended', ended_at = $2, end_reason = $3, version = version + 1 WHERE emergency = $1"


async def get(tx: Tx, emergency: EmergencyId) -> Emergency | None:
    return await rows.fetch_one(tx.conn, GET, emergency)


async def get_open(tx: Tx, destination: Destination) -> Emergency | None:
    return await rows.fetch_one(tx.conn, GET_OPEN, destination)


async def list_open_in(tx: Tx, destinations: Sequence[Destination]) -> frozenset[Destination]:
    """Those of the countries in which one is open."""
    return frozenset(row["destination"] for row in await tx.conn.fetch(LIST_OPEN_IN, sorted(set(destinations))))


async def lock(tx: Tx, emergency: EmergencyId) -> Emergency | None:
    return await rows.fetch_one(tx.conn, LOCK, emergency)


async def list_(
    tx: Tx, page: Page, *, state: EmergencyState | None, destination: Destination | None
) -> tuple[Sequence[Emergency], str | None]:
    return await fetch_page(tx.conn, LIST, page, state, destination)


async def lock_country(tx: Tx, destination: Destination) -> None:
    """Until the transaction ends nobody arrives in the country, leaves it, or declares an emergency there."""
    await tx.conn.execute(LOCK_COUNTRY, destination)


async def lock_countries_shared(tx: Tx, destinations: Sequence[Destination]) -> None:
    """Until the transaction ends no emergency is declared there: it comes before or after."""
    await tx.conn.execute(LOCK_COUNTRIES_SHARED, sorted(set(destinations)))


async def insert(tx: Tx, one: Emergency) -> None:
    await tx.conn.execute(
        INSERT,
        one.emergency,
        one.destination,
        one.region,
        one.kind,
        one.grade,
        one.since,
        one.authority,
        one.text,
        one.declared_at,
        one.state,
    )


async def update_ended(tx: Tx, emergency: EmergencyId, reason: str | None) -> None:
    await tx.conn.execute(UPDATE_ENDED, emergency, tx.clock.now(), reason)
