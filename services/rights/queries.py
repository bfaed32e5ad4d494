"""The SQL of rights: ledgers, income reports, findings, payrolls, cases, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.rights.domain import Abroad, CaseState, Kind, Paid, ReportState, Severity, Terms
from shared.db import Tx
from shared.events import Origin
from shared.values import (  # fmt: skip
    CaseId,
    Channel,
    Currency,
    Destination,
    EnterpriseId,
    ImportId,
    Money,
    Occupation,
    Period,
    PlacementId,
    ReportId,
    WagePeriod,
    WorkerId,
)


# --- ledgers --------------------------------------------------------------------------------------------------------
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

    @property
    def abroad(self) -> Abroad | None:
        """None: no counted departure."""
        return None if self.departed_on is None or self.voided else Abroad(self.departed_on, self.returned_on)


def _ledger(row: Any) -> Ledger:
    currency = row["currency"]
    return Ledger(
        placement=row["placement"], worker=row["worker"], enterprise=row["enterprise"],
        origin=Origin(county=row["county"], designation=row["designation"], designation_version=row["designation_version"]),
        destination=row["destination"], occupation=row["occupation"], channel=Channel(row["channel"]),
        terms=Terms(
            Money(minor=row["wage_minor"], currency=currency), WagePeriod(row["wage_period"]), row["days_per_month"], row["pay_day"],
            Money(minor=row["deductions_max_minor"], currency=currency),
        ),
        departed_on=row["departed_on"], returned_on=row["returned_on"], voided=row["voided"], due_period=row["due_period"],
    )  # fmt: skip


INSERT_LEDGER = """
INSERT INTO ledger (placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel,
                    wage_minor, currency, wage_period, days_per_month, pay_day, deductions_max_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (placement) DO UPDATE SET wage_minor = excluded.wage_minor, currency = excluded.currency, wage_period = excluded.wage_period,
    days_per_month = excluded.days_per_month, pay_day = excluded.pay_day, deductions_max_minor = excluded.deductions_max_minor
"""
LOCK_LEDGERS = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, departed_on, returned_on, voided, due_period
FROM ledger WHERE placement = ANY($1::uuid[]) ORDER BY placement FOR UPDATE
"""
LEDGER = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, departed_on, returned_on, voided, due_period
FROM ledger WHERE placement = $1
"""
SAVE_DISPATCH = """
UPDATE ledger SET departed_on = $2, returned_on = $3, voided = $4, county = $5, designation = $6, designation_version = $7,
    destination = $8, occupation = $9, channel = $10, due_period = $11, due_on = $12
WHERE placement = $1
"""
DUE_LEDGERS = """
SELECT placement, worker, enterprise, county, designation, designation_version, destination, occupation, channel, wage_minor, currency,
       wage_period, days_per_month, pay_day, deductions_max_minor, departed_on, returned_on, voided, due_period
FROM ledger WHERE due_on <= $1 ORDER BY placement LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SAVE_DUE = """
UPDATE ledger SET due_period = new.period, due_on = new.day
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS new (placement, period, day) WHERE ledger.placement = new.placement
"""


async def save_ledger(tx: Tx, ledger: Ledger) -> None:
    terms, origin = ledger.terms, ledger.origin
    await tx.conn.execute(
        INSERT_LEDGER, ledger.placement, ledger.worker, ledger.enterprise, origin.county, origin.designation, origin.designation_version,
        ledger.destination, ledger.occupation, ledger.channel, terms.wage.minor, terms.wage.currency, terms.wage_period,
        terms.days_per_month, terms.pay_day, terms.deductions_max.minor,
    )  # fmt: skip


async def lock_ledgers(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, Ledger]:
    """Locked in one order, so that two payrolls of the same workers take turns."""
    rows = await tx.conn.fetch(LOCK_LEDGERS, sorted(set(placements)))
    return {ledger.placement: ledger for ledger in map(_ledger, rows)}


async def ledger(tx: Tx, placement: PlacementId) -> Ledger | None:
    row = await tx.conn.fetchrow(LEDGER, placement)
    return _ledger(row) if row else None


async def save_dispatch(tx: Tx, ledger: Ledger, due: tuple[Period, date] | None) -> None:
    """The days abroad, the codes the dispatch counts by, and the wage that is looked for next."""
    origin, (period, day) = ledger.origin, due or (None, None)
    await tx.conn.execute(
        SAVE_DISPATCH, ledger.placement, ledger.departed_on, ledger.returned_on, ledger.voided, origin.county, origin.designation,
        origin.designation_version, ledger.destination, ledger.occupation, ledger.channel, period, day,
    )  # fmt: skip


async def due_ledgers(tx: Tx, today: date, limit: int) -> list[Ledger]:
    return [_ledger(row) for row in await tx.conn.fetch(DUE_LEDGERS, today, limit)]


async def save_due(tx: Tx, due: Sequence[tuple[PlacementId, tuple[Period, date] | None]]) -> None:
    columns = [placement for placement, _ in due], [at and at[0] for _, at in due], [at and at[1] for _, at in due]
    await tx.conn.execute(SAVE_DUE, *columns)


# --- income ---------------------------------------------------------------------------------------------------------
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
        row["period"], money("gross_minor"), money("deductions_minor"), money("net_minor"),
        None if row["remitted_minor"] is None else money("remitted_minor"), row["paid_on"], row["source"],
    )  # fmt: skip
    return Income(row["report"], row["placement"], paid, ReportState(row["state"]), row["version"])


COUNTING_INCOMES = """
SELECT report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income WHERE state = 'counting' AND placement = ANY($1::uuid[]) AND period = ANY($2::text[])
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
SELECT report, placement, period, gross_minor, deductions_minor, net_minor, remitted_minor, currency, paid_on, source, state, version
FROM income WHERE state = 'orphaned' AND ($1::uuid IS NULL OR report > $1) ORDER BY report LIMIT $2
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


async def counting_incomes(tx: Tx, wanted: Sequence[tuple[PlacementId, Period]]) -> dict[tuple[PlacementId, Period], Income]:
    placements, periods = sorted({one for one, _ in wanted}), sorted({period for _, period in wanted})
    rows = [_income(row) for row in await tx.conn.fetch(COUNTING_INCOMES, placements, periods)]
    return {(income.placement, income.paid.period): income for income in rows}


async def incomes(tx: Tx, placement: PlacementId) -> list[Income]:
    return [_income(row) for row in await tx.conn.fetch(INCOMES, placement)]


async def income(tx: Tx, report: ReportId) -> Income | None:
    row = await tx.conn.fetchrow(INCOME, report)
    return _income(row) if row else None


async def orphans(tx: Tx, after: UUID | None, limit: int) -> list[Income]:
    return [_income(row) for row in await tx.conn.fetch(ORPHANS, after, limit)]


async def insert_incomes(tx: Tx, incomes: Sequence[Income]) -> None:
    rows = [
        (
            one.report, one.placement, one.paid.period, one.paid.gross.minor, one.paid.deductions.minor, one.paid.net.minor,
            one.paid.remitted.minor if one.paid.remitted else None, one.paid.gross.currency, one.paid.paid_on, one.paid.source, one.state,
        )
        for one in incomes
    ]  # fmt: skip
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


# --- findings -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Finding:
    placement: PlacementId
    period: Period
    kind: Kind
    enterprise: EnterpriseId
    expected: Money
    paid: Money


def _finding(row: Any) -> Finding:
    currency = Currency(row["currency"])
    return Finding(
        row["placement"], row["period"], row["kind"], row["enterprise"], Money(minor=row["expected_minor"], currency=currency),
        Money(minor=row["paid_minor"], currency=currency),
    )  # fmt: skip


OPEN_FINDINGS = """
SELECT placement, period, kind, enterprise, expected_minor, paid_minor, currency
FROM finding WHERE cleared_on IS NULL AND placement = ANY($1::uuid[])
"""
OPEN_OF_ENTERPRISE = """
SELECT DISTINCT placement FROM finding WHERE cleared_on IS NULL AND enterprise = $1 AND period = $2 ORDER BY placement LIMIT 1000
"""
MISSING = """
SELECT placement, period, kind, enterprise, expected_minor, paid_minor, currency FROM finding
WHERE cleared_on IS NULL AND kind = 'missing' AND ($1::uuid IS NULL OR enterprise = $1) AND ($2::uuid IS NULL OR placement > $2)
ORDER BY placement, period LIMIT $3
"""
INSERT_FINDINGS = """
INSERT INTO finding (placement, period, kind, enterprise, expected_minor, paid_minor, currency, found_on)
SELECT placement, period, kind, enterprise, expected, paid, currency, $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[])
    AS row (placement, period, kind, enterprise, expected, paid, currency)
ON CONFLICT (placement, period, kind, found_on) DO UPDATE SET cleared_on = NULL, expected_minor = excluded.expected_minor,
    paid_minor = excluded.paid_minor
"""
CLEAR_FINDINGS = """
UPDATE finding SET cleared_on = $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS done (placement, period, kind)
WHERE finding.placement = done.placement AND finding.period = done.period AND finding.kind = done.kind AND cleared_on IS NULL
"""


async def open_findings(tx: Tx, placements: Sequence[PlacementId]) -> list[Finding]:
    return [_finding(row) for row in await tx.conn.fetch(OPEN_FINDINGS, list(placements))]


async def short_of(tx: Tx, enterprise: EnterpriseId, period: Period) -> list[PlacementId]:
    """Placements of the enterprise with an open finding for the period."""
    return [row["placement"] for row in await tx.conn.fetch(OPEN_OF_ENTERPRISE, enterprise, period)]


async def missing(tx: Tx, enterprise: UUID | None, after: UUID | None, limit: int) -> list[Finding]:
    return [_finding(row) for row in await tx.conn.fetch(MISSING, enterprise, after, limit)]


async def insert_findings(tx: Tx, findings: Sequence[Finding], found_on: date) -> None:
    rows = [(f.placement, f.period, f.kind, f.enterprise, f.expected.minor, f.paid.minor, f.expected.currency) for f in findings]
    if rows:
        await tx.conn.execute(INSERT_FINDINGS, *map(list, zip(*rows, strict=True)), found_on)


async def clear_findings(tx: Tx, findings: Sequence[Finding], cleared_on: date) -> None:
    if findings:
        rows = [(f.placement, f.period, f.kind) for f in findings]
        await tx.conn.execute(CLEAR_FINDINGS, *map(list, zip(*rows, strict=True)), cleared_on)


# --- payrolls -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Payroll:
    payroll: ImportId
    party: str
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RowFinding:
    row: int
    column: str
    code: str
    value: str | None


BEGIN_PAYROLL = """
INSERT INTO payroll (payroll, digest, party, rows, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest, party) DO NOTHING
"""
LOCK_PAYROLL = """
SELECT payroll, party, digest, rows, done, accepted, rejected, finished_at FROM payroll WHERE digest = $1 AND party = $2 FOR UPDATE
"""
PAYROLL = "SELECT payroll, party, digest, rows, done, accepted, rejected, finished_at FROM payroll WHERE payroll = $1"
ADVANCE_PAYROLL = """
UPDATE payroll SET done = done + $2 + $3, accepted = accepted + $2, rejected = rejected + $3,
    finished_at = CASE WHEN done + $2 + $3 = rows THEN $4::timestamptz END
WHERE payroll = $1
"""
INSERT_ROW_FINDINGS = """
INSERT INTO payroll_finding (payroll, row, "column", code, value)
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[])
"""
ROW_FINDINGS = """
SELECT row, "column", code, value FROM payroll_finding WHERE payroll = $1 ORDER BY id LIMIT $2
"""


async def begin_payroll(tx: Tx, payroll: ImportId, digest: str, party: str, rows: int) -> None:
    await tx.conn.execute(BEGIN_PAYROLL, payroll, digest, party, rows, tx.clock.now())


async def lock_payroll(tx: Tx, digest: str, party: str) -> Payroll | None:
    row = await tx.conn.fetchrow(LOCK_PAYROLL, digest, party)
    return Payroll(**row) if row else None


async def payroll(tx: Tx, payroll: ImportId) -> Payroll | None:
    row = await tx.conn.fetchrow(PAYROLL, payroll)
    return Payroll(**row) if row else None


async def advance_payroll(tx: Tx, payroll: ImportId, accepted: int, findings: Sequence[RowFinding], rejected: int) -> None:
    await tx.conn.execute(ADVANCE_PAYROLL, payroll, accepted, rejected, tx.clock.now())
    if findings:
        rows = [(f.row, f.column, f.code, f.value) for f in findings]
        await tx.conn.execute(INSERT_ROW_FINDINGS, payroll, *map(list, zip(*rows, strict=True)))


async def row_findings(tx: Tx, payroll: ImportId, limit: int) -> list[RowFinding]:
    return [RowFinding(**row) for row in await tx.conn.fetch(ROW_FINDINGS, payroll, limit)]


# --- cases ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Case:
    case: CaseId
    category: Any
    severity: Severity
    via: Any
    enterprise: EnterpriseId
    placement: PlacementId | None
    period: Period | None
    text: str
    hidden: bool
    blocking: bool
    opened_at: datetime
    due_at: datetime
    state: CaseState
    outcome: str | None
    closed_at: datetime | None
    version: int


def _case(row: Any) -> Case:
    return Case(**{**row, "state": CaseState(row["state"])})


INSERT_CASE = """
INSERT INTO rights_case ("case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open')
"""
LOCK_CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state, outcome,
       closed_at, version
FROM rights_case WHERE "case" = $1 FOR UPDATE
"""
CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state, outcome,
       closed_at, version
FROM rights_case WHERE "case" = $1
"""
CASES = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state, outcome,
       closed_at, version
FROM rights_case
WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR enterprise = $2) AND ($3::uuid IS NULL OR "case" > $3)
ORDER BY "case" LIMIT $4
"""
COLLECTIVE_CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state, outcome,
       closed_at, version
FROM rights_case WHERE enterprise = $1 AND period = $2 AND state = 'open'
"""
CLOSE_CASE = "UPDATE rights_case SET state = 'closed', outcome = $2, closed_at = $3, version = version + 1 WHERE \"case\" = $1"
SERIALISE_ENTERPRISE = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"


async def insert_case(tx: Tx, case: Case) -> None:
    await tx.conn.execute(
        INSERT_CASE, case.case, case.category, case.severity, case.via, case.enterprise, case.placement, case.period, case.text,
        case.hidden, case.blocking, case.opened_at, case.due_at,
    )  # fmt: skip


async def lock_case(tx: Tx, case: CaseId) -> Case | None:
    row = await tx.conn.fetchrow(LOCK_CASE, case)
    return _case(row) if row else None


async def case(tx: Tx, case: CaseId) -> Case | None:
    row = await tx.conn.fetchrow(CASE, case)
    return _case(row) if row else None


async def cases(tx: Tx, state: str | None, enterprise: UUID | None, after: UUID | None, limit: int) -> list[Case]:
    return [_case(row) for row in await tx.conn.fetch(CASES, state, enterprise, after, limit)]


async def collective_case(tx: Tx, enterprise: EnterpriseId, period: Period) -> Case | None:
    """The open collective case, with the enterprise held so that two findings cannot open two."""
    await tx.conn.execute(SERIALISE_ENTERPRISE, str(enterprise))
    row = await tx.conn.fetchrow(COLLECTIVE_CASE, enterprise, period)
    return _case(row) if row else None


async def close_case(tx: Tx, case: CaseId, outcome: str) -> None:
    await tx.conn.execute(CLOSE_CASE, case, outcome, tx.clock.now())


# --- history --------------------------------------------------------------------------------------------------------
INSERT_HISTORY = """
INSERT INTO history (subject, type, event_id, actor, recorded, effective)
SELECT subject, type, event_id, $5, $6, effective
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::date[]) AS row (subject, type, event_id, effective)
"""
HISTORY = """
SELECT id, type, event_id, actor, recorded, effective FROM history WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def insert_history(tx: Tx, lines: Sequence[tuple[UUID, str, UUID, date]]) -> None:
    await tx.conn.execute(INSERT_HISTORY, *map(list, zip(*lines, strict=True)), str(tx.principal), tx.clock.now())


async def history(tx: Tx, subject: UUID, after: int, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in await tx.conn.fetch(HISTORY, subject, after, limit)]
