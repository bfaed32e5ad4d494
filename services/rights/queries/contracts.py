"""Ledgers: what a contract promises, and between which days it was lived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.rights.domain import Abroad, Cost, Terms
from shared.db import Tx
from shared.events import Origin
from shared.values import (
    Channel,
    Currency,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
    WagePeriod,
    WorkerId,
)


@dataclass(frozen=True, slots=True)
class Ledger:
    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel
    terms: Terms
    departed_on: date | None
    returned_on: date | None
    voided: bool
    due_period: Period | None
    fee: Money | None = None  # charged to the worker; None: nothing was declared
    cost: Cost | None = None  # the fee against the first income, as told

    @property
    def abroad(self) -> Abroad | None:
        """None: no counted departure."""
        return None if self.departed_on is None or self.voided else Abroad(self.departed_on, self.returned_on)


def _ledger(row: Any) -> Ledger:
    currency = row["currency"]
    return Ledger(
        placement=row["placement"],
        worker=row["worker"],
        enterprise=row["enterprise"],
        origin=Origin(county=row["county"], designation=row["designation"], designation_version=row["designation_version"]),
        destination=row["destination"],
        occupation=row["occupation"],
        channel=Channel(row["channel"]),
        terms=Terms(
            Money(minor=row["wage_minor"], currency=currency),
            WagePeriod(row["wage_period"]),
            row["days_per_month"],
            row["pay_day"],
            Money(minor=row["deductions_max_minor"], currency=currency),
        ),
        departed_on=row["departed_on"],
        returned_on=row["returned_on"],
        voided=row["voided"],
        due_period=row["due_period"],
        fee=_money(row["fee_minor"], currency),
        cost=_cost(row),
    )


def _money(minor: int | None, currency: Currency) -> Money | None:
    return None if minor is None else Money(minor=minor, currency=currency)


def _cost(row: Any) -> Cost | None:
    fee, first_income = (_money(row[name], row["currency"]) for name in ("fee_minor", "cost_income_minor"))
    return None if fee is None or first_income is None else Cost(row["cost_period"], fee, first_income)


INSERT_LEDGER = """
INSERT INTO ledger (placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel,
                    wage_minor, currency, wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (placement) DO UPDATE SET wage_minor = excluded.wage_minor, currency = excluded.currency, wage_period = excluded.wage_period,
    days_per_month = excluded.days_per_month, pay_day = excluded.pay_day, deductions_max_minor = excluded.deductions_max_minor,
    fee_minor = excluded.fee_minor
"""
LOCK_LEDGERS = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor, departed_on, returned_on, voided, due_period, cost_period,
       cost_income_minor
FROM ledger WHERE placement = ANY($1::uuid[]) ORDER BY placement FOR UPDATE
"""
LEDGER = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor, departed_on, returned_on, voided, due_period, cost_period,
       cost_income_minor
FROM ledger WHERE placement = $1
"""
LEDGERS = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor, departed_on, returned_on, voided, due_period, cost_period,
       cost_income_minor
FROM ledger WHERE placement = ANY($1::uuid[])
"""
SAVE_DISPATCH = """
UPDATE ledger SET departed_on = $2, returned_on = $3, voided = $4, county = $5, designation = $6, designation_version = $7,
    destination = $8, occupation = $9, channel = $10, due_period = $11, due_on = $12
WHERE placement = $1
"""
DUE_LEDGERS = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, fee_minor, departed_on, returned_on, voided, due_period, cost_period,
       cost_income_minor
FROM ledger WHERE due_on <= $1 ORDER BY placement LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SAVE_COSTS = """
UPDATE ledger SET cost_period = new.period, cost_income_minor = new.income
FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS new (placement, period, income) WHERE ledger.placement = new.placement
"""
SAVE_DUE = """
UPDATE ledger SET due_period = new.period, due_on = new.day
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS new (placement, period, day) WHERE ledger.placement = new.placement
"""


async def save_ledger(tx: Tx, ledger: Ledger) -> None:
    terms, origin = ledger.terms, ledger.origin
    await tx.conn.execute(
        INSERT_LEDGER,
        ledger.placement,
        ledger.worker,
        ledger.enterprise,
        origin.county,
        origin.designation,
        origin.designation_version,
        ledger.destination,
        ledger.occupation,
        ledger.channel,
        terms.wage.minor,
        terms.wage.currency,
        terms.wage_period,
        terms.days_per_month,
        terms.pay_day,
        terms.deductions_max.minor,
        ledger.fee and ledger.fee.minor,
    )


async def lock_ledgers(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    """Locked in one order, so that two payrolls of the same workers take turns."""
    rows = await tx.conn.fetch(LOCK_LEDGERS, sorted(set(placements)))
    return {ledger.placement: ledger for ledger in map(_ledger, rows)}


async def ledgers(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    rows = await tx.conn.fetch(LEDGERS, list(placements))
    return {ledger.placement: ledger for ledger in map(_ledger, rows)}


async def ledger(tx: Tx, placement: PlacementId) -> Ledger | None:
    row = await tx.conn.fetchrow(LEDGER, placement)
    return _ledger(row) if row else None


async def save_dispatch(tx: Tx, ledger: Ledger, due: tuple[Period, date] | None) -> None:
    """The days abroad, the codes the dispatch counts by, and the wage that is looked for next."""
    origin, (period, day) = ledger.origin, due or (None, None)
    await tx.conn.execute(
        SAVE_DISPATCH,
        ledger.placement,
        ledger.departed_on,
        ledger.returned_on,
        ledger.voided,
        origin.county,
        origin.designation,
        origin.designation_version,
        ledger.destination,
        ledger.occupation,
        ledger.channel,
        period,
        day,
    )


async def due_ledgers(tx: Tx, today: date, limit: int) -> list[Ledger]:
    return [_ledger(row) for row in await tx.conn.fetch(DUE_LEDGERS, today, limit)]


async def save_due(tx: Tx, due: Sequence[tuple[PlacementId, tuple[Period, date] | None]]) -> None:
    columns = [placement for placement, _ in due], [at and at[0] for _, at in due], [at and at[1] for _, at in due]
    await tx.conn.execute(SAVE_DUE, *columns)


async def save_costs(tx: Tx, costs: Mapping[PlacementId, Cost | None]) -> None:
    """The first incomes that fees are measured against from now on."""
    columns = list(costs), [cost and cost.period for cost in costs.values()], [cost and cost.first_income.minor for cost in costs.values()]
    await tx.conn.execute(SAVE_COSTS, *columns)
