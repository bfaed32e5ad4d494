"""Enterprises: qualified, funded."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from services.docking import commands, domain, views
from services.docking.queries import enterprises
from services.docking.usecases import scope
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.values import Currency, EnterpriseId, Money, new_id

YUAN = Currency("CNY")


async def qualify_enterprise(tx: Tx, command: commands.QualifyEnterprise) -> views.Enterprise:
    """E1: enter an enterprise with its licence. Raises LicenceTaken, PastDay, DestinationNotFound, Forbidden."""
    today = tx.clock.today()
    scope.require_seat(tx.principal, command.seat)
    if command.valid_to < today:
        raise domain.PastDay(field="valid_to")
    for place, destination in enumerate(command.destinations):
        if not reference.known_destination(destination):
            raise domain.DestinationNotFound(field=f"destinations.{place}")
    enterprise = domain.Enterprise(
        id=EnterpriseId(new_id()),
        name=command.name,
        licence_no=command.licence_no,
        seat=command.seat,
        scope=command.scope,
        destinations=command.destinations,
        valid_to=command.valid_to,
        state=domain.EnterpriseState.ACTIVE,
        reserve_minor=0,
    )
    if not await enterprises.add(tx, enterprise, today):
        raise domain.LicenceTaken(field="licence_no")
    publish_and_audit(
        tx,
        events.EnterpriseQualified(
            enterprise=enterprise.id,
            effective=today,
            licence_no=command.licence_no,
            scope=command.scope,
            destinations=command.destinations,
            valid_to=command.valid_to,
        ),
    )
    return views.enterprise(enterprise, warnings=_warnings(command.licence_no))


def _warnings(licence_no: str) -> tuple[str, ...]:
    """What the number's parts mean rests on one sample (rules.md 1.1), so an unknown region is said, never refused."""
    known = licence_no[2:6] in _prefectures() or f"{licence_no[2:4]}0000" in reference.provinces()
    return () if known else ("licence_region_unknown",)


@cache
def _prefectures() -> frozenset[str]:
    """The first four digits of every county's code."""
    return frozenset(code[:4] for code in reference.counties())


async def deposit_reserve(tx: Tx, enterprise: EnterpriseId, command: commands.DepositReserve) -> views.Enterprise:
    """E3: the risk reserve grows. Raises EnterpriseNotFound, NotYuan, Forbidden."""
    found = await enterprises.lock(tx, enterprise)
    if found is None:
        raise domain.EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    if command.amount.currency != YUAN:
        raise domain.NotYuan(field="amount.currency")
    balance = found.reserve_minor + command.amount.minor
    await enterprises.deposit(tx, enterprise, new_id(), command.amount.minor, balance, tx.clock.today())
    publish_and_audit(
        tx,
        events.ReserveDeposited(
            enterprise=enterprise, effective=tx.clock.today(), amount=command.amount, balance=Money(minor=balance, currency=YUAN)
        ),
    )
    return views.enterprise(replace(found, reserve_minor=balance, version=found.version + 1))


async def show_enterprise(tx: Tx, enterprise: EnterpriseId) -> views.Enterprise:
    """The register is public among those who have a token. Raises EnterpriseNotFound."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise domain.EnterpriseNotFound
    return views.enterprise(found)


async def list_enterprises(tx: Tx, after: EnterpriseId | None, limit: int) -> views.Enterprises:
    found = await enterprises.page(tx, after, limit)
    return views.Enterprises(items=tuple(views.enterprise(one) for one in found), next=found[-1].id if len(found) == limit else None)


async def history(tx: Tx, enterprise: EnterpriseId, after: int, limit: int) -> History:
    """Raises EnterpriseNotFound, Forbidden."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise domain.EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    return await changes_of(tx, enterprise, after, limit)
