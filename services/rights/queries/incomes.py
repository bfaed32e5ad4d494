"""Reports of what was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.rights.domain.costs import FirstIncome
from services.rights.domain.incomes import Income, Paid, ReportState
from shared import rows
from shared.db import Tx
from shared.values import Money, Period, PlacementId, ReportId

INCOME = rows.Columns(
    Income,
    """
    report, placement, period AS "paid.period", gross_minor AS "paid.gross.minor", currency AS "paid.gross.currency",
    deductions_minor AS "paid.deductions.minor", currency AS "paid.deductions.currency",
    net_minor AS "paid.net.minor", currency AS "paid.net.currency",
    remitted_minor AS "paid.remitted.minor", CASE WHEN remitted_minor IS NOT NULL THEN currency END AS "paid.remitted.currency",
    paid_on AS "paid.paid_on", source AS "paid.source", reference AS "paid.reference", state, version
    """,
)
GET = INCOME.select("FROM income WHERE report = $1")
LIST = INCOME.select("FROM income WHERE placement = $1 ORDER BY period, report")
LIST_COUNTING = INCOME.select("FROM income WHERE placement = $1 AND state = 'counting' ORDER BY period, report")
# $2: a first period for each placement.
LIST_PERIODS = """
SELECT DISTINCT placement, period FROM income JOIN unnest($1::uuid[], $2::text[]) AS asked (placement, since) USING (placement)
WHERE state = 'counting' AND period >= since ORDER BY placement, period
"""
LIST_REPORTED = INCOME.select("""
FROM income
WHERE state IN ('counting', 'superseded', 'outranked', 'replaced') AND placement = ANY($1::uuid[]) AND period = ANY($2::text[])
ORDER BY report
""")
LIST_COUNTED = """
SELECT DISTINCT placement, period FROM income WHERE state = 'counting' AND placement = ANY($1::uuid[]) AND period = ANY($2::text[])
"""
# The first whole month abroad with reports that count, all of them in the currency of wage and fee.
LIST_FIRST = """
SELECT DISTINCT ON (placement) placement, period, sum(net_minor)::bigint AS net_minor, ledger.currency
FROM income JOIN ledger USING (placement)
WHERE placement = ANY($1::uuid[]) AND state = 'counting' AND (period || '-01')::date >= departed_on
  AND (returned_on IS NULL OR (period || '-01')::date + interval '1 month' <= returned_on + 1)
GROUP BY placement, period, ledger.currency
HAVING sum(net_minor) > 0 AND bool_and(income.currency = ledger.currency)
ORDER BY placement, period
"""
INSERT_ALL = """
INSERT INTO income (report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state,
                    reference)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::date[],
                     $10::text[], $11::text[], $12::text[])
"""
UPDATE_STATES = "UPDATE income SET state = $2, version = version + 1 WHERE report = ANY($1::uuid[])"
UPDATE_ORPHANED = "UPDATE income SET state = 'orphaned', orphaned_on = $2, version = version + 1 WHERE report = ANY($1::uuid[])"
UPDATE_AMOUNTS = """
UPDATE income SET gross_minor = $2, deductions_minor = $3, net_minor = $4, remitted_minor = $5, currency = $6, paid_on = $7,
    reference = $8, version = version + 1
WHERE report = $1
"""


async def get(tx: Tx, report: ReportId) -> Income | None:
    return await rows.fetch_one(tx.conn, GET, report)


async def list_(tx: Tx, placement: PlacementId) -> list[Income]:
    return await rows.fetch(tx.conn, LIST, placement)


async def list_counting(tx: Tx, placement: PlacementId) -> list[Income]:
    return await rows.fetch(tx.conn, LIST_COUNTING, placement)


async def list_periods(tx: Tx, since: Mapping[PlacementId, Period]) -> dict[PlacementId, list[Period]]:
    """Months from then on for which a report counts, in order; a placement without one is absent."""
    found: dict[PlacementId, list[Period]] = {}
    for row in await tx.conn.fetch(LIST_PERIODS, list(since), list(since.values())):
        found.setdefault(row["placement"], []).append(row["period"])
    return found


async def list_reported(tx: Tx, wanted: Sequence[tuple[PlacementId, Period]]) -> dict[tuple[PlacementId, Period], list[Income]]:
    """Reports of these months that count, or would if no better one did, oldest first; months without one are left out."""
    placements, periods = sorted({one for one, _ in wanted}), sorted({period for _, period in wanted})
    found: dict[tuple[PlacementId, Period], list[Income]] = {}
    for one in await rows.fetch(tx.conn, LIST_REPORTED, placements, periods):
        found.setdefault((one.placement, one.paid.period), []).append(one)
    return found


async def list_counted(tx: Tx, wanted: Sequence[tuple[PlacementId, Period]]) -> set[tuple[PlacementId, Period]]:
    """Those of these months, and maybe others, with a report that counts."""
    placements, periods = sorted({one for one, _ in wanted}), sorted({period for _, period in wanted})
    return {(row["placement"], row["period"]) for row in await tx.conn.fetch(LIST_COUNTED, placements, periods)}


async def list_first(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, FirstIncome]:
    found = await tx.conn.fetch(LIST_FIRST, list(placements))
    return {row["placement"]: FirstIncome(row["period"], Money(minor=row["net_minor"], currency=row["currency"])) for row in found}


async def insert_all(tx: Tx, incomes: Sequence[Income]) -> None:
    entries = [
        (
            one.report,
            one.placement,
            one.paid.period,
            one.paid.gross.minor,
            one.paid.deductions.minor,
            one.paid.net.minor,
            one.paid.remitted and one.paid.remitted.minor,
            one.paid.gross.currency,
            one.paid.paid_on,
            one.paid.source,
            one.state,
            one.paid.reference,
        )
        for one in incomes
    ]
    if entries:
        await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_states(tx: Tx, reports: Sequence[ReportId], state: ReportState) -> None:
    if reports:
        await tx.conn.execute(UPDATE_STATES, list(reports), state)


async def update_orphaned(tx: Tx, reports: Sequence[ReportId]) -> None:
    """Their dispatch is void as of today."""
    if reports:
        await tx.conn.execute(UPDATE_ORPHANED, list(reports), tx.clock.today())


async def update_amounts(tx: Tx, report: ReportId, paid: Paid) -> None:
    """Gross, deductions, net, what was sent home, the day and the reference of the payment."""
    await tx.conn.execute(
        UPDATE_AMOUNTS,
        report,
        paid.gross.minor,
        paid.deductions.minor,
        paid.net.minor,
        paid.remitted and paid.remitted.minor,
        paid.gross.currency,
        paid.paid_on,
        paid.reference,
    )
