"""The account of an enterprise's reserve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.docking.domain import reserves as domain
from services.docking.domain.enterprises import RESERVE_CURRENCY, Enterprise
from shared.values import CaseId, EnterpriseId, Money, SettlementId


class Entry(BaseModel, frozen=True):
    entry: UUID
    kind: domain.EntryKind
    amount: Money  # negative: drawn
    balance: Money  # after it
    effective: date
    use: domain.ReserveUse | None
    case: CaseId | None
    settlement: SettlementId | None  # that rights asked it for


class Entries(BaseModel, frozen=True):
    enterprise: EnterpriseId
    reserve: Money
    due: date | None  # of the top-up after a draw below the minimum
    items: tuple[Entry, ...]
    next: UUID | None


def entries(enterprise: Enterprise, found: Sequence[domain.Entry], cursor: UUID | None) -> Entries:
    return Entries(
        enterprise=enterprise.id,
        reserve=enterprise.reserve,
        due=enterprise.reserve_due,
        items=tuple(_entry(one) for one in found),
        next=cursor,
    )


def _entry(one: domain.Entry) -> Entry:
    return Entry(
        entry=one.id,
        kind=one.kind,
        amount=Money(minor=one.amount_minor, currency=RESERVE_CURRENCY),
        balance=Money(minor=one.balance_minor, currency=RESERVE_CURRENCY),
        effective=one.effective,
        use=one.payment.use if one.payment else None,
        case=one.payment.case if one.payment else None,
        settlement=one.payment.settlement if one.payment else None,
    )
