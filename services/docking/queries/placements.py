"""Proposals, placements, and the certificates a clearance stands on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from services.docking.clearance import TrainingCertificate
from services.docking.domain import Contract, Insurance, Placement, PlacementState, Proposal
from services.docking.matching import Ranked
from shared.db import Tx
from shared.values import (
    Channel,
    CountyCode,
    Destination,
    EnterpriseId,
    MatchId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    WagePeriod,
    WorkerId,
    new_id,
)

# --- proposals ----------------------------------------------------------------------------------------------------------
# The same worker proposed again for the same order: the proposal is renewed, not doubled.
PROPOSE = """
INSERT INTO proposal (id, job_order, worker, score, reasons, quota_effect, policy_version, expires, state)
SELECT id, $2, worker, score, ARRAY(SELECT jsonb_array_elements_text(reasons)), quota_effect, $7, $8, 'proposed'
FROM ROWS FROM (unnest($1::uuid[], $3::uuid[], $4::integer[], $6::text[]), jsonb_array_elements($5::jsonb))
    AS row (id, worker, score, quota_effect, reasons)
ON CONFLICT (job_order, worker) WHERE state = 'proposed' DO UPDATE
SET score = excluded.score, reasons = excluded.reasons, quota_effect = excluded.quota_effect, policy_version = excluded.policy_version,
    expires = excluded.expires
RETURNING id, worker
"""
LOCK_PROPOSAL = """
SELECT id, job_order, worker, score, reasons, quota_effect, policy_version, expires, state FROM proposal WHERE id = $1 FOR UPDATE
"""
EXPIRE_PROPOSALS = """
UPDATE proposal SET state = 'expired'
WHERE id IN (
    SELECT id FROM proposal WHERE state = 'proposed' AND expires < $1 ORDER BY expires, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


async def propose(tx: Tx, order: OrderId, ranked: list[Ranked], version: str, expires: date) -> dict[WorkerId, MatchId]:
    rows = await tx.conn.fetch(
        PROPOSE,
        [new_id() for _ in ranked],
        order,
        [one.worker for one in ranked],
        [one.score for one in ranked],
        [list(one.reasons) for one in ranked],
        [one.quota_effect for one in ranked],
        version,
        expires,
    )
    return {row["worker"]: row["id"] for row in rows}


async def lock_proposal(tx: Tx, match: MatchId) -> Proposal | None:
    row = await tx.conn.fetchrow(LOCK_PROPOSAL, match)
    if row is None:
        return None
    return Proposal(
        id=row["id"],
        order=row["job_order"],
        worker=row["worker"],
        score=row["score"],
        reasons=tuple(row["reasons"]),
        quota_effect=row["quota_effect"],
        policy_version=row["policy_version"],
        expires=row["expires"],
        state=row["state"],
    )


async def expire_proposals(tx: Tx, today: date, limit: int) -> int:
    return len(await tx.conn.fetch(EXPIRE_PROPOSALS, today, limit))


# --- placements ---------------------------------------------------------------------------------------------------------
# A position, a worker and the proposal are taken together or not at all. No row comes back when the worker is placed already
# (the unique index decides, also between two transactions); the caller then rolls everything back.
ACCEPT = """
WITH taken AS (UPDATE job_order SET reserved = reserved + 1 WHERE id = $3),
    accepted AS (UPDATE proposal SET state = 'accepted' WHERE id = $1)
INSERT INTO placement
    (id, job_order, enterprise, worker, county, destination, occupation, channel, state, registered_on, matched_on, match_due, due, since)
VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (worker) WHERE state IN ('matched', 'clearance_requested', 'cleared', 'abroad') DO NOTHING
RETURNING true
"""
ADOPT = """
INSERT INTO placement (id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, since,
    adopted, contract)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, true, $11)
"""
GET = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement WHERE id = $1
"""
LOCK = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement WHERE id = $1 FOR UPDATE
"""
LOCK_ACTIVE = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement WHERE worker = $1 AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad') FOR UPDATE
"""
OVERDUE = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared') AND due < $1
ORDER BY due, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
PAGE = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement
WHERE ($1::uuid IS NULL OR id > $1) AND ($2::uuid IS NULL OR worker = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::uuid IS NULL OR job_order = $4) AND ($5::uuid IS NULL OR enterprise = $5) AND county LIKE ANY($6::text[])
ORDER BY id LIMIT $7
"""
STUCK = """
SELECT id, job_order, enterprise, worker, county, destination, occupation, channel, state, matched_on, match_due, due, since, adopted,
    planned_departure, contract, insurance, certificate, clearance, cleared_on, clearance_valid_to, ended, registered_on, version
FROM placement
WHERE (state IN ('matched', 'clearance_requested', 'cleared') AND due < $1 OR state = 'clearance_requested' AND since < $2)
    AND ($3::uuid IS NULL OR id > $3) AND county LIKE ANY($4::text[])
ORDER BY id LIMIT $5
"""
SAVE = """
UPDATE placement SET state = $2, due = $3, since = $4, planned_departure = $5, contract = $6, insurance = $7, certificate = $8,
    clearance = $9, cleared_on = $10, clearance_valid_to = $11, ended = $12, version = version + 1
WHERE id = $1
"""
CANCEL_ALL = """
UPDATE placement SET state = 'cancelled', due = NULL, since = $3, ended = row.reason, version = version + 1
FROM unnest($1::uuid[], $2::text[]) AS row (id, reason) WHERE placement.id = row.id
"""
PLACED = """
SELECT worker FROM placement WHERE worker = ANY($1::uuid[]) AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
"""


def of(row: Any) -> Placement:
    return Placement(
        id=row["id"],
        order=row["job_order"],
        enterprise=row["enterprise"],
        worker=row["worker"],
        county=CountyCode(row["county"]),
        destination=Destination(row["destination"]),
        occupation=Occupation(row["occupation"]),
        channel=Channel(row["channel"]),
        state=PlacementState(row["state"]),
        matched_on=row["matched_on"],
        match_due=row["match_due"],
        due=row["due"],
        since=row["since"],
        adopted=row["adopted"],
        planned_departure=row["planned_departure"],
        contract=_contract(row["contract"]),
        insurance=_insurance(row["insurance"]),
        certificate=row["certificate"],
        clearance=row["clearance"],
        cleared_on=row["cleared_on"],
        clearance_valid_to=row["clearance_valid_to"],
        ended=row["ended"],
        registered_on=row["registered_on"],
        version=row["version"],
    )


def stored(terms: Contract | Insurance | None) -> dict[str, Any] | None:
    """As JSON: days as ISO text, money as {minor, currency}."""
    if terms is None:
        return None
    return {name: _plain(value) for name, value in asdict(terms).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.model_dump() if isinstance(value, Money) else value


def _contract(stored: dict[str, Any] | None) -> Contract | None:
    if stored is None:
        return None
    fee = stored["service_fee"]
    return Contract(
        contract_no=stored["contract_no"],
        wage_period=WagePeriod(stored["wage_period"]),
        days_per_month=stored["days_per_month"],
        pay_day=stored["pay_day"],
        service_fee=None if fee is None else Money(**fee),
        wage=Money(**stored["wage"]),
        deductions_max=Money(**stored["deductions_max"]),
        signed_on=date.fromisoformat(stored["signed_on"]),
        filed_on=date.fromisoformat(stored["filed_on"]),
        start=date.fromisoformat(stored["start"]),
        end=date.fromisoformat(stored["end"]),
    )


def _insurance(stored: dict[str, Any] | None) -> Insurance | None:
    if stored is None:
        return None
    days = {name: date.fromisoformat(stored[name]) for name in ("valid_from", "valid_to")}
    return Insurance(insurer=stored["insurer"], policy_no=stored["policy_no"], **days)


async def accept(tx: Tx, match: MatchId, one: Placement) -> bool:
    """False when the worker has an active placement: roll back."""
    taken = await tx.conn.fetchval(
        ACCEPT,
        match,
        one.id,
        one.order,
        one.enterprise,
        one.worker,
        one.county,
        one.destination,
        one.occupation,
        one.channel,
        one.state,
        one.registered_on,
        one.matched_on,
        one.match_due,
        one.due,
        one.since,
    )
    return bool(taken)


async def adopt_all(tx: Tx, placements: list[Placement]) -> None:
    rows = [
        (
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
            stored(one.contract),
        )
        for one in placements
    ]
    await tx.conn.executemany(ADOPT, rows)


async def get(tx: Tx, placement: PlacementId) -> Placement | None:
    row = await tx.conn.fetchrow(GET, placement)
    return of(row) if row else None


async def lock(tx: Tx, placement: PlacementId) -> Placement | None:
    row = await tx.conn.fetchrow(LOCK, placement)
    return of(row) if row else None


async def lock_active_of(tx: Tx, worker: WorkerId) -> Placement | None:
    """The worker's one active placement."""
    row = await tx.conn.fetchrow(LOCK_ACTIVE, worker)
    return of(row) if row else None


async def lock_overdue(tx: Tx, today: date, limit: int) -> list[Placement]:
    return [of(row) for row in await tx.conn.fetch(OVERDUE, today, limit)]


async def page(
    tx: Tx,
    after: PlacementId | None,
    worker: WorkerId | None,
    state: PlacementState | None,
    order: OrderId | None,
    enterprise: EnterpriseId | None,
    counties: list[str],
    limit: int,
) -> list[Placement]:
    return [of(row) for row in await tx.conn.fetch(PAGE, after, worker, state, order, enterprise, counties, limit)]


async def stuck(tx: Tx, today: date, waiting_since: date, after: PlacementId | None, counties: list[str], limit: int) -> list[Placement]:
    return [of(row) for row in await tx.conn.fetch(STUCK, today, waiting_since, after, counties, limit)]


async def save(tx: Tx, one: Placement) -> None:
    """Everything a step may change. The caller holds the row's lock."""
    await tx.conn.execute(
        SAVE,
        one.id,
        one.state,
        one.due,
        one.since,
        one.planned_departure,
        stored(one.contract),
        stored(one.insurance),
        one.certificate,
        one.clearance,
        one.cleared_on,
        one.clearance_valid_to,
        one.ended,
    )


async def cancel_all(tx: Tx, reasons: dict[PlacementId, str], today: date) -> None:
    await tx.conn.execute(CANCEL_ALL, list(reasons), list(reasons.values()), today)


async def placed(tx: Tx, workers: list[WorkerId]) -> set[WorkerId]:
    """Those of the workers who have an active placement."""
    return {row["worker"] for row in await tx.conn.fetch(PLACED, workers)}


# --- certificates ---------------------------------------------------------------------------------------------------------
ADD_CERTIFICATE = """
INSERT INTO certificate (serial, worker, destination, occupation, issued_on, valid_to) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (serial) DO NOTHING
"""
REVOKE_CERTIFICATE = "UPDATE certificate SET revoked = true WHERE serial = $1"
CERTIFICATES = """
SELECT serial, destination, occupation, valid_to FROM certificate WHERE worker = $1 AND destination = $2 AND NOT revoked ORDER BY serial
"""


async def add_certificate(
    tx: Tx, serial: str, worker: WorkerId, destination: Destination, occupation: Occupation, issued_on: date, valid_to: date
) -> None:
    await tx.conn.execute(ADD_CERTIFICATE, serial, worker, destination, occupation, issued_on, valid_to)


async def revoke_certificate(tx: Tx, serial: str) -> None:
    await tx.conn.execute(REVOKE_CERTIFICATE, serial)


async def certificates(tx: Tx, worker: WorkerId, destination: Destination) -> tuple[TrainingCertificate, ...]:
    return tuple(TrainingCertificate(*row.values()) for row in await tx.conn.fetch(CERTIFICATES, worker, destination))
