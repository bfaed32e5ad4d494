"""Enterprises: qualified, funded, blocked by open cases."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from services.docking import commands
from services.docking.domain import errors
from services.docking.domain.enterprises import RESERVE_CURRENCY, Enterprise, EnterpriseState
from services.docking.queries import blocking_cases, enterprises
from services.docking.usecases import scope
from services.docking.views import enterprises as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.events import CaseClosed, CaseOpened, EventEnvelope
from shared.paging import page
from shared.values import EnterpriseId, new_id


async def qualify_enterprise(tx: Tx, command: commands.QualifyEnterprise) -> views.Enterprise:
    """E1: enter an enterprise with its licence. Raises LicenceTaken, PastDay, DestinationNotFound, Forbidden."""
    today = tx.clock.today()
    scope.require_seat(tx.principal, command.seat)
    if command.valid_to < today:
        raise errors.PastDay(field="valid_to")
    for number, destination in enumerate(command.destinations):
        reference.require_destination(destination, f"destinations.{number}")
    enterprise = Enterprise(
        id=EnterpriseId(new_id()),
        name=command.name,
        licence_no=command.licence_no,
        seat=command.seat,
        scope=command.scope,
        destinations=command.destinations,
        valid_to=command.valid_to,
        state=EnterpriseState.ACTIVE,
        reserve_minor=0,
    )
    if not await enterprises.insert(tx, enterprise, today):
        raise errors.LicenceTaken(field="licence_no")
    qualified = events.EnterpriseQualified(
        enterprise=enterprise.id,
        effective=today,
        licence_no=command.licence_no,
        scope=command.scope,
        destinations=command.destinations,
        valid_to=command.valid_to,
    )
    publish_and_audit(tx, qualified)
    return views.enterprise(enterprise, warnings=_warnings(command.licence_no))


def _warnings(licence_no: str) -> tuple[str, ...]:
    """What the number's parts mean rests on one sample (rules.md 1.1), so an unknown region is a warning, never a refusal."""
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
        raise errors.EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    if command.amount.currency != RESERVE_CURRENCY:
        raise errors.NotYuan(field="amount.currency")
    amount, today = command.amount, tx.clock.today()
    funded = replace(found, reserve_minor=found.reserve_minor + amount.minor, version=found.version + 1)
    await enterprises.update_reserve(tx, enterprise, amount=amount.minor, balance=funded.reserve_minor, on=today)
    publish_and_audit(tx, events.ReserveDeposited(enterprise=enterprise, effective=today, amount=amount, balance=funded.reserve))
    return views.enterprise(funded)


# --- reactions --------------------------------------------------------------------------------------------------------
async def case_opened(tx: Tx, event: EventEnvelope[CaseOpened]) -> None:
    """A blocking case keeps its enterprise from clearance."""
    if event.data.blocking:
        await blocking_cases.insert(tx, event.data.case, event.data.enterprise)


async def case_closed(tx: Tx, event: EventEnvelope[CaseClosed]) -> None:
    await blocking_cases.delete(tx, event.data.case)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_enterprise(tx: Tx, enterprise: EnterpriseId) -> views.Enterprise:
    """The register is public among those who have a token. Raises EnterpriseNotFound."""
    return views.enterprise(await _get(tx, enterprise))


async def list_enterprises(tx: Tx, after: EnterpriseId | None, limit: int) -> views.Enterprises:
    found = await enterprises.list_(tx, after, limit + 1)
    return views.enterprises(*page(found, limit, lambda one: one.id))


async def history(tx: Tx, enterprise: EnterpriseId, after: int, limit: int) -> History:
    """Raises EnterpriseNotFound, Forbidden."""
    scope.require_enterprise(tx.principal, await _get(tx, enterprise))
    return await changes_of(tx, enterprise, after, limit)


async def _get(tx: Tx, enterprise: EnterpriseId) -> Enterprise:
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise errors.EnterpriseNotFound
    return found
