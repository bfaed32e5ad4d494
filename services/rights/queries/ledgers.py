"""Ledgers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.rights.domain.costs import FirstIncome
from services.rights.domain.ledgers import Due, Ledger, NewTerms, Terms
from shared import rows
from shared.db import Tx
from shared.values import Money, PlacementId

LEDGER = rows.Columns(
    Ledger,
    """
    placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel,
    wage_minor AS "terms.wage.minor", currency AS "terms.wage.currency", wage_period AS "terms.wage_period",
    days_per_month AS "terms.days_per_month", pay_day AS "terms.pay_day",
    deductions_max_minor AS "terms.deductions_max.minor", currency AS "terms.deductions_max.currency",
    departed_on, returned_on, voided, due_period, transfers,
    fee_minor AS "fee.minor", CASE WHEN fee_minor IS NOT NULL THEN currency END AS "fee.currency",
    cost_period AS "first_income.period", cost_income_minor AS "first_income.net.minor",
    CASE WHEN cost_income_minor IS NOT NULL THEN currency END AS "first_income.net.currency"
    """,
)
GET = LEDGER.select("FROM ledger WHERE placement = $1")
LIST = LEDGER.select("FROM ledger WHERE placement = ANY($1::uuid[])")
LOCK = LEDGER.select("FROM ledger WHERE placement = ANY($1::uuid[]) ORDER BY placement FOR UPDATE")
LOCK_DUE = LEDGER.select("FROM ledger WHERE due_on <= $1 ORDER BY placement LIMIT $2 FOR UPDATE SKIP LOCKED")
INSERT_ALL = """
INSERT INTO ledger (placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel,
                    wage_minor, currency, wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[],
    $12::text[], $13::smallint[], $14::smallint[], $15::bigint[], $16::bigint[]
)
ON CONFLICT (placement) DO UPDATE SET wage_minor = excluded.wage_minor, currency = excluded.currency, wage_period = excluded.wage_period,
    days_per_month = excluded.days_per_month, pay_day = excluded.pay_day, deductions_max_minor = excluded.deductions_max_minor,
    fee_minor = excluded.fee_minor
"""
UPDATE_DISPATCHES = """
UPDATE ledger SET departed_on = new.departed_on, returned_on = new.returned_on, voided = new.voided, county = new.county,
    designation = new.designation, designation_version = new.designation_version, destination = new.destination,
    occupation = new.occupation, channel = new.channel, due_period = new.due_period, due_on = new.due_on
FROM unnest(
    $1::uuid[], $2::date[], $3::date[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::date[]
) AS new (
    placement, departed_on, returned_on, voided, county, designation, designation_version, destination, occupation, channel,
    due_period, due_on
)
WHERE ledger.placement = new.placement
"""
UPDATE_DUE = """
UPDATE ledger SET due_period = new.period, due_on = new.day
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS new (placement, period, day) WHERE ledger.placement = new.placement
"""
UPDATE_TRANSFERS = "UPDATE ledger SET transfers = $2 WHERE placement = $1"
UPDATE_FEES = """
UPDATE ledger SET fee_minor = new.fee FROM unnest($1::uuid[], $2::bigint[]) AS new (placement, fee) WHERE ledger.placement = new.placement
"""
UPDATE_FIRST_INCOMES = """
UPDATE ledger SET cost_period = new.period, cost_income_minor = new.income
FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS new (placement, period, income) WHERE ledger.placement = new.placement
"""


async def get(tx: Tx, placement: PlacementId) -> Ledger | None:
    return await rows.fetch_one(tx.conn, GET, placement)


async def list_(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    return {ledger.placement: ledger for ledger in await rows.fetch(tx.conn, LIST, list(placements))}


async def lock(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    """Locked in one order, so that two payrolls of the same workers take turns."""
    return {ledger.placement: ledger for ledger in await rows.fetch(tx.conn, LOCK, sorted(set(placements)))}


async def lock_due(tx: Tx, today: date, limit: int) -> list[Ledger]:
    """Ledgers with a wage that is missing from today or earlier; those that somebody else holds are left out."""
    return await rows.fetch(tx.conn, LOCK_DUE, today, limit)


async def insert_all(tx: Tx, opened: Sequence[Ledger]) -> None:
    """Open the ledgers; where there is one, take over the new terms and fee."""
    entries = (
        (
            one.placement,
            one.worker,
            one.enterprise,
            one.county,
            one.designation,
            one.designation_version,
            one.destination,
            one.occupation,
            one.channel,
            one.terms.wage.minor,
            one.terms.wage.currency,
            one.terms.wage_period,
            one.terms.days_per_month,
            one.terms.pay_day,
            one.terms.deductions_max.minor,
            one.fee and one.fee.minor,
        )
        for one in opened
    )
    await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_dispatches(tx: Tx, changed: Sequence[tuple[Ledger, Due | None]]) -> None:
    """The days abroad, the codes the dispatch counts by, and the wage that is looked for next."""
    entries = (
        (
            ledger.placement,
            ledger.departed_on,
            ledger.returned_on,
            ledger.voided,
            ledger.county,
            ledger.designation,
            ledger.designation_version,
            ledger.destination,
            ledger.occupation,
            ledger.channel,
            due and due.period,
            due and due.missing_from,
        )
        for ledger, due in changed
    )
    await tx.conn.execute(UPDATE_DISPATCHES, *zip(*entries, strict=True))


async def update_due(tx: Tx, due: Mapping[PlacementId, Due | None]) -> None:
    """The wages that are looked for next."""
    columns = [one and one.period for one in due.values()], [one and one.missing_from for one in due.values()]
    await tx.conn.execute(UPDATE_DUE, list(due), *columns)


async def update_transfers(tx: Tx, placement: PlacementId, transfers: Sequence[NewTerms]) -> None:
    """What other employers promise."""
    entries = [{"change": one.change, "since": one.since.isoformat(), "terms": _terms(one.terms)} for one in transfers]
    await tx.conn.execute(UPDATE_TRANSFERS, placement, entries)


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "wage": terms.wage.model_dump(),
        "wage_period": terms.wage_period,
        "days_per_month": terms.days_per_month,
        "pay_day": terms.pay_day,
        "deductions_max": terms.deductions_max.model_dump(),
    }


async def update_fees(tx: Tx, fees: Mapping[PlacementId, Money | None]) -> None:
    await tx.conn.execute(UPDATE_FEES, list(fees), [fee and fee.minor for fee in fees.values()])


async def update_first_incomes(tx: Tx, firsts: Mapping[PlacementId, FirstIncome | None]) -> None:
    """The first incomes that fees are measured against from now on."""
    columns = [first and first.period for first in firsts.values()], [first and first.net.minor for first in firsts.values()]
    await tx.conn.execute(UPDATE_FIRST_INCOMES, list(firsts), *columns)
