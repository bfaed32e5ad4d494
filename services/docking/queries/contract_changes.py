"""Changes of contracts of workers abroad."""

from __future__ import annotations

from services.docking.domain.contract_changes import ContractChange
from services.docking.domain.contracts import as_json
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import PlacementId

CHANGE = Columns(
    ContractChange,
    """
    id, placement, kind, effective, before, after, employer_before, employer_after, county AS "origin.county",
    designation AS "origin.designation", designation_version AS "origin.designation_version", destination, occupation, voided
    """,
)
GET_LAST = CHANGE.select("FROM contract_change WHERE placement = $1 AND voided IS NULL ORDER BY id DESC LIMIT 1")
LIST = CHANGE.select("FROM contract_change WHERE placement = $1 ORDER BY id")
INSERT = """
INSERT INTO contract_change (id, placement, kind, effective, before, after, employer_before, employer_after, county, designation,
    designation_version, destination, occupation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
UPDATE_VOIDED = "UPDATE contract_change SET voided = $2 WHERE id = ANY($1::uuid[])"


async def get_last(tx: Tx, placement: PlacementId) -> ContractChange | None:
    """The last one that is not voided. The caller holds the placement's lock, which holds its changes."""
    return await fetch_one(tx.conn, GET_LAST, placement)


async def list_(tx: Tx, placement: PlacementId) -> list[ContractChange]:
    """All of the placement, voided ones too."""
    return await fetch(tx.conn, LIST, placement)


async def insert(tx: Tx, one: ContractChange) -> None:
    await tx.conn.execute(
        INSERT,
        one.id,
        one.placement,
        one.kind,
        one.effective,
        as_json(one.before),
        as_json(one.after),
        one.employer_before,
        one.employer_after,
        one.origin.county,
        one.origin.designation,
        one.origin.designation_version,
        one.destination,
        one.occupation,
    )


async def update_voided(tx: Tx, changes: list[ContractChange], reason: str) -> None:
    await tx.conn.execute(UPDATE_VOIDED, [one.id for one in changes], reason)
