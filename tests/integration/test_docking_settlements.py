"""A settlement that the reserve pays: asked for by rights, drawn once and never below nothing, put back when it is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.events import (
    EnterpriseReinstated,
    EnterpriseSuspended,
    ReserveDrawn,
    ReserveDrawRefused,
    ReserveDrawRequested,
    ReserveDrawWithdrawn,
    ReserveRestored,
)
from shared.values import CaseId, Currency, EnterpriseId, Money, SettlementId
from tests.support.docking import Dock, dock

__all__ = ["dock"]

MINIMUM = 300_000_000  # fen
DRAW = 20_000_000


@dataclass(frozen=True)
class Settlement:
    """Back pay of 200,000 yuan that the enterprise does not pay."""

    enterprise: str
    id: UUID = field(default_factory=uuid4)
    case: UUID = field(default_factory=uuid4)

    def _codes(self, day: date) -> dict[str, Any]:
        return {
            "case": CaseId(self.case),
            "category": "wages",
            "enterprise": EnterpriseId(UUID(self.enterprise)),
            "placement": None,
            "origin": None,
            "destination": None,
            "blocking": False,
            "effective": day,
            "settlement": SettlementId(self.id),
        }

    def requested(self, day: date, minor: int = DRAW, currency: str = "CNY") -> ReserveDrawRequested:
        amount = Money(minor=minor, currency=Currency(currency))
        return ReserveDrawRequested.model_validate({**self._codes(day), "amount": amount, "use": "wages"})

    def withdrawn(self, day: date) -> ReserveDrawWithdrawn:
        return ReserveDrawWithdrawn.model_validate(self._codes(day))


async def _reserve(dock: Dock, enterprise: str) -> int:
    shown = (await dock.get(f"/enterprises/{enterprise}")).body["reserve"]
    assert shown["currency"] == "CNY"
    return int(shown["minor"])


async def test_worked_example_reserve_drawn_for_a_settlement_and_not_topped_up(dock: Dock) -> None:
    """3,000,000, draw 200,000 for back pay: suspended after 20 working days without top-up, orders of it stop matching."""
    enterprise = await dock.enterprise(reserve=MINIMUM)
    order = await dock.order(enterprise, positions=2, expires="2018-12-31")
    dock.today = date(2018, 9, 14)
    settlement = Settlement(enterprise)
    await dock.consume(settlement.requested(dock.today))
    (drawn,) = await dock.published(ReserveDrawn)
    assert (drawn.settlement, drawn.case, drawn.use) == (settlement.id, settlement.case, "wages")
    assert (drawn.amount.minor, drawn.balance.minor, drawn.due) == (DRAW, MINIMUM - DRAW, date(2018, 10, 18))
    dock.today = date(2018, 10, 19)
    await dock.sweep()
    (suspended,) = await dock.published(EnterpriseSuspended)
    assert suspended.reason == "reserve"
    refused = await dock.post(f"/orders/{order}/matches", {"worker": str(await dock.worker())})
    assert (refused.status, refused.code, refused.body["state"]) == (409, "ENTERPRISE_NOT_ACTIVE", "suspended")


async def test_a_settlement_larger_than_the_reserve_is_refused_and_asked_again_after_a_deposit(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=DRAW - 1)
    settlement = Settlement(enterprise)
    await dock.consume(settlement.requested(dock.today))
    (refused,) = await dock.published(ReserveDrawRefused)
    assert (refused.settlement, refused.case, refused.reason) == (settlement.id, settlement.case, "reserve_too_small")
    assert (refused.amount.minor, refused.balance and refused.balance.minor) == (DRAW, DRAW - 1)
    assert await _reserve(dock, enterprise) == DRAW - 1
    await dock.post(f"/enterprises/{enterprise}/reserve", {"amount": {"minor": 1, "currency": "CNY"}})
    await dock.consume(settlement.requested(dock.today))
    assert await _reserve(dock, enterprise) == 0
    assert len(await dock.published(ReserveDrawn)) == 1


async def test_one_settlement_is_paid_once_whatever_is_asked_for_it_again(dock: Dock) -> None:
    enterprise, other = [await dock.enterprise(reserve=MINIMUM) for _ in range(2)]
    settlement = Settlement(enterprise)
    elsewhere = Settlement(other, id=settlement.id)
    await dock.consume(settlement.requested(dock.today), settlement.requested(dock.today, 5), elsewhere.requested(dock.today))
    assert [event.reason for event in await dock.published(ReserveDrawRefused)] == ["drawn_already", "drawn_already"]
    assert (await _reserve(dock, enterprise), await _reserve(dock, other)) == (MINIMUM - DRAW, MINIMUM)
    async with dock.client.database.connection() as conn:
        with pytest.raises(asyncpg.UniqueViolationError, match="reserve_entry_of_settlement"):
            await conn.execute(
                "INSERT INTO reserve_entry (id, enterprise, kind, amount_minor, balance_minor, effective, use, case_id, settlement)"
                " VALUES ($1, $2, 'draw', -1, 0, $3, 'wages', $4, $5)",
                uuid4(),
                UUID(enterprise),
                dock.today,
                settlement.case,
                settlement.id,
            )


async def test_a_withdrawn_settlement_puts_back_what_it_took_and_lifts_the_suspension_for_it(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    settlement = Settlement(enterprise)
    await dock.consume(settlement.requested(dock.today))
    dock.wait(60)
    await dock.sweep()
    await dock.consume(settlement.withdrawn(dock.today), settlement.withdrawn(dock.today))
    (restored,) = await dock.published(ReserveRestored)
    assert (restored.settlement, restored.case, restored.due) == (settlement.id, settlement.case, None)
    assert (restored.amount.minor, restored.balance.minor) == (DRAW, MINIMUM)
    (reinstated,) = await dock.published(EnterpriseReinstated)
    assert (reinstated.reason, reinstated.grounds) == ("reserve", ())
    entries = (await dock.get(f"/enterprises/{enterprise}/reserve")).body["items"]
    assert [(one["kind"], one["amount"]["minor"], one["settlement"]) for one in entries[1:]] == [
        ("draw", -DRAW, str(settlement.id)),
        ("put_back", DRAW, str(settlement.id)),
    ]
    await dock.consume(settlement.requested(dock.today))
    assert [event.reason for event in await dock.published(ReserveDrawRefused)] == ["withdrawn"]
    assert await _reserve(dock, enterprise) == MINIMUM


async def test_a_settlement_withdrawn_before_anything_was_drawn_is_never_paid(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=DRAW - 1)
    refused, never_asked = Settlement(enterprise), Settlement(enterprise)
    await dock.consume(refused.requested(dock.today), refused.withdrawn(dock.today), never_asked.withdrawn(dock.today))
    await dock.post(f"/enterprises/{enterprise}/reserve", {"amount": {"minor": MINIMUM, "currency": "CNY"}})
    await dock.consume(refused.requested(dock.today), never_asked.requested(dock.today))
    reasons = [event.reason for event in await dock.published(ReserveDrawRefused)]
    assert reasons == ["reserve_too_small", "withdrawn", "withdrawn"]
    assert await dock.published(ReserveDrawn, ReserveRestored) == []


@pytest.mark.parametrize(
    ("minor", "currency", "reason"), [(180_000, "JPY", "not_yuan"), (0, "CNY", "not_positive"), (-5, "CNY", "not_positive")]
)
async def test_what_no_reserve_can_pay_is_refused_and_stops_nothing(dock: Dock, minor: int, currency: str, reason: str) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    await dock.consume(Settlement(enterprise).requested(dock.today, minor, currency), Settlement(enterprise).requested(dock.today))
    assert [event.reason for event in await dock.published(ReserveDrawRefused)] == [reason]
    assert await _reserve(dock, enterprise) == MINIMUM - DRAW


async def test_an_enterprise_that_nobody_qualified_pays_nothing(dock: Dock) -> None:
    await dock.consume(Settlement(str(uuid4())).requested(dock.today))
    (refused,) = await dock.published(ReserveDrawRefused)
    assert (refused.reason, refused.balance) == ("enterprise_not_found", None)


async def test_the_reserve_of_a_revoked_enterprise_pays_settlements(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    await dock.post(f"/enterprises/{enterprise}/revocation", {"reason": "breach"})
    settlement = Settlement(enterprise)
    await dock.consume(settlement.requested(dock.today))
    assert await _reserve(dock, enterprise) == MINIMUM - DRAW
    await dock.consume(settlement.withdrawn(dock.today))
    assert (await dock.get(f"/enterprises/{enterprise}")).body["state"] == "revoked"
    assert await _reserve(dock, enterprise) == MINIMUM
