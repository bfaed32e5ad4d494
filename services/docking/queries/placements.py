"""Placements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.docking.domain.contracts import Contract, Insurance, as_json
from services.docking.domain.medicals import Medical
from services.docking.domain.placements import Ending, EndingPlacement, Placement, PlacementFilter
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.principals import county_range, only_county
from shared.rows import Columns, fetch, fetch_one
from shared.values import CountyCode, EnterpriseId, MatchId, PlacementId, WorkerId

PLACEMENT = Columns(
    Placement,
    """
    id, job_order AS "order", enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since,
    adopted, planned_departure, contract, insurance, medical, medical_required, employer_id,
    certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on,
    version
    """,
)
GET = PLACEMENT.select("FROM placement WHERE id = $1")
LOCK = PLACEMENT.select("FROM placement WHERE id = $1 FOR UPDATE")
LOCK_ALL = PLACEMENT.select("FROM placement WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
LOCK_ACTIVE = PLACEMENT.select("""
FROM placement WHERE worker = $1 AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad') FOR UPDATE
""")
LOCK_ALL_ACTIVE = PLACEMENT.select("""
FROM placement WHERE worker = ANY($1::uuid[]) AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad') ORDER BY id FOR UPDATE
""")
LOCK_OF_WORKERS = PLACEMENT.select("FROM placement WHERE worker = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
LOCK_OF_MATCH = PLACEMENT.select("FROM placement WHERE match = $1 FOR UPDATE")
LOCK_OVERDUE = PLACEMENT.select("""
FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared') AND due < $1
ORDER BY due, id LIMIT $2 FOR UPDATE SKIP LOCKED
""")
LOCK_ENDED = PLACEMENT.select("""
FROM placement
WHERE state IN ('matched', 'clearance_requested')
    AND enterprise = ANY(ARRAY(SELECT id FROM enterprise WHERE state IN ('stopped', 'revoked')))
ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
""")
# Cleared for a country with an emergency; a clearance without a certificate is withdrawn already.
LIST_CLEARED_INTO_EMERGENCY = """
SELECT placement.id, min(declared_on) AS declared_on FROM placement JOIN country_emergency USING (destination)
WHERE state = 'cleared' AND certificate IS NOT NULL AND ended_on IS NULL AND clearance_valid_to >= declared_on
GROUP BY placement.id ORDER BY placement.id LIMIT $1
"""
LOCK_CLEARED = PLACEMENT.select("""
FROM placement WHERE id = ANY($1::uuid[]) AND state = 'cleared' AND certificate IS NOT NULL ORDER BY id FOR UPDATE SKIP LOCKED
""")
LIST_WORKERS = """
SELECT id, worker FROM placement WHERE id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR enterprise = $2) AND county ^@ ANY($3::text[])
"""
# ^@ is starts_with() as an operator, which ANY takes.
LIST = PLACEMENT.pages(
    "placement",
    """
    ($1::uuid IS NULL OR worker = $1) AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR job_order = $3)
    AND ($4::uuid IS NULL OR enterprise = $4) AND ($5::text IS NULL OR destination = $5) AND ($6::text IS NULL OR county = $6)
    AND county ^@ ANY($7::text[]) AND county BETWEEN $8 AND $9 AND ($10::uuid[] IS NULL OR id = ANY($10))
    """,
    "since date",
    "matched_on date",
)
LIST_STUCK = PLACEMENT.pages(
    "placement",
    """
    (state IN ('matched', 'clearance_requested', 'cleared') AND due < $1 OR state = 'clearance_requested' AND since < $2
        OR state = 'matched' AND since < $2 AND (contract IS NULL OR insurance IS NULL OR medical_required AND medical IS NULL))
    AND ($3::uuid IS NULL OR enterprise = $3) AND ($4::text IS NULL OR state = $4) AND ($5::text IS NULL OR destination = $5)
    AND county ^@ ANY($6::text[])
    """,
    "since date",
)
# Days as ISO text sort as days do, and text is what an index over JSON can hold. OFFSET 0: read by that index, whatever the order of the
# list: how many end by a day cannot be estimated, and in the order of the ids all placements there are were read.
LIST_ENDING = PLACEMENT.extend(EndingPlacement, "ends_on").pages(
    "(SELECT *, (contract ->> 'end')::date AS ends_on FROM placement WHERE state = 'abroad' AND contract ->> 'end' <= $1 OFFSET 0) AS one",
    """
    ($2::uuid IS NULL OR enterprise = $2)
    AND ($3::text IS NULL OR destination = $3) AND county ^@ ANY($4::text[])
    """,
    "ends_on date",
    "since date",
)
GET_ENDING = """
SELECT count(*) FILTER (WHERE contract ->> 'end' < $1) AS overdue, count(*) FILTER (WHERE contract ->> 'end' BETWEEN $1 AND $2) AS in_30,
    count(*) FILTER (WHERE contract ->> 'end' BETWEEN $1 AND $3) AS in_60, count(*) FILTER (WHERE contract ->> 'end' >= $1) AS in_90
FROM placement
WHERE state = 'abroad' AND contract ->> 'end' <= $4 AND ($5::uuid IS NULL OR enterprise = $5) AND county ^@ ANY($6::text[])
"""
LIST_PLACED_WORKERS = """
SELECT worker FROM placement WHERE worker = ANY($1::uuid[]) AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
"""
# A position and a proposal are taken with each worker, and not for one who is placed already: the unique index decides, also between two
# transactions.
INSERT_MATCHED = """
WITH placed AS (
    INSERT INTO placement
        (id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, registered_on, match_due, due,
        since, match)
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::date[],
        $11::date[], $12::date[], $13::date[], $14::date[], $15::uuid[]
    ) AS one (
        id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, registered_on, match_due, due,
        since, match
    )
    ORDER BY worker
    ON CONFLICT (worker) WHERE state IN ('matched', 'clearance_requested', 'cleared', 'abroad') DO NOTHING
    RETURNING job_order, match
), taken AS (
    UPDATE job_order SET reserved = reserved + matched.positions
    FROM (SELECT job_order, count(*) AS positions FROM placed GROUP BY job_order) AS matched
    WHERE job_order.id = matched.job_order
), accepted AS (UPDATE proposal SET state = 'accepted' FROM placed WHERE proposal.id = placed.match)
SELECT match FROM placed
"""
INSERT_ADOPTED = """
INSERT INTO placement (id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, since,
    adopted, contract)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, true, $11)
"""
UPDATE = """
UPDATE placement SET state = $2, due = $3, since = $4, planned_departure = $5, contract = $6, insurance = $7, certificate = $8,
    clearance = $9, cleared_on = $10, clearance_valid_to = $11, ended = $12, match_due = $13, medical = $14,
    employer_id = $15, version = version + 1
WHERE id = $1
"""
UPDATE_COUNTY = """
UPDATE placement SET county = $2
WHERE worker = $1 AND county <> $2 AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
"""
UPDATE_ERASED = "UPDATE placement SET medical = NULL WHERE worker = $1 AND medical IS NOT NULL"
UPDATE_CANCELLED = """
UPDATE placement SET state = 'cancelled', due = NULL, since = $3, ended = row.reason, version = version + 1
FROM unnest($1::uuid[], $2::text[]) AS row (id, reason) WHERE placement.id = row.id
"""


async def get(tx: Tx, placement: PlacementId) -> Placement | None:
    return await fetch_one(tx.conn, GET, placement)


async def lock(tx: Tx, placement: PlacementId) -> Placement | None:
    return await fetch_one(tx.conn, LOCK, placement)


async def lock_all(tx: Tx, ids: Sequence[PlacementId]) -> dict[PlacementId, Placement]:
    """Those that there are."""
    return {one.id: one for one in await fetch(tx.conn, LOCK_ALL, ids)}


async def lock_active(tx: Tx, worker: WorkerId) -> Placement | None:
    """The worker's one active placement."""
    return await fetch_one(tx.conn, LOCK_ACTIVE, worker)


async def lock_all_active(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, Placement]:
    """The one active placement of each worker who has one."""
    return {one.worker: one for one in await fetch(tx.conn, LOCK_ALL_ACTIVE, workers)}


async def lock_of_workers(tx: Tx, workers: Sequence[WorkerId]) -> list[Placement]:
    """Every placement of theirs, ended ones too."""
    return await fetch(tx.conn, LOCK_OF_WORKERS, workers)


async def lock_of_match(tx: Tx, match: MatchId) -> Placement | None:
    """The placement that the match became."""
    return await fetch_one(tx.conn, LOCK_OF_MATCH, match)


async def lock_overdue(tx: Tx, today: date, limit: int) -> list[Placement]:
    return await fetch(tx.conn, LOCK_OVERDUE, today, limit)


async def lock_ended(tx: Tx, limit: int) -> list[Placement]:
    """Those not yet cleared with enterprises that are revoked or have stopped."""
    return await fetch(tx.conn, LOCK_ENDED, limit)


async def lock_cleared_into_emergency(tx: Tx, limit: int) -> list[tuple[Placement, date]]:
    """Each with the day on which the emergency was declared; those that somebody else holds are left out."""
    days = {row["id"]: row["declared_on"] for row in await tx.conn.fetch(LIST_CLEARED_INTO_EMERGENCY, limit)}
    if not days:
        return []
    return [(placement, days[placement.id]) for placement in await fetch(tx.conn, LOCK_CLEARED, list(days))]


async def list_(tx: Tx, page: Page, wanted: PlacementFilter, *, counties: Sequence[str]) -> tuple[Sequence[Placement], str | None]:
    """`counties`: what the codes of the visible counties begin with."""
    county = wanted.county or only_county(counties)
    filters = (wanted.worker, wanted.state, wanted.order, wanted.enterprise, wanted.destination, county)
    return await fetch_page(tx.conn, LIST, page, *filters, counties, *county_range(counties), wanted.among)


async def list_workers(
    tx: Tx, ids: Sequence[PlacementId], enterprise: EnterpriseId | None, *, counties: Sequence[str]
) -> dict[PlacementId, WorkerId]:
    """Of each placement that there is. `counties` as in list_()."""
    return {row["id"]: row["worker"] for row in await tx.conn.fetch(LIST_WORKERS, ids, enterprise, counties)}


async def list_stuck(
    tx: Tx, page: Page, wanted: PlacementFilter, *, today: date, waiting_since: date, counties: Sequence[str]
) -> tuple[Sequence[Placement], str | None]:
    """Past their deadline, or waiting for clearance since before `waiting_since`. `counties` as in list_()."""
    filters = (today, waiting_since, wanted.enterprise, wanted.state, wanted.destination, counties)
    return await fetch_page(tx.conn, LIST_STUCK, page, *filters)


async def list_ending(
    tx: Tx, page: Page, by: date, wanted: PlacementFilter, *, counties: Sequence[str]
) -> tuple[Sequence[EndingPlacement], str | None]:
    """Those abroad whose contract ends, or has ended, by that day. `counties` as in list_()."""
    return await fetch_page(tx.conn, LIST_ENDING, page, by.isoformat(), wanted.enterprise, wanted.destination, counties)


async def get_ending(tx: Tx, today: date, *, enterprise: EnterpriseId | None, counties: Sequence[str]) -> Ending:
    """How many contracts of workers abroad end within 30, 60 and 90 days. `counties` as in list_()."""
    days = [(today + timedelta(days=days)).isoformat() for days in (0, 30, 60, 90)]
    row = await tx.conn.fetchrow(GET_ENDING, *days, enterprise, counties)
    return Ending(overdue=row["overdue"], in_30=row["in_30"], in_60=row["in_60"], in_90=row["in_90"])


async def list_placed_workers(tx: Tx, workers: list[WorkerId]) -> set[WorkerId]:
    """Those of the workers who have an active placement."""
    return {row["worker"] for row in await tx.conn.fetch(LIST_PLACED_WORKERS, workers)}


async def insert_matched(tx: Tx, matched: Mapping[MatchId, Placement]) -> set[MatchId]:
    """Take the workers and positions under the accepted proposals. Returns which: not those of workers who have an active placement."""
    entries = [(*_codes(one), one.registered_on, one.match_due, one.due, one.since, match) for match, one in matched.items()]
    return {row["match"] for row in await tx.conn.fetch(INSERT_MATCHED, *zip(*entries, strict=True))}


async def insert_adopted(tx: Tx, placements: list[Placement]) -> None:
    await tx.conn.executemany(INSERT_ADOPTED, [(*_codes(one), _json(one.contract)) for one in placements])


def _codes(one: Placement) -> tuple[object, ...]:
    """The columns that every new placement has, $1 to $10."""
    return (
        one.id,
        one.order,
        one.enterprise,
        one.worker,
        one.county,
        one.destination,
        one.occupation,
        one.channel,
        one.state,
        one.matched_on,
    )


async def update(tx: Tx, one: Placement) -> None:
    """Everything a step may change. The caller holds the row's lock."""
    await tx.conn.execute(UPDATE, *_changeable(one))


async def update_all(tx: Tx, several: Sequence[Placement]) -> None:
    """The same of each. The caller holds the rows' locks."""
    await tx.conn.executemany(UPDATE, [_changeable(one) for one in several])


def _changeable(one: Placement) -> tuple[object, ...]:
    return (
        one.id,
        one.state,
        one.due,
        one.since,
        one.planned_departure,
        _json(one.contract),
        _json(one.insurance),
        one.certificate,
        one.clearance,
        one.cleared_on,
        one.clearance_valid_to,
        one.ended,
        one.match_due,
        _json(one.medical),
        one.employer_id,
    )


async def update_county(tx: Tx, worker: WorkerId, county: CountyCode) -> None:
    """The county whose officers look after the worker's active placement from now on."""
    await tx.conn.execute(UPDATE_COUNTY, worker, county)


async def update_erased(tx: Tx, worker: WorkerId) -> None:
    """Forget the health data of the worker's placements."""
    await tx.conn.execute(UPDATE_ERASED, worker)


async def update_cancelled(tx: Tx, reasons: dict[PlacementId, str], today: date) -> None:
    await tx.conn.execute(UPDATE_CANCELLED, list(reasons), list(reasons.values()), today)


def _json(terms: Contract | Insurance | Medical | None) -> dict[str, Any] | None:
    return None if terms is None else as_json(terms)
