"""Departures."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.domain.dispatches import Dispatch
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import PlacementId, WorkerId

DISPATCH = Columns(
    Dispatch,
    """
    placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation, designation_version,
    household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on, matched_on, returned_on, return_reason,
    voided
    """,
)
GET = DISPATCH.select("FROM dispatch WHERE placement = $1")
GET_ALL = DISPATCH.select("FROM dispatch WHERE placement = ANY($1::uuid[])")
LOCK = DISPATCH.select("FROM dispatch WHERE placement = $1 FOR UPDATE")
LOCK_ALL = DISPATCH.select("FROM dispatch WHERE placement = ANY($1::uuid[]) ORDER BY placement FOR UPDATE")
LOCK_COUNTED = DISPATCH.select("FROM dispatch WHERE worker = ANY($1::uuid[]) AND voided IS NULL ORDER BY placement FOR UPDATE")
INSERT = """
INSERT INTO dispatch (placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation,
    designation_version, household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on,
    matched_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
UPDATE = """
UPDATE dispatch SET departed_on = $2, port = $3, destination = $4, occupation = $5, county = $6, designation = $7,
    designation_version = $8, first_ever = $9, first_this_year = $10, returned_on = $11, return_reason = $12, voided = $13,
    sex = $14, birth_year = $15, household_status = $16, version = version + 1
WHERE placement = $1
"""


async def get(tx: Tx, placement: PlacementId) -> Dispatch | None:
    return await fetch_one(tx.conn, GET, placement)


async def get_all(tx: Tx, ids: Sequence[PlacementId]) -> dict[PlacementId, Dispatch]:
    return {one.placement: one for one in await fetch(tx.conn, GET_ALL, ids)}


async def lock(tx: Tx, placement: PlacementId) -> Dispatch | None:
    return await fetch_one(tx.conn, LOCK, placement)


async def lock_all(tx: Tx, ids: Sequence[PlacementId]) -> dict[PlacementId, Dispatch]:
    return {one.placement: one for one in await fetch(tx.conn, LOCK_ALL, ids)}


async def lock_counted(tx: Tx, workers: list[WorkerId]) -> list[Dispatch]:
    """Every departure of the workers that is not voided. The caller holds the workers' locks."""
    return await fetch(tx.conn, LOCK_COUNTED, workers)


async def insert_all(tx: Tx, dispatches: list[Dispatch]) -> None:
    rows = [
        (
            one.placement,
            one.worker,
            one.enterprise,
            one.departed_on,
            one.port,
            one.destination,
            one.occupation,
            one.channel,
            one.county,
            one.designation,
            one.designation_version,
            one.household_status,
            one.sex,
            one.birth_year,
            one.first_ever,
            one.first_this_year,
            one.evidence,
            one.registered_on,
            one.matched_on,
        )
        for one in dispatches
    ]
    await tx.conn.executemany(INSERT, rows)


async def update_all(tx: Tx, dispatches: list[Dispatch]) -> None:
    """Everything that a return, a correction or a void may change. The caller holds the rows' locks."""
    rows = [
        (
            one.placement,
            one.departed_on,
            one.port,
            one.destination,
            one.occupation,
            one.county,
            one.designation,
            one.designation_version,
            one.first_ever,
            one.first_this_year,
            one.returned_on,
            one.return_reason,
            one.voided,
            one.sex,
            one.birth_year,
            one.household_status,
        )
        for one in dispatches
    ]
    if rows:
        await tx.conn.executemany(UPDATE, rows)
