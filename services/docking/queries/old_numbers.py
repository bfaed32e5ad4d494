"""The table `old_number`: by which numbers of which earlier systems orders and placements are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

from shared.db import Tx
from shared.old_numbers import OldNumber
from shared.rows import Columns, fetch
from shared.values import OrderId, PlacementId, WorkerId

Kind = Literal["order", "placement"]
Subject = TypeVar("Subject", bound=UUID)


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A number, and the order or the placement that had it."""

    kind: Kind
    number: str
    order: OrderId | None
    placement: PlacementId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersOfProvince:
    """`province`: where the worker of a placement lives; None: of orders, as `adopted`. `positions`: of orders, 1 for each placement."""

    kind: Kind
    adopted: bool | None
    province: str | None
    count: int
    positions: int


# In one order, so that two batches that meet do not wait for each other. Of a number that is claimed twice the first one gets it.
INSERT_ALL = """
INSERT INTO old_number (kind, system, number, job_order, placement)
SELECT $1, system, number, CASE $1 WHEN 'order' THEN subject END, CASE $1 WHEN 'placement' THEN subject END
FROM unnest($2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS claimed (system, number, subject, position)
ORDER BY system, number, position ON CONFLICT (kind, system, number) DO NOTHING RETURNING coalesce(job_order, placement) AS subject
"""
LIST_OF_ORDERS = "SELECT job_order AS subject, system, number FROM old_number WHERE job_order = ANY($1::uuid[]) ORDER BY system, number"
LIST_OF_PLACEMENTS = "SELECT placement AS subject, system, number FROM old_number WHERE placement = ANY($1::uuid[]) ORDER BY system, number"
LIST_SUBJECTS = "SELECT DISTINCT coalesce(job_order, placement) AS subject FROM old_number WHERE number = $1 AND kind = $2"
KNOWN = Columns(KnownNumber, 'kind, number, job_order AS "order", placement')
LIST_KNOWN = KNOWN.select("""
FROM old_number
WHERE system = $1 AND number = ANY($2::text[])
    AND (placement IS NULL OR EXISTS (SELECT FROM placement AS one WHERE one.id = old_number.placement AND county ^@ ANY($3::text[])))
ORDER BY kind, number
""")
COUNTED = Columns(NumbersOfProvince, "kind, adopted, province, count, positions")
GET_COUNTS = COUNTED.select("""
FROM (
    SELECT kind, adopted, left(county, 2) || '0000' AS province, count(*) AS count, sum(coalesce(positions, 1))::bigint AS positions
    FROM old_number LEFT JOIN job_order ON job_order.id = old_number.job_order LEFT JOIN placement ON placement.id = old_number.placement
    WHERE system = $1 AND (placement IS NULL OR county ^@ ANY($2::text[])) GROUP BY kind, adopted, left(county, 2)
) AS counted ORDER BY kind, adopted, province
""")
DELETE_OF_WORKER = "DELETE FROM old_number WHERE placement IN (SELECT id FROM placement WHERE worker = $1)"


async def insert_all(tx: Tx, kind: Kind, numbers: Mapping[PlacementId, OldNumber] | Mapping[OrderId, OldNumber]) -> set[UUID]:
    """Whose number another one of the kind has already; the others have theirs now. Waits for others' commits."""
    if not numbers:
        return set()
    systems, texts = [one.system for one in numbers.values()], [one.number for one in numbers.values()]
    claimed = {row["subject"] for row in await tx.conn.fetch(INSERT_ALL, kind, systems, texts, list(numbers))}
    return {UUID(str(one)) for one in numbers if one not in claimed}


async def list_of_orders(tx: Tx, orders: Sequence[OrderId]) -> dict[OrderId, tuple[OldNumber, ...]]:
    """By order; those without are absent."""
    return await _by_subject(tx, LIST_OF_ORDERS, orders)


async def list_of_placements(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, tuple[OldNumber, ...]]:
    """By placement; those without are absent."""
    return await _by_subject(tx, LIST_OF_PLACEMENTS, placements)


async def _by_subject(tx: Tx, sql: str, subjects: Sequence[Subject]) -> dict[Subject, tuple[OldNumber, ...]]:
    found: dict[Subject, tuple[OldNumber, ...]] = {}
    for row in await tx.conn.fetch(sql, subjects):
        found[row["subject"]] = (*found.get(row["subject"], ()), OldNumber(system=row["system"], number=row["number"]))
    return found


async def list_orders(tx: Tx, number: str) -> tuple[OrderId, ...]:
    """Those that had this number, in whichever system."""
    return tuple(row["subject"] for row in await tx.conn.fetch(LIST_SUBJECTS, number, "order"))


async def list_placements(tx: Tx, number: str) -> tuple[PlacementId, ...]:
    """Those that had this number, in whichever system."""
    return tuple(row["subject"] for row in await tx.conn.fetch(LIST_SUBJECTS, number, "placement"))


async def list_known(tx: Tx, system: str, numbers: Sequence[str], *, counties: Sequence[str]) -> list[KnownNumber]:
    """`counties`: what the codes of the visible counties begin with."""
    return await fetch(tx.conn, LIST_KNOWN, system, numbers, counties)


async def get_counts(tx: Tx, system: str, *, counties: Sequence[str]) -> list[NumbersOfProvince]:
    """`counties`: what the codes of the visible counties begin with."""
    return await fetch(tx.conn, GET_COUNTS, system, counties)


async def delete_of_worker(tx: Tx, worker: WorkerId) -> None:
    """Nobody is found by an old number any more."""
    await tx.conn.execute(DELETE_OF_WORKER, worker)
