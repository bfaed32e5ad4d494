"""Who is abroad in a country: departures that are neither returned nor voided."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.domain.roll_calls import Abroad
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns
from shared.values import Destination, EnterpriseId

ABROAD = Columns(
    Abroad,
    """
    dispatch.placement, dispatch.worker, dispatch.enterprise, dispatch.county, dispatch.destination, dispatch.occupation,
    dispatch.channel, dispatch.departed_on, (placement.contract ->> 'end')::date AS contract_end
    """,
)
# Scope is checked against the county of the placement, as everywhere else.
LIST = ABROAD.pages(
    "dispatch JOIN placement ON placement.id = dispatch.placement",
    """
    dispatch.destination = $1 AND dispatch.returned_on IS NULL AND dispatch.voided IS NULL
    AND ($2::uuid IS NULL OR dispatch.enterprise = $2) AND placement.county ^@ ANY($3::text[])
    """,
    "departed_on date",
    key="placement uuid",
)
GET_TOTAL = """
SELECT count(*) FROM dispatch JOIN placement ON placement.id = dispatch.placement
WHERE dispatch.destination = $1 AND dispatch.returned_on IS NULL AND dispatch.voided IS NULL
    AND ($2::uuid IS NULL OR dispatch.enterprise = $2) AND placement.county ^@ ANY($3::text[])
"""


async def list_(
    tx: Tx, page: Page, destination: Destination, *, enterprise: EnterpriseId | None, counties: Sequence[str]
) -> tuple[Sequence[Abroad], str | None]:
    """`counties`: what the codes of the visible counties begin with."""
    return await fetch_page(tx.conn, LIST, page, destination, enterprise, counties)


async def get_total(tx: Tx, destination: Destination, *, enterprise: EnterpriseId | None, counties: Sequence[str]) -> int:
    """How many the pages hold together."""
    return int(await tx.conn.fetchval(GET_TOTAL, destination, enterprise, counties))
