"""Departures."""

from __future__ import annotations

from typing import Any

from services.docking.departures import Dispatch
from shared.db import Tx
from shared.values import Channel, HouseholdStatus, PlacementId, Sex, WorkerId

ADD = """
INSERT INTO dispatch (placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation,
    designation_version, household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on,
    matched_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
GET = """
SELECT placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation, designation_version,
    household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on, matched_on, returned_on, return_reason,
    voided
FROM dispatch WHERE placement = $1
"""
LOCK = """
SELECT placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation, designation_version,
    household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on, matched_on, returned_on, return_reason,
    voided
FROM dispatch WHERE placement = $1 FOR UPDATE
"""
COUNTED = """
SELECT placement, worker, enterprise, departed_on, port, destination, occupation, channel, county, designation, designation_version,
    household_status, sex, birth_year, first_ever, first_this_year, evidence, registered_on, matched_on, returned_on, return_reason,
    voided
FROM dispatch WHERE worker = ANY($1::uuid[]) AND voided IS NULL ORDER BY placement FOR UPDATE
"""
SAVE = """
UPDATE dispatch SET departed_on = $2, port = $3, destination = $4, occupation = $5, county = $6, designation = $7,
    designation_version = $8, first_ever = $9, first_this_year = $10, returned_on = $11, return_reason = $12, voided = $13,
    version = version + 1
WHERE placement = $1
"""


def of(row: Any) -> Dispatch:
    return Dispatch(
        **{
            **dict(row.items()),
            "channel": Channel(row["channel"]),
            "household_status": HouseholdStatus(row["household_status"]),
            "sex": Sex(row["sex"]),
        }
    )


async def add_all(tx: Tx, dispatches: list[Dispatch]) -> None:
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
    await tx.conn.executemany(ADD, rows)


async def get(tx: Tx, placement: PlacementId) -> Dispatch | None:
    row = await tx.conn.fetchrow(GET, placement)
    return of(row) if row else None


async def lock(tx: Tx, placement: PlacementId) -> Dispatch | None:
    row = await tx.conn.fetchrow(LOCK, placement)
    return of(row) if row else None


async def lock_counted(tx: Tx, workers: list[WorkerId]) -> list[Dispatch]:
    """Every departure of the workers that is not voided. The caller holds the workers' locks."""
    return [of(row) for row in await tx.conn.fetch(COUNTED, workers)]


async def save_all(tx: Tx, dispatches: list[Dispatch]) -> None:
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
        )
        for one in dispatches
    ]
    if rows:
        await tx.conn.executemany(SAVE, rows)
