"""Reports of what was paid, and what was found to be short or missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.rights.domain import Kind, Paid, ReportState
from shared.db import Tx
from shared.values import (
    Currency,
    EnterpriseId,
    Money,
    Period,
    PlacementId,
    ReportId,
)


@dataclass(frozen=True, slots=True)
class Income:
    report: ReportId
    placement: PlacementId
    paid: Paid
    state: ReportState
    version: int = 1


def _income(row: Any) -> Income:
    def money(name: str) -> Money:
        return Money(minor=row[name], currency=Currency(row["currency"]))

    paid = Paid(
        row["period"],
        money("gross_minor"),
        money("deductions_minor"),
        money("net_minor"),
        None if row["remitted_minor"] is None else money("remitted_minor"),
        row["paid_on"],
        row["source"],
    )
    return Income(row["report"], row["placement"], paid, ReportState(row["state"]), row["version"])


# What counts, and what was said and does not count: the same word again must not be entered again.
STANDING_INCOMES = """
SELECT report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income WHERE state IN ('counting', 'superseded', 'outranked') AND placement = ANY($1::uuid[]) AND period = ANY($2::text[])
"""
INCOMES = """
SELECT report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income WHERE placement = $1 ORDER BY period, report
"""
INCOME = """
SELECT report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income WHERE report = $1
"""
ORPHANS = """
SELECT report, income.placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income
WHERE state = 'orphaned' AND ($1::uuid IS NULL OR report > $1) AND EXISTS (
    SELECT FROM ledger JOIN unnest($2::text[]) AS prefix ON starts_with(county, prefix) WHERE ledger.placement = income.placement
)
ORDER BY report LIMIT $3
"""
# The first whole month abroad with a report that counts, in the currency of wage and fee.
FIRST_INCOMES = """
SELECT DISTINCT ON (placement) placement, period, net_minor, income.currency
FROM income JOIN ledger USING (placement)
WHERE placement = ANY($1::uuid[]) AND state = 'counting' AND net_minor > 0 AND income.currency = ledger.currency
  AND (period || '-01')::date >= departed_on
  AND (returned_on IS NULL OR (period || '-01')::date + interval '1 month' <= returned_on + 1)
ORDER BY placement, period
"""
INSERT_INCOMES = """
INSERT INTO income (report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::date[],
                     $10::text[], $11::text[])
"""
SET_STATES = "UPDATE income SET state = $2, version = version + 1 WHERE report = ANY($1::uuid[])"
AMEND_INCOME = """
UPDATE income SET gross_minor = $2, deductions_minor = $3, net_minor = $4, remitted_minor = $5, currency = $6, paid_on = $7,
    version = version + 1
WHERE report = $1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Reports of some periods: the one that counts, by placement and period, and those that do not."""

    counting: dict[tuple[PlacementId, Period], Income]
    others: list[Income]


async def standing_incomes(tx: Tx, wanted: Sequence[tuple[PlacementId, Period]]) -> Standing:
    placements, periods = sorted({one for one, _ in wanted}), sorted({period for _, period in wanted})
    rows = [_income(row) for row in await tx.conn.fetch(STANDING_INCOMES, placements, periods)]
    counting = {(one.placement, one.paid.period): one for one in rows if one.state is ReportState.COUNTING}
    return Standing(counting, [one for one in rows if one.state is not ReportState.COUNTING])


async def incomes(tx: Tx, placement: PlacementId) -> list[Income]:
    return [_income(row) for row in await tx.conn.fetch(INCOMES, placement)]


async def income(tx: Tx, report: ReportId) -> Income | None:
    row = await tx.conn.fetchrow(INCOME, report)
    return _income(row) if row else None


async def orphans(tx: Tx, after: UUID | None, counties: Sequence[str], limit: int) -> list[Income]:
    return [_income(row) for row in await tx.conn.fetch(ORPHANS, after, list(counties), limit)]


async def first_incomes(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, tuple[Period, Money]]:
    rows = await tx.conn.fetch(FIRST_INCOMES, list(placements))
    return {row["placement"]: (row["period"], Money(minor=row["net_minor"], currency=row["currency"])) for row in rows}


async def insert_incomes(tx: Tx, incomes: Sequence[Income]) -> None:
    rows = [
        (
            one.report,
            one.placement,
            one.paid.period,
            one.paid.gross.minor,
            one.paid.deductions.minor,
            one.paid.net.minor,
            one.paid.remitted.minor if one.paid.remitted else None,
            one.paid.gross.currency,
            one.paid.paid_on,
            one.paid.source,
            one.state,
        )
        for one in incomes
    ]
    if rows:
        await tx.conn.execute(INSERT_INCOMES, *map(list, zip(*rows, strict=True)))


async def set_states(tx: Tx, reports: Sequence[ReportId], state: ReportState) -> None:
    if reports:
        await tx.conn.execute(SET_STATES, list(reports), state)


async def amend_income(tx: Tx, report: ReportId, paid: Paid) -> None:
    remitted = paid.remitted.minor if paid.remitted else None
    await tx.conn.execute(
        AMEND_INCOME, report, paid.gross.minor, paid.deductions.minor, paid.net.minor, remitted, paid.gross.currency, paid.paid_on
    )


@dataclass(frozen=True, slots=True)
class Finding:
    placement: PlacementId
    period: Period
    kind: Kind
    enterprise: EnterpriseId
    expected: Money
    paid: Money
    id: int = 0  # given by the database


def _finding(row: Any) -> Finding:
    currency = Currency(row["currency"])
    return Finding(
        row["placement"],
        row["period"],
        row["kind"],
        row["enterprise"],
        Money(minor=row["expected_minor"], currency=currency),
        Money(minor=row["paid_minor"], currency=currency),
        row["id"],
    )


OPEN_FINDINGS = """
SELECT id, placement, period, kind, enterprise, expected_minor, paid_minor, currency
FROM finding WHERE cleared_on IS NULL AND placement = ANY($1::uuid[])
"""
SERIALISE_ENTERPRISE = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"
OPEN_OF_ENTERPRISE = """
SELECT placement FROM finding WHERE cleared_on IS NULL AND kind = 'short' AND enterprise = $1 AND period = $2 ORDER BY placement LIMIT 1000
"""
MISSING = """
SELECT id, placement, period, kind, enterprise, expected_minor, paid_minor, currency FROM finding
WHERE cleared_on IS NULL AND kind = 'missing' AND id > $2 AND ($1::uuid IS NULL OR enterprise = $1) AND EXISTS (
    SELECT FROM ledger JOIN unnest($3::text[]) AS prefix ON starts_with(county, prefix) WHERE ledger.placement = finding.placement
)
ORDER BY id LIMIT $4
"""
INSERT_FINDINGS = """
INSERT INTO finding (placement, period, kind, enterprise, expected_minor, paid_minor, currency, found_on)
SELECT placement, period, kind, enterprise, expected, paid, currency, $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[])
    AS row (placement, period, kind, enterprise, expected, paid, currency)
ON CONFLICT (placement, period, kind) WHERE cleared_on IS NULL DO UPDATE SET expected_minor = excluded.expected_minor,
    paid_minor = excluded.paid_minor
"""
CLEAR_FINDINGS = """
UPDATE finding SET cleared_on = $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS done (placement, period, kind)
WHERE finding.placement = done.placement AND finding.period = done.period AND finding.kind = done.kind AND cleared_on IS NULL
"""


async def open_findings(tx: Tx, placements: Sequence[PlacementId]) -> list[Finding]:
    return [_finding(row) for row in await tx.conn.fetch(OPEN_FINDINGS, list(placements))]


async def short_of(tx: Tx, enterprise: EnterpriseId, period: Period) -> list[PlacementId]:
    """Placements of the enterprise whose wage of the period is known to be short. Held: two findings at once must see each other."""
    await tx.conn.execute(SERIALISE_ENTERPRISE, str(enterprise))
    return [row["placement"] for row in await tx.conn.fetch(OPEN_OF_ENTERPRISE, enterprise, period)]


async def missing(tx: Tx, enterprise: UUID | None, after: int, counties: Sequence[str], limit: int) -> list[Finding]:
    return [_finding(row) for row in await tx.conn.fetch(MISSING, enterprise, after, list(counties), limit)]


async def insert_findings(tx: Tx, findings: Sequence[Finding], found_on: date) -> None:
    rows = [(f.placement, f.period, f.kind, f.enterprise, f.expected.minor, f.paid.minor, f.expected.currency) for f in findings]
    if rows:
        await tx.conn.execute(INSERT_FINDINGS, *map(list, zip(*rows, strict=True)), found_on)


async def clear_findings(tx: Tx, findings: Sequence[Finding], cleared_on: date) -> None:
    if findings:
        rows = [(f.placement, f.period, f.kind) for f in findings]
        await tx.conn.execute(CLEAR_FINDINGS, *map(list, zip(*rows, strict=True)), cleared_on)
