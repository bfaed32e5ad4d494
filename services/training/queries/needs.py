"""Needs of placements: who waits for a seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.training.domain import Need, NeedId, NeedState, Serial
from shared.db import Tx
from shared.values import Destination, Occupation, PlacementId

INSERT_NEED = """
INSERT INTO need (need, placement, worker, county, designation, designation_version, destination, occupation, state, since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (placement) DO NOTHING RETURNING true
"""
LOCK_NEED = """
SELECT need, placement, worker, county, designation, designation_version, destination, occupation, state, since
FROM need WHERE placement = $1 FOR UPDATE
"""
LOCK_NEEDS = """
SELECT need, placement, worker, county, designation, designation_version, destination, occupation, state, since
FROM need WHERE placement = ANY($1::uuid[]) ORDER BY need FOR UPDATE
"""
# Oldest first.
LOCK_BACKLOG = """
SELECT need, placement, worker, county, designation, designation_version, destination, occupation, state, since
FROM need WHERE state = 'open' AND destination = $1 AND starts_with(occupation, $2)
ORDER BY since, need LIMIT $3 FOR UPDATE
"""
LOCK_MET_BY = """
SELECT need, placement, worker, county, designation, designation_version, destination, occupation, state, since
FROM need WHERE state = 'met' AND certificate = $1 ORDER BY need FOR UPDATE
"""
LOCK_RUN_OUT = """
SELECT need, need.placement, need.worker, need.county, need.designation, need.designation_version, need.destination, need.occupation,
    state, since
FROM need JOIN certificate ON certificate.serial = need.certificate
WHERE state = 'met' AND certificate.valid_to < $1 ORDER BY need LIMIT $2 FOR UPDATE OF need
"""
SET_STATE = "UPDATE need SET state = $2, certificate = NULL WHERE need = ANY($1::uuid[])"
SET_MET = """
UPDATE need SET state = 'met', certificate = given.serial
FROM unnest($1::uuid[], $2::text[]) AS given (need, serial) WHERE need.need = given.need
"""
NEEDS = """
SELECT need, placement, worker, county, designation, designation_version, destination, occupation, state, since
FROM need
WHERE state = $1 AND ($2::uuid IS NULL OR need > $2) AND ($3::text IS NULL OR destination = $3)
  AND ($4::text IS NULL OR starts_with(occupation, $4))
  AND EXISTS (SELECT FROM unnest($5::text[]) AS prefix WHERE starts_with(county, prefix))
ORDER BY need LIMIT $6
"""


async def insert_need(tx: Tx, need: Need) -> bool:
    """False: the placement has one already."""
    inserted = await tx.conn.fetchval(
        INSERT_NEED,
        need.id,
        need.placement,
        need.worker,
        need.county,
        need.designation,
        need.designation_version,
        need.destination,
        need.occupation,
        need.state,
        need.since,
    )
    return bool(inserted)


async def lock_need(tx: Tx, placement: PlacementId) -> Need | None:
    row = await tx.conn.fetchrow(LOCK_NEED, placement)
    return _need(row) if row else None


async def lock_needs(tx: Tx, placements: Sequence[PlacementId]) -> list[Need]:
    return [_need(row) for row in await tx.conn.fetch(LOCK_NEEDS, list(placements))]


async def lock_backlog(tx: Tx, destination: Destination, occupation: Occupation, limit: int) -> list[Need]:
    return [_need(row) for row in await tx.conn.fetch(LOCK_BACKLOG, destination, occupation, limit)]


async def lock_met_by(tx: Tx, serial: Serial) -> list[Need]:
    return [_need(row) for row in await tx.conn.fetch(LOCK_MET_BY, serial)]


async def lock_run_out(tx: Tx, on: date, limit: int) -> list[Need]:
    """Met by a certificate that ended before `on`."""
    return [_need(row) for row in await tx.conn.fetch(LOCK_RUN_OUT, on, limit)]


async def set_state(tx: Tx, needs: Sequence[Need], state: NeedState) -> None:
    await tx.conn.execute(SET_STATE, [need.id for need in needs], state)


async def set_met(tx: Tx, met: Sequence[tuple[NeedId, Serial]]) -> None:
    await tx.conn.execute(SET_MET, [need for need, _ in met], [serial for _, serial in met])


async def needs(
    tx: Tx,
    state: NeedState,
    after: NeedId | None,
    destination: Destination | None,
    occupation: Occupation | None,
    counties: Sequence[str],
    limit: int,
) -> list[Need]:
    return [_need(row) for row in await tx.conn.fetch(NEEDS, state, after, destination, occupation, list(counties), limit)]


def _need(row: Any) -> Need:
    return Need(
        row["need"],
        row["placement"],
        row["worker"],
        row["county"],
        row["designation"],
        row["designation_version"],
        row["destination"],
        row["occupation"],
        NeedState(row["state"]),
        row["since"],
    )
