"""The supply: willing workers, counted from the table `worker`."""

from __future__ import annotations

from dataclasses import dataclass

from services.registration.domain.willingness import SupplyCell, SupplyFilter
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import PLAN_FOR_VALUES
from shared.principals import county_range


@dataclass(frozen=True, slots=True)
class SupplyCount:
    cell: SupplyCell
    willing: int


SUPPLY_COUNT = rows.Columns(
    SupplyCount,
    'county AS "cell.county", occupation AS "cell.occupation", destination AS "cell.destination", count(*) AS willing',
)
# From the county of $6 on to that of $10, in the order of the index, until the page is full. Who is not willing to fill a cell asked for is
# left out before his cells are made.
LIST_SUPPLY = SUPPLY_COUNT.select("""
FROM worker CROSS JOIN unnest(offered_occupations) AS occupation CROSS JOIN unnest(destinations) AS destination
WHERE willingness = 'willing' AND expires_on >= $1 AND county LIKE ANY($2::text[]) AND county BETWEEN $6::text AND $10::text
  AND ($3::text IS NULL OR county = $3)
  AND ($4::text IS NULL OR ($4 = ANY(offered_occupations) AND occupation = $4))
  AND ($5::text IS NULL OR ($5 = ANY(destinations) AND destination = $5))
  AND (county, occupation, destination) > ($6::text, $7::text, $8::text)
GROUP BY county, occupation, destination ORDER BY county, occupation, destination LIMIT $9
""")


async def list_supply(tx: Tx, wanted: SupplyFilter, *, after: SupplyCell | None, limit: int) -> list[SupplyCount]:
    """Workers of the principal's regions who are willing today, by cell; a worker is in every cell that he is willing to fill."""
    await tx.conn.execute(PLAN_FOR_VALUES)
    first, last = county_range(tx.principal.county_prefixes())
    start = (after.county, after.occupation, after.destination) if after else (first, "", "")
    return await rows.fetch(
        tx.conn,
        LIST_SUPPLY,
        tx.clock.today(),
        county_patterns(tx),
        wanted.county,
        wanted.occupation,
        wanted.destination,
        *start,
        limit,
        last,
    )
