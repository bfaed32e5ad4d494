"""Enterprises: qualified, funded."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from services.docking import commands, domain, views
from services.docking.queries import enterprises
from services.docking.usecases import scope
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, record
from shared.values import Currency, EnterpriseId, Money, new_id

YUAN = Currency("CNY")


async def qualify_enterprise(tx: Tx, cmd: commands.QualifyEnterprise) -> views.Enterprise:
    """E1: enter an enterprise with its licence. Raises LicenceTaken, PastDay, DestinationUnknown, Forbidden."""
    today = tx.clock.today()
    scope.require_seat(tx.principal, cmd.seat)
    if cmd.valid_to < today:
        raise domain.PastDay(field="valid_to")
    for place, destination in enumerate(cmd.destinations):
        if not reference.known_destination(destination):
            raise domain.DestinationUnknown(field=f"destinations.{place}")
    enterprise = domain.Enterprise(
        id=EnterpriseId(new_id()), name=cmd.name, licence_no=cmd.licence_no, seat=cmd.seat, scope=cmd.scope,
        destinations=cmd.destinations, valid_to=cmd.valid_to, state=domain.EnterpriseState.ACTIVE, reserve_minor=0,
    )  # fmt: skip
    if not await enterprises.add(tx, enterprise, today):
        raise domain.LicenceTaken(field="licence_no")
    record(
        tx,
        events.EnterpriseQualified(
            enterprise=enterprise.id, effective=today, licence_no=cmd.licence_no, scope=cmd.scope, destinations=cmd.destinations,
            valid_to=cmd.valid_to,
        ),
    )  # fmt: skip
    return views.enterprise(enterprise, warnings=_warnings(cmd.licence_no))


def _warnings(licence_no: str) -> tuple[str, ...]:
    """What the number's parts mean rests on one sample (rules.md 1.1), so an unknown region is said, never refused."""
    known = licence_no[2:6] in _prefectures() or f"{licence_no[2:4]}0000" in reference.provinces()
    return () if known else ("licence_region_unknown",)


@cache
def _prefectures() -> frozenset[str]:
    """The first four digits of every county's code."""
    return frozenset(code[:4] for code in reference.counties())


async def deposit_reserve(tx: Tx, enterprise: EnterpriseId, cmd: commands.DepositReserve) -> views.Enterprise:
    """E3: the risk reserve grows. Raises EnterpriseUnknown, NotYuan, Forbidden."""
    found = await enterprises.lock(tx, enterprise)
    if found is None:
        raise domain.EnterpriseUnknown
    scope.require_enterprise(tx.principal, found)
    if cmd.amount.currency != YUAN:
        raise domain.NotYuan(field="amount.currency")
    balance = found.reserve_minor + cmd.amount.minor
    await enterprises.deposit(tx, enterprise, new_id(), cmd.amount.minor, balance, tx.clock.today())
    record(
        tx,
        events.ReserveDeposited(
            enterprise=enterprise, effective=tx.clock.today(), amount=cmd.amount, balance=Money(minor=balance, currency=YUAN)
        ),
    )
    return views.enterprise(replace(found, reserve_minor=balance, version=found.version + 1))


async def show_enterprise(tx: Tx, enterprise: EnterpriseId) -> views.Enterprise:
    """The register is public among those who have a token. Raises EnterpriseUnknown."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise domain.EnterpriseUnknown
    return views.enterprise(found)


async def list_enterprises(tx: Tx, after: EnterpriseId | None, limit: int) -> views.Enterprises:
    found = await enterprises.page(tx, after, limit)
    return views.Enterprises(items=tuple(views.enterprise(one) for one in found), next=found[-1].id if len(found) == limit else None)


async def history(tx: Tx, enterprise: EnterpriseId, after: int, limit: int) -> History:
    """Raises EnterpriseUnknown, Forbidden."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise domain.EnterpriseUnknown
    scope.require_enterprise(tx.principal, found)
    return await changes_of(tx, enterprise, after, limit)
