"""Findings: wages that are short, late, missing, or unlawfully reduced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.rights.domain.shortfalls import Finding, Kind
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import EnterpriseId, Period, PlacementId

FINDING = rows.Columns(
    Finding,
    """
    id, placement, period, kind, enterprise, expected_minor AS "expected.minor", currency AS "expected.currency",
    paid_minor AS "paid.minor", currency AS "paid.currency", made_good
    """,
)
LIST_OPEN = FINDING.select("FROM finding WHERE cleared_on IS NULL AND placement = ANY($1::uuid[])")
# What was late and paid in the end stays known: it is not found a second time.
LIST_KNOWN = FINDING.select("""
FROM finding JOIN unnest($1::uuid[], $2::text[]) AS asked (placement, period) USING (placement, period)
WHERE cleared_on IS NULL OR made_good AND kind = 'late'
""")
LIST_OPEN_OF_KIND = FINDING.pages(
    "finding",
    """
    cleared_on IS NULL AND kind = $1 AND ($2::uuid IS NULL OR enterprise = $2) AND ($3::text IS NULL OR period = $3) AND EXISTS (
        SELECT FROM ledger JOIN unnest($4::text[]) AS prefix ON starts_with(county, prefix) WHERE ledger.placement = finding.placement
    )
    """,
    "period text",
    key="id bigint",
)
INSERT_ALL = """
INSERT INTO finding (placement, period, kind, enterprise, expected_minor, paid_minor, currency, found_on)
SELECT placement, period, kind, enterprise, expected, paid, currency, $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[])
    AS row (placement, period, kind, enterprise, expected, paid, currency)
ON CONFLICT (placement, period, kind) WHERE cleared_on IS NULL DO UPDATE SET expected_minor = excluded.expected_minor,
    paid_minor = excluded.paid_minor
"""
UPDATE_CLEARED = """
UPDATE finding SET cleared_on = $4, made_good = $5 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS done (placement, period, kind)
WHERE finding.placement = done.placement AND finding.period = done.period AND finding.kind = done.kind AND cleared_on IS NULL
"""


async def list_open(tx: Tx, placements: Sequence[PlacementId]) -> list[Finding]:
    return await rows.fetch(tx.conn, LIST_OPEN, list(placements))


async def list_known(tx: Tx, months: Sequence[tuple[PlacementId, Period]]) -> list[Finding]:
    """Of these months: what is open, and what was late."""
    return await rows.fetch(tx.conn, LIST_KNOWN, *zip(*months, strict=True)) if months else []


async def list_open_of_kind(
    tx: Tx, page: Page, kind: Kind, *, enterprise: EnterpriseId | None, period: Period | None, counties: Sequence[str]
) -> tuple[Sequence[Finding], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST_OPEN_OF_KIND, page, kind, enterprise, period, list(counties))


async def insert_all(tx: Tx, findings: Sequence[Finding], found_on: date) -> None:
    entries = [(f.placement, f.period, f.kind, f.enterprise, f.expected.minor, f.paid.minor, f.expected.currency) for f in findings]
    if entries:
        await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True), found_on)


async def update_cleared(tx: Tx, findings: Sequence[Finding], cleared_on: date, *, made_good: bool) -> None:
    """`made_good`: the wage was paid in the end; else nothing was owed after all."""
    if findings:
        columns = zip(*((f.placement, f.period, f.kind) for f in findings), strict=True)
        await tx.conn.execute(UPDATE_CLEARED, *columns, cleared_on, made_good)
