"""Enterprises, orders, workers and placements to dock. Everything goes through commands and events, as it would in service."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import reference
from shared.db import Database
from shared.events import (
    CaseClosed,
    CaseOpened,
    CertificateCorrected,
    CertificateExpired,
    CertificateIssued,
    CertificateRevoked,
    Event,
    EventEnvelope,
    WillingnessRecorded,
    WorkerRegistered,
)
from shared.values import (
    CaseId,
    CountyCode,
    CourseId,
    Currency,
    Destination,
    EnrolmentId,
    EnterpriseId,
    HouseholdStatus,
    Money,
    Occupation,
    PlacementId,
    Sex,
    WorkerId,
    new_id,
)
from tests.support.http import serving
from tests.support.recording import noon, recorded
from tests.support.visit import Visit

_licences = itertools.count(1)
START = date(2018, 3, 1)
POOR_COUNTY = CountyCode("621126")  # on the national list
RICH_COUNTY = CountyCode("370102")


@dataclass(frozen=True, kw_only=True)
class AWorker:
    """A verified, willing bricklayer for Japan unless stated otherwise."""

    county: CountyCode = RICH_COUNTY
    destinations: tuple[str, ...] = ("JPN",)
    occupations: tuple[str, ...] = ("7112",)
    wanted: tuple[str, ...] = ("7112",)
    birth_year: int = 1988
    verified: bool = True
    willing: bool = True
    floor: Money | None = None
    registered_on: date = date(2018, 1, 10)

    def but(self, **changes: Any) -> AWorker:
        return replace(self, **changes)

    def events(self, worker: WorkerId) -> list[EventEnvelope[Event]]:
        origin, at = reference.origin(self.county, self.registered_on), noon(self.registered_on)
        registered = WorkerRegistered(
            worker=worker,
            worker_no=f"W{worker.hex[:8]}",
            birth_year=self.birth_year,
            sex=Sex.MALE,
            origin=origin,
            residence_basis="household_register",
            education=3,
            occupations=tuple(map(Occupation, self.occupations)),
            assurance="verified" if self.verified else "provisional",
            source="assisted",
            household_status=HouseholdStatus.UNKNOWN,
            effective=self.registered_on,
        )
        willing = WillingnessRecorded(
            worker=worker,
            origin=origin,
            destinations=tuple(map(Destination, self.destinations)),
            occupations=tuple(map(Occupation, self.wanted)),
            wage_floor=self.floor,
            available_from=self.registered_on,
            expires_on=date(2100, 1, 1),
            family_consent=True,
            renewal=False,
            effective=self.registered_on,
        )
        return [recorded(registered, at), *([recorded(willing, at)] if self.willing else [])]


@dataclass
class Dock(Visit):
    """Docking, called as a national officer on a day that the test moves."""

    today: date = START

    # --- events of other services
    async def worker(self, one: AWorker | None = None) -> WorkerId:
        worker = WorkerId(new_id())
        await self.consume(*(one or AWorker()).events(worker))
        return worker

    async def certificate(self, placement: dict[str, Any], *, valid_to: date | None = None, **changes: Any) -> CertificateIssued:
        """Training passed for this placement."""
        issued = CertificateIssued(
            course=CourseId(new_id()),
            destination=placement["destination"],
            occupation=placement["occupation"],
            effective=self.today,
            enrolment=EnrolmentId(new_id()),
            worker=WorkerId(UUID(placement["worker"])),
            placement=PlacementId(UUID(placement["placement"])),
            origin=reference.origin(placement["county"], self.today),
            serial=f"T{new_id().hex[:12]}",
            minutes=2400,
            valid_to=valid_to or self.today + timedelta(days=365),
            **changes,
        )
        await self.consume(issued)
        return issued

    async def revoke(self, issued: CertificateIssued) -> None:
        fields = issued.model_dump(exclude={"minutes", "valid_to"})
        await self.consume(CertificateRevoked.model_validate({**fields, "reason": "fraud", "effective": self.today}))

    async def reissue(self, issued: CertificateIssued, by_days: int) -> date:
        """The certificate was issued so many days later than it says; returns its last day."""
        fields = issued.model_dump(exclude={"minutes", "valid_to"})
        previous = {"issued_on": issued.effective, "valid_to": issued.valid_to, "minutes": issued.minutes}
        moved = timedelta(days=by_days)
        fact = {**previous, "issued_on": issued.effective + moved, "valid_to": issued.valid_to + moved}
        about = {"previous": previous, "fact": fact, "reason": "mistyped", "approver": None, "effective": self.today}
        await self.consume(CertificateCorrected.model_validate({**fields, **about}))
        return issued.valid_to + moved

    async def expire(self, issued: CertificateIssued) -> None:
        """The sweep of training finds that the certificate has ended."""
        fields = issued.model_dump(exclude={"minutes"})
        await self.consume(CertificateExpired.model_validate({**fields, "effective": issued.valid_to + timedelta(days=1)}))

    async def case(self, enterprise: str) -> CaseOpened:
        opened = CaseOpened(
            case=CaseId(new_id()),
            category="wages",
            enterprise=EnterpriseId(UUID(enterprise)),
            placement=None,
            origin=None,
            destination=None,
            blocking=True,
            effective=self.today,
            severity="high",
            via="authority",
            due_at=noon(self.today),
        )
        await self.consume(opened)
        return opened

    async def case_closed(self, opened: CaseOpened) -> None:
        fields = opened.model_dump(exclude={"severity", "via", "due_at"})
        await self.consume(CaseClosed.model_validate({**fields, "outcome": "settled", "effective": self.today}))

    # --- commands
    async def enterprise(self, *, reserve: int = 300_000_000, **changes: Any) -> str:
        body = {
            "name": "Weihai Labour Cooperation Co.",
            "licence_no": f"LW37002015{next(_licences) % 10_000:04d}",
            "scope": ["labour_cooperation"],
            "valid_to": "2030-12-31",
            **changes,
        }
        answer = await self.post("/enterprises", body)
        assert answer.status == 201, answer.body
        enterprise = str(answer.body["enterprise"])
        if reserve:
            paid = await self.post(f"/enterprises/{enterprise}/reserve", {"amount": {"minor": reserve, "currency": "CNY"}})
            assert paid.status == 200, paid.body
        return enterprise

    async def order(self, enterprise: str | None = None, **changes: Any) -> str:
        body = an_order(enterprise or await self.enterprise(), **changes)
        answer = await self.post("/orders", body)
        assert answer.status == 201, answer.body
        return str(answer.body["order"])

    async def proposed(self, order: str, worker: WorkerId) -> str:
        answer = await self.post(f"/orders/{order}/matches", {"n": 1, "worker": str(worker)})
        assert answer.status == 200, answer.body
        return str(answer.body["matches"][0]["match"])

    async def matched(self, order: str | None = None, worker: WorkerId | None = None) -> dict[str, Any]:
        match = await self.proposed(order or await self.order(), worker or await self.worker())
        answer = await self.post(f"/matches/{match}/acceptance")
        assert answer.status == 201, answer.body
        return dict(answer.body)

    async def prepared(self, placement: dict[str, Any]) -> dict[str, Any]:
        """Contract filed, insurance bound, examined and fit."""
        path = f"/placements/{placement['placement']}"
        for name, body in (
            ("contract", a_contract(self.today)),
            ("insurance", an_insurance(self.today)),
            ("medical", a_medical(self.today)),
        ):
            answer = await self.post(f"{path}/{name}", body)
            assert answer.status == 200, answer.body
        return dict(answer.body)

    async def requested(self, placement: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = await self.post(f"/placements/{placement['placement']}/clearance", body)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    async def cleared(self, order: str | None = None, worker: WorkerId | None = None) -> dict[str, Any]:
        placement = await self.prepared(await self.matched(order, worker))
        await self.certificate(placement)
        granted = await self.requested(placement)
        assert granted["state"] == "cleared", granted
        return granted

    async def departed(self, order: str | None = None, worker: WorkerId | None = None) -> dict[str, Any]:
        placement = await self.cleared(order, worker)
        answer = await self.post(f"/placements/{placement['placement']}/departure", a_departure(self.today))
        assert answer.status == 200, answer.body
        return dict(answer.body)

    async def returned(self, placement: dict[str, Any]) -> dict[str, Any]:
        body = {"returned_on": self.today.isoformat(), "reason": "completed"}
        answer = await self.post(f"/placements/{placement['placement']}/return", body)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    # --- answers and events
    async def show(self, placement: dict[str, Any]) -> dict[str, Any]:
        return dict((await self.get(f"/placements/{placement['placement']}")).body)

    async def show_order(self, order: str) -> dict[str, Any]:
        return dict((await self.get(f"/orders/{order}")).body)


def an_order(enterprise: str, **changes: Any) -> dict[str, Any]:
    body = {
        "enterprise": enterprise,
        "employer": "Sakura Construction KK",
        "destination": "JPN",
        "occupation": "7112",
        "channel": "labour_cooperation",
        "positions": 1,
        "wage": {"minor": 180_000, "currency": "JPY"},
        "wage_period": "month",
        "term_months": 36,
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def a_contract(day: date, **changes: Any) -> dict[str, Any]:
    return {
        "contract_no": "C-2018-0001",
        "wage": {"minor": 180_000, "currency": "JPY"},
        "wage_period": "month",
        "pay_day": 10,
        "deductions_max": {"minor": 20_000, "currency": "JPY"},
        "start": day.isoformat(),
        "end": (day + timedelta(days=3 * 365)).isoformat(),
        **changes,
    }


def an_insurance(day: date, **changes: Any) -> dict[str, Any]:
    ends = (day + timedelta(days=4 * 365)).isoformat()
    return {"insurer": "PICC", "policy_no": "P-1", "valid_from": day.isoformat(), "valid_to": ends, **changes}


def a_medical(day: date, **changes: Any) -> dict[str, Any]:
    return {"examined_on": day.isoformat(), "result": "fit", "place": "Weihai health centre for travellers", **changes}


def a_departure(day: date, **changes: Any) -> dict[str, Any]:
    return {"departed_on": day.isoformat(), "port": "CNTAO", "visa": "work", "evidence": "exit_stamp", **changes}


def yen(minor: int) -> Money:
    return Money(minor=minor, currency=Currency("JPY"))


@pytest.fixture
async def dock(make_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Dock]:
    """Docking on a fresh database, on START."""
    async with serving("docking", await make_database("docking")) as client:
        yield Dock(client)
