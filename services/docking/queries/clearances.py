"""What stands for or against a clearance beside the placement's own papers, in one round trip."""

from __future__ import annotations

from services.docking.clearance.checks import Circumstances
from services.docking.domain.placements import Placement
from shared.db import Tx
from shared.rows import Columns, fetch_one

CIRCUMSTANCES = Columns(Circumstances, "suspended, blocked, accompanied, others, emergency")
# Whoever is cleared may have left. Counting stops at $5, which decides.
GET = CIRCUMSTANCES.select("""
FROM (
    SELECT suspended,
        EXISTS (SELECT FROM blocking_case WHERE enterprise = $3) AS blocked,
        EXISTS (SELECT FROM accompaniment WHERE enterprise = $3 AND destination = $4 AND filing_no IS NOT NULL) AS accompanied,
        (
            SELECT count(*) FROM (
                (SELECT placement FROM dispatch WHERE enterprise = $3 AND destination = $4 AND returned_on IS NULL AND voided IS NULL
                 LIMIT $5)
                UNION ALL
                (SELECT id FROM placement WHERE enterprise = $3 AND destination = $4 AND state = 'cleared' AND id <> $2 LIMIT $5)
            ) AS one
        ) AS others,
        EXISTS (
            SELECT FROM country_emergency WHERE destination = $4 AND declared_on <= $6 AND (ended_on IS NULL OR ended_on > $6)
        ) AS emergency
    FROM worker WHERE id = $1
) AS found
""")


async def get(tx: Tx, placement: Placement, *, at_most: int) -> Circumstances | None:
    """Today. None: there is no such worker."""
    key = (placement.worker, placement.id, placement.enterprise, placement.destination)
    return await fetch_one(tx.conn, GET, *key, at_most, tx.clock.today())
