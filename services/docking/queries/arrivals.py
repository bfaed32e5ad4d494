"""Confirmations of arrivals, and who has not confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.docking.domain.arrivals import Arrival, Unconfirmed, UnconfirmedFilter
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch, fetch_one
from shared.values import PlacementId

ARRIVAL = Columns(
    Arrival,
    """
    placement, day, confirmed_on, differences, enterprise, county AS "origin.county", designation AS "origin.designation",
    designation_version AS "origin.designation_version", destination, occupation, channel
    """,
)
GET = ARRIVAL.select("FROM arrival WHERE placement = $1 AND day = $2")
LIST = ARRIVAL.select("FROM arrival WHERE placement = $1 ORDER BY day")
LIST_ALL = ARRIVAL.select("FROM arrival WHERE placement = ANY($1::uuid[]) ORDER BY placement, day")
INSERT = """
INSERT INTO arrival (placement, day, confirmed_on, differences, enterprise, county, designation, designation_version, destination,
    occupation, channel)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
UPDATE = "UPDATE arrival SET confirmed_on = $3, differences = $4 WHERE placement = $1 AND day = $2"
DELETE = "DELETE FROM arrival WHERE placement = $1 AND ($2::integer IS NULL OR day = $2)"
UNCONFIRMED = Columns(
    Unconfirmed, "dispatch.placement, dispatch.worker, dispatch.enterprise, placement.county, dispatch.destination, dispatch.departed_on"
)
# Scope is checked against the county of the placement, as everywhere else.
LIST_UNCONFIRMED = UNCONFIRMED.pages(
    "dispatch JOIN placement ON placement.id = dispatch.placement",
    """
    dispatch.returned_on IS NULL AND dispatch.voided IS NULL AND dispatch.evidence <> 'adopted' AND dispatch.departed_on < $2
    AND NOT EXISTS (SELECT FROM arrival WHERE arrival.placement = dispatch.placement AND arrival.day = $1)
    AND ($3::uuid IS NULL OR dispatch.enterprise = $3) AND placement.county ^@ ANY($4::text[])
    AND ($5::text IS NULL OR dispatch.destination = $5)
    """,
    "departed_on date",
    key="placement uuid",
)


async def get(tx: Tx, placement: PlacementId, day: int) -> Arrival | None:
    """The caller holds the placement's lock, which holds its confirmations."""
    return await fetch_one(tx.conn, GET, placement, day)


async def list_(tx: Tx, placement: PlacementId) -> list[Arrival]:
    return await fetch(tx.conn, LIST, placement)


async def list_all(tx: Tx, placements: Sequence[PlacementId]) -> list[Arrival]:
    return await fetch(tx.conn, LIST_ALL, placements)


async def list_unconfirmed(
    tx: Tx, page: Page, wanted: UnconfirmedFilter, *, departed_before: date, counties: Sequence[str]
) -> tuple[Sequence[Unconfirmed], str | None]:
    """Workers abroad since before that day. `counties`: what the codes of the visible counties begin with."""
    filters = (wanted.day, departed_before, wanted.enterprise, counties, wanted.destination)
    return await fetch_page(tx.conn, LIST_UNCONFIRMED, page, *filters)


async def insert_all(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    rows = [
        (
            one.placement,
            one.day,
            one.confirmed_on,
            list(one.differences),
            one.enterprise,
            one.origin.county,
            one.origin.designation,
            one.origin.designation_version,
            one.destination,
            one.occupation,
            one.channel,
        )
        for one in arrivals
    ]
    await tx.conn.executemany(INSERT, rows)


async def update(tx: Tx, one: Arrival) -> None:
    await tx.conn.execute(UPDATE, one.placement, one.day, one.confirmed_on, list(one.differences))


async def delete(tx: Tx, placement: PlacementId, day: int | None = None) -> None:
    """The confirmation of that day, or all."""
    await tx.conn.execute(DELETE, placement, day)
