"""The table `worker`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.registration.domain.willingness import Offer, Willingness
from services.registration.domain.workers import CountedDays, Worker, WorkerFilter
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.principals import county_range, only_county
from shared.values import WorkerId


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A registration that was merged into another."""

    survivor: WorkerId
    worker: WorkerId
    worker_no: str


Record = tuple[Any, ...]  # a row to be inserted

WORKER = rows.Columns(
    Worker,
    """
    worker, worker_no, version, birth_year, sex, county, residence_since, residence_basis, education, occupations, household_status,
    household_since, source, assurance, registered_on, provisional_until, validity, validity_since, suspended_for, verified_on,
    willingness, willingness_since, destinations AS "offer.destinations", offered_occupations AS "offer.occupations",
    wage_floor_minor AS "offer.wage_floor.minor", wage_floor_currency AS "offer.wage_floor.currency",
    available_from AS "offer.available_from", expires_on AS "offer.expires_on", family_consent AS "offer.family_consent",
    import_id, import_row, outreach_announcement AS "outreach.announcement", outreach_channel AS "outreach.channel", merged_into
    """,
)
# An absorbed worker is answered as the survivor; survivors are not absorbed, so that one step leads there.
GET = WORKER.select("FROM worker WHERE worker = (SELECT coalesce(merged_into, worker) FROM worker WHERE worker = $1)")
GET_BY_NUMBER = WORKER.select("FROM worker WHERE worker = (SELECT coalesce(merged_into, worker) FROM worker WHERE worker_no = $1)")
# Not FOR UPDATE: whoever only refers to the worker need not wait.
LOCK = WORKER.select("FROM worker WHERE worker = (SELECT coalesce(merged_into, worker) FROM worker WHERE worker = $1) FOR NO KEY UPDATE")
GET_CURRENT = "SELECT worker, coalesce(merged_into, worker) AS current FROM worker WHERE worker = ANY($1::uuid[])"
LIST = WORKER.select("""
FROM worker WHERE worker IN (SELECT coalesce(merged_into, worker) FROM worker WHERE worker = ANY($1::uuid[])) ORDER BY worker
""")
LIST_STATED = WORKER.select("FROM worker WHERE worker = ANY($1::uuid[]) ORDER BY worker")
LOCK_STATED = WORKER.select("FROM worker WHERE worker = ANY($1::uuid[]) ORDER BY worker FOR NO KEY UPDATE")
ABSORBED = rows.Columns(Absorbed, "merged_into AS survivor, worker, worker_no")
LIST_ABSORBED = ABSORBED.select("FROM worker WHERE merged_into = ANY($1::uuid[]) ORDER BY worker")
# $4: the state on the day $5; a willingness whose time is over counts as expired before the sweep has recorded it. $10 and $11: what the
# patterns of $1 leave out is not even looked at, so that a county of few workers is read as quickly as the country.
SEARCH = WORKER.pages(
    "worker",
    """
    county LIKE ANY($1::text[]) AND merged_into IS NULL AND ($2::text IS NULL OR worker_no = $2) AND ($3::text IS NULL OR county = $3)
    AND ($4::text IS NULL OR CASE WHEN willingness = 'willing' AND expires_on < $5::date THEN 'expired' ELSE willingness END = $4)
    AND ($6::uuid IS NULL OR import_id = $6) AND ($7::text IS NULL OR $7 = ANY(occupations)) AND ($8::text IS NULL OR assurance = $8)
    AND ($9::text IS NULL OR validity = $9) AND county BETWEEN $10 AND $11 AND ($12::uuid[] IS NULL OR worker = ANY($12))
    """,
    "registered_on date",
    "county text",
    key="worker uuid",
)
LOCK_LAPSED = WORKER.select("""
FROM worker WHERE willingness = 'willing' AND expires_on < $1 ORDER BY expires_on, worker LIMIT $2 FOR UPDATE SKIP LOCKED
""")
LOCK_PROVISIONAL_OVERDUE = WORKER.select("""
FROM worker WHERE assurance = 'provisional' AND validity = 'active' AND provisional_until < $1
ORDER BY provisional_until, worker LIMIT $2 FOR UPDATE SKIP LOCKED
""")
LIST_WORKER_NUMBERS = "SELECT worker, worker_no FROM worker WHERE worker = ANY($1::uuid[])"
GET_NUMBERS = "SELECT next_worker_no() AS worker_no FROM generate_series(1, $1::integer)"

INSERTED = (
    "worker",
    "worker_no",
    "version",
    "birth_year",
    "sex",
    "county",
    "residence_basis",
    "education",
    "occupations",
    "household_status",
    "source",
    "assurance",
    "registered_on",
    "provisional_until",
    "verified_on",
    "willingness",
    "willingness_since",
    "destinations",
    "offered_occupations",
    "wage_floor_minor",
    "wage_floor_currency",
    "available_from",
    "expires_on",
    "family_consent",
    "import_id",
    "import_row",
    "outreach_announcement",
    "outreach_channel",
)
UPDATE = """
UPDATE worker SET
    version = version + 1, assurance = $2, provisional_until = $3, verified_on = $4, willingness = $5, willingness_since = $6,
    destinations = $7, offered_occupations = $8, wage_floor_minor = $9, wage_floor_currency = $10, available_from = $11,
    expires_on = $12, family_consent = $13, birth_year = $14, sex = $15, county = $16, residence_basis = $17, education = $18,
    occupations = $19, residence_since = $20, household_status = $21, household_since = $22, validity = $23, validity_since = $24,
    suspended_for = $25, merged_into = $26
WHERE worker = $1 AND version = $27
"""
UPDATE_WILLINGNESS = """
UPDATE worker SET version = version + 1, willingness = now.willingness, willingness_since = now.since
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS now (worker, willingness, since) WHERE worker.worker = now.worker
"""
UPDATE_REDIRECTS = "UPDATE worker SET merged_into = $2 WHERE merged_into = $1"
UPDATE_EXPIRED = """
UPDATE worker SET version = version + 1, willingness = 'expired', willingness_since = expires_on + 1
WHERE worker = ANY($1::uuid[]) AND willingness = 'willing'
"""
# From the audit trail: what was published is what the figures count. A renewal goes on with the spell that is under way.
GET_COUNTED_DAYS = """
SELECT
    (SELECT effective FROM history WHERE subject = $1::text AND type = 'WorkerVerified') AS verified_on,
    (SELECT min(effective) FROM history WHERE subject = $1::text AND type = 'WillingnessRecorded' AND $2::boolean AND id > coalesce((
        SELECT max(id) FROM history
        WHERE subject = $1::text AND type IN ('WillingnessWithdrawn', 'WillingnessExpired', 'WorkerSuspended', 'RegistrationLapsed')
    ), 0)) AS willing_from
"""


def county_patterns(tx: Tx) -> list[str]:
    """The counties of the principal's regions, for LIKE ANY: a third faster over many rows than ^@ ANY with the bare prefixes."""
    return [f"{prefix}%" for prefix in tx.principal.county_prefixes()]


async def get(tx: Tx, worker: WorkerId) -> Worker | None:
    """The registration that is the person's now."""
    return await rows.fetch_one(tx.conn, GET, worker)


async def get_counted_days(tx: Tx, worker: Worker) -> CountedDays:
    """As published by other transactions: events of this one are not in it yet."""
    willing = worker.willingness is Willingness.WILLING
    row = await tx.conn.fetchrow(GET_COUNTED_DAYS, str(worker.worker), willing)
    return CountedDays(row["verified_on"], row["willing_from"])


async def get_by_number(tx: Tx, worker_no: str) -> Worker | None:
    """The registration that is the person's now."""
    return await rows.fetch_one(tx.conn, GET_BY_NUMBER, worker_no)


async def list_worker_numbers(tx: Tx, ids: Sequence[WorkerId]) -> dict[WorkerId, str]:
    """The number of each that there is."""
    return {row["worker"]: row["worker_no"] for row in await tx.conn.fetch(LIST_WORKER_NUMBERS, ids)}


async def get_numbers(tx: Tx, count: int) -> list[str]:
    """As many that nobody else gets. Rows that are refused leave gaps."""
    return [row["worker_no"] for row in await tx.conn.fetch(GET_NUMBERS, count)]


async def lock(tx: Tx, worker: WorkerId) -> Worker | None:
    """The registration that is the person's now, as the last holder of the lock has committed it."""
    found = await rows.fetch_one(tx.conn, LOCK, worker)
    while found is not None and found.merged_into is not None:  # while this one waited
        found = await rows.fetch_one(tx.conn, LOCK, found.merged_into)
    return found


async def get_current(tx: Tx, stated: Sequence[WorkerId]) -> dict[WorkerId, WorkerId]:
    """Of each that there is the registration that is the person's now."""
    return {row["worker"]: row["current"] for row in await tx.conn.fetch(GET_CURRENT, stated)}


async def lock_all(tx: Tx, stated: Sequence[WorkerId]) -> dict[WorkerId, Worker]:
    """As lock(), of each that there is."""
    current = await get_current(tx, stated)
    locked: dict[WorkerId, Worker] = {}
    for found in await lock_stated(tx, list(set(current.values()))):
        now = await lock(tx, found.merged_into) if found.merged_into is not None else found
        if now is not None:
            locked[found.worker] = now
    return {worker: locked[survivor] for worker, survivor in current.items() if survivor in locked}


async def lock_stated(tx: Tx, workers: Sequence[WorkerId]) -> list[Worker]:
    """These registrations and no others, in the order of their ids, in which they are locked too."""
    return await rows.fetch(tx.conn, LOCK_STATED, workers)


async def lock_lapsed(tx: Tx, today: date, limit: int) -> list[Worker]:
    """Workers whose willingness ended before today and is not recorded as expired; those locked by others are left for the next batch."""
    return await rows.fetch(tx.conn, LOCK_LAPSED, today, limit)


async def lock_provisional_overdue(tx: Tx, today: date, limit: int) -> list[Worker]:
    """In force, never verified, and their time over before today; those locked by others are left for the next batch."""
    return await rows.fetch(tx.conn, LOCK_PROVISIONAL_OVERDUE, today, limit)


async def list_(tx: Tx, workers: Sequence[WorkerId]) -> list[Worker]:
    """The registrations that are these people's now, in the order of their ids."""
    return await rows.fetch(tx.conn, LIST, workers)


async def list_stated(tx: Tx, workers: Sequence[WorkerId]) -> list[Worker]:
    """These registrations and no others, in the order of their ids."""
    return await rows.fetch(tx.conn, LIST_STATED, workers)


async def list_absorbed(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, list[Absorbed]]:
    """By survivor, in the order of registration; who has absorbed nobody is absent."""
    found: dict[WorkerId, list[Absorbed]] = {}
    for absorbed in await rows.fetch(tx.conn, LIST_ABSORBED, workers):
        found.setdefault(absorbed.survivor, []).append(absorbed)
    return found


async def list_matching(tx: Tx, page: Page, wanted: WorkerFilter) -> tuple[Sequence[Worker], str | None]:
    """Workers of the principal's regions; states as of today."""
    prefixes = tx.principal.county_prefixes()
    county = wanted.county or only_county(prefixes)
    filters = (wanted.worker_no, county, wanted.state, tx.clock.today(), wanted.import_id, wanted.occupation)
    more = (wanted.assurance, wanted.validity, *county_range(prefixes), wanted.among)
    return await fetch_page(tx.conn, SEARCH, page, county_patterns(tx), *filters, *more)


async def insert_all(tx: Tx, records: Sequence[Record]) -> None:
    """Those of a list."""
    if records:
        await tx.conn.copy_records_to_table("worker", records=records, columns=INSERTED)


def record(worker: Worker) -> Record:
    """The values of INSERTED of one worker. The id is text, which goes to another process for a tenth of what a UUID takes."""
    destinations, occupations, *rest = _offer_columns(worker.offer)
    return (
        str(worker.worker),
        worker.worker_no,
        worker.version,
        worker.birth_year,
        worker.sex,
        worker.county,
        worker.residence_basis,
        worker.education,
        worker.occupations,
        worker.household_status,
        worker.source,
        worker.assurance,
        worker.registered_on,
        worker.provisional_until,
        worker.verified_on,
        worker.willingness,
        worker.willingness_since,
        destinations,
        occupations,
        *rest,
        worker.import_id,
        worker.import_row,
        worker.outreach and worker.outreach.announcement,
        worker.outreach and worker.outreach.channel,
    )


def _offer_columns(offer: Offer | None) -> tuple[Any, ...]:
    """Destinations, occupations, wage floor (amount, currency), first day, last day, family consent."""
    if offer is None:
        return (None,) * 7
    floor = (offer.wage_floor.minor, offer.wage_floor.currency) if offer.wage_floor else (None, None)
    return (offer.destinations, offer.occupations, *floor, offer.available_from, offer.expires_on, offer.family_consent)


async def update(tx: Tx, worker: Worker) -> None:
    """Write what commands change; the row must still be the version that was loaded under its lock."""
    await tx.conn.execute(
        UPDATE,
        worker.worker,
        worker.assurance,
        worker.provisional_until,
        worker.verified_on,
        worker.willingness,
        worker.willingness_since,
        *_offer_columns(worker.offer),
        worker.birth_year,
        worker.sex,
        worker.county,
        worker.residence_basis,
        worker.education,
        list(worker.occupations),
        worker.residence_since,
        worker.household_status,
        worker.household_since,
        worker.validity,
        worker.validity_since,
        worker.suspended_for,
        worker.merged_into,
        worker.version,
    )


async def update_willingness(tx: Tx, workers: Sequence[Worker]) -> None:
    """Write whether they are willing, and since when; the caller holds their locks."""
    columns = zip(*((one.worker, one.willingness, one.willingness_since) for one in workers), strict=True)
    await tx.conn.execute(UPDATE_WILLINGNESS, *columns)


async def update_redirects(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """Every number that led to the absorbed one leads to the survivor."""
    await tx.conn.execute(UPDATE_REDIRECTS, absorbed, survivor)


async def update_expired(tx: Tx, workers: Sequence[WorkerId]) -> None:
    await tx.conn.execute(UPDATE_EXPIRED, workers)
