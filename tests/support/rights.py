"""Placements with wages: contracts, departures and returns as docking publishes them; reports, payrolls and cases over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from shared import reference
from shared.db import Database
from shared.events import (
    ContractRegistered,
    DispatchCorrected,
    Dispatched,
    DispatchFact,
    DispatchVoided,
    Event,
    Evidence,
    ReturnCorrected,
    Returned,
    ReturnFact,
)
from shared.principals import Role
from shared.values import (
    Channel,
    CountyCode,
    Currency,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    WagePeriod,
    WorkerId,
    new_id,
)
from tests.support.http import Answer, Client, serving
from tests.support.stats import departure
from tests.support.visit import Visit

START = date(2018, 6, 20)
DEPARTED = date(2018, 1, 15)
COUNTY = CountyCode("370102")
COLUMNS = ("placement", "period", "gross", "deductions", "net", "remitted", "currency", "paid_on")
_wage = Money(minor=600_000, currency=Currency("CNY"))
_none = Money(minor=0, currency=Currency("CNY"))
_japan, _bricklayer = Destination("JPN"), Occupation("7112")
_enterprise = EnterpriseId(new_id())


def yuan(amount: float) -> dict[str, Any]:
    return {"minor": round(amount * 100), "currency": "CNY"}


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A bricklayer in Japan for 6,000 yuan a month, paid on the 10th, unless stated otherwise."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId = _enterprise
    county: CountyCode = COUNTY
    wage: Money = _wage
    wage_period: WagePeriod = WagePeriod.MONTH
    days_per_month: int = 1
    deductions_max: Money = _none
    fee: Money | None = None
    departed_on: date = DEPARTED
    evidence: Evidence = Evidence.EXIT_STAMP

    def contracted(self) -> Event:
        return ContractRegistered(
            placement=self.placement,
            worker=self.worker,
            order=OrderId(new_id()),
            enterprise=self.enterprise,
            origin=reference.origin(self.county, self.departed_on),
            destination=_japan,
            occupation=_bricklayer,
            channel=Channel.LABOUR_COOPERATION,
            effective=self.departed_on - timedelta(days=60),
            contract_no="C-1",
            terms_hash="0" * 64,
            wage=self.wage,
            wage_period=self.wage_period,
            days_per_month=self.days_per_month,
            pay_day=10,
            deductions_max=self.deductions_max,
            start=self.departed_on,
            end=self.departed_on + timedelta(days=1095),
            service_fee=self.fee,
        )

    def fact(self, **changes: Any) -> DispatchFact:
        codes = {"destination": _japan, "occupation": _bricklayer, "enterprise": self.enterprise, "evidence": self.evidence}
        return departure(self.county, **{"departed_on": self.departed_on, **codes, **changes})

    def departed(self) -> Event:
        return Dispatched(placement=self.placement, worker=self.worker, fact=self.fact())

    def returned(self, on: date) -> Event:
        fact = ReturnFact(returned_on=on, reason="completed")
        return Returned(placement=self.placement, worker=self.worker, fact=fact, dispatch=self.fact())

    def returned_otherwise(self, was: date, on: date) -> Event:
        previous, fact = (ReturnFact(returned_on=day, reason="completed") for day in (was, on))
        return ReturnCorrected(placement=self.placement, worker=self.worker, previous=previous, fact=fact, dispatch=self.fact())

    def corrected(self, *, returned_on: date | None = None, **changes: Any) -> Event:
        returned = ReturnFact(returned_on=returned_on, reason="completed") if returned_on else None
        return DispatchCorrected(
            placement=self.placement,
            worker=self.worker,
            previous=self.fact(),
            fact=self.fact(**changes),
            returned=returned,
            cause="correction",
        )

    def voided(self) -> Event:
        return DispatchVoided(placement=self.placement, worker=self.worker, previous=self.fact(), returned=None, reason="not_departed")


@dataclass
class Office(Visit):
    """Rights, on a day that the test moves, called as a national officer."""

    today: date = START

    def enterprise(self, party: object = _enterprise) -> Client:
        return self.client.speaking_as(Role.ENTERPRISE, regions=(), party=party, subject="hr")

    async def abroad(self, **changes: Any) -> Placement:
        """A placement that has departed."""
        placement = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()), **changes)
        await self.consume(placement.contracted(), placement.departed())
        return placement

    # --- commands
    async def report(
        self,
        placement: Placement,
        period: str = "2018-03",
        paid: float = 6000,
        *,
        source: str = "worker",
        who: Client | None = None,
        **amounts: Any,
    ) -> Answer:
        return await self.post("/incomes", a_report(placement, period, paid, source=source, **amounts), who=who)

    async def payroll(
        self, *rows: dict[str, Any], who: Client | None = None, dry_run: bool = False, content: bytes | None = None, kind: str = "text/csv"
    ) -> Answer:
        raw = a_payroll(*rows) if content is None else content
        return await self.at(who or self.enterprise()).upload(f"/payrolls?dry_run={str(dry_run).lower()}", raw, kind)

    # --- what came of it
    async def ledger(self, placement: Placement) -> dict[str, Any]:
        return dict((await self.get(f"/placements/{placement.placement}/ledger")).body)

    async def found(self, placement: Placement) -> list[tuple[str, str]]:
        """(period, kind) of what is open."""
        return [(one["period"], one["kind"]) for one in (await self.ledger(placement))["open_findings"]]


def a_report(
    placement: Placement, period: str = "2018-03", paid: float = 6000, *, source: str = "worker", **amounts: Any
) -> dict[str, Any]:
    """`amounts` replace what follows from `paid` yuan without deductions."""
    plain = {"gross": yuan(paid), "deductions": yuan(0), "net": yuan(paid), "paid_on": f"{period}-28"}
    return {"placement": str(placement.placement), "period": period, "source": source, "amounts": {**plain, **amounts}}


def a_row(placement: Placement, period: str = "2018-03", paid: str = "6000.00", **cells: Any) -> dict[str, Any]:
    """`cells` replace what follows from `paid`, in the major unit, without deductions."""
    return {
        "placement": placement.placement,
        "period": period,
        "gross": paid,
        "deductions": "0.00",
        "net": paid,
        "remitted": "",
        "currency": "CNY",
        "paid_on": f"{period}-28",
        **cells,
    }


def a_payroll(*rows: dict[str, Any]) -> bytes:
    out = io.StringIO()
    lines = csv.DictWriter(out, COLUMNS)
    lines.writeheader()
    lines.writerows(rows)
    return out.getvalue().encode()


@pytest.fixture
async def office(make_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Office]:
    """Rights on a fresh database, on START."""
    async with serving("rights", await make_database("rights")) as client:
        yield Office(client)
