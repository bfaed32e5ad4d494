"""Accompanying managers (E7): filed and withdrawn; missing where too many workers are."""

from __future__ import annotations

from collections.abc import Collection

from services.docking.commands import managers as commands
from services.docking.domain import managers as domain
from services.docking.domain.dispatches import Dispatch
from services.docking.domain.managers import Accompaniment, ManagersFiling
from services.docking.queries import managers
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.enterprises import load
from services.docking.views import managers as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event
from shared.paging import Page
from shared.principals import Role
from shared.values import Destination, EnterpriseId, new_id


async def file_managers(tx: Tx, enterprise: EnterpriseId, command: commands.FileManagers) -> views.Accompaniment:
    """A list filed before is replaced. Raises DestinationNotFound, and those of load."""
    reference.require_destination(command.destination)
    await load(tx, enterprise)
    found = await _lock(tx, enterprise, command.destination)
    filing = ManagersFiling(filing_no=command.filing_no, managers=command.managers, filed_on=tx.clock.today())
    filed = domain.filed(found, filing)
    await managers.update(tx, filed)
    event = events.ManagersFiled(
        enterprise=enterprise,
        destination=command.destination,
        effective=tx.clock.today(),
        filing_no=command.filing_no,
        managers=command.managers,
    )
    publish_and_audit(tx, event, *_cleared(tx, found, filed))
    return await _shown(tx, filed)


async def withdraw_managers(tx: Tx, enterprise: EnterpriseId, command: commands.WithdrawManagers) -> views.Accompaniment:
    """Raises DestinationNotFound, ManagersNotFiled, and those of load."""
    reference.require_destination(command.destination)
    await load(tx, enterprise)
    found = await _lock(tx, enterprise, command.destination)
    without, filing = domain.withdrawn(found)
    await managers.update(tx, without)
    event = events.ManagersWithdrawn(
        enterprise=enterprise, destination=command.destination, effective=tx.clock.today(), filing_no=filing.filing_no
    )
    publish_and_audit(tx, event)
    return await _shown(tx, await _review(tx, without))


async def review_managers(tx: Tx, *departures: Dispatch) -> None:
    """Where these departures lead, or no longer lead: whether more are there now than may be without managers.

    Called last: it holds the lock until the transaction ends and waits for no row.
    """
    places: Collection[tuple[EnterpriseId, Destination]] = {(one.enterprise, one.destination) for one in departures}
    await managers.lock_all(tx, places)
    for enterprise, destination in sorted(places):
        await _review(tx, await _get(tx, enterprise, destination))


async def _review(tx: Tx, found: Accompaniment) -> Accompaniment:
    limit = policy().docking_managers_above
    now = domain.reviewed(found, await managers.get_abroad(tx, found.enterprise, found.destination, limit + 1), limit)
    if now.missing != found.missing:
        await managers.update(tx, now)
        publish_and_audit(tx, *([await _missing(tx, now, limit)] if now.missing else _cleared(tx, found, now)))
    return now


async def _missing(tx: Tx, one: Accompaniment, limit: int) -> Event:
    abroad = await managers.get_abroad(tx, one.enterprise, one.destination)
    return events.ManagersMissing(
        enterprise=one.enterprise, destination=one.destination, effective=tx.clock.today(), abroad=abroad, limit=limit
    )


def _cleared(tx: Tx, before: Accompaniment, now: Accompaniment) -> list[Event]:
    if not before.missing or now.missing:
        return []
    return [events.ManagersMissingCleared(enterprise=now.enterprise, destination=now.destination, effective=tx.clock.today())]


async def _lock(tx: Tx, enterprise: EnterpriseId, destination: Destination) -> Accompaniment:
    await managers.lock_all(tx, [(enterprise, destination)])
    return await _get(tx, enterprise, destination)


async def _get(tx: Tx, enterprise: EnterpriseId, destination: Destination) -> Accompaniment:
    """As it is on record; or new, where nothing was filed or missing before."""
    found = await managers.get(tx, enterprise, destination)
    return found or Accompaniment(id=new_id(), enterprise=enterprise, destination=destination)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_managers(
    tx: Tx, page: Page, *, enterprise: EnterpriseId | None, destination: Destination | None, missing: bool | None
) -> views.Accompaniments:
    """Where managers are filed, or missing; of the caller's enterprise. Raises Forbidden."""
    if tx.principal.role is Role.ENTERPRISE:
        enterprise = scope.own_enterprise(tx.principal)
    rows, following = await managers.list_(tx, page, enterprise=enterprise, destination=destination, missing=missing)
    return views.Accompaniments(items=tuple([await _shown(tx, one) for one in rows]), next=following)


async def _shown(tx: Tx, one: Accompaniment) -> views.Accompaniment:
    return views.accompaniment(one, await managers.get_abroad(tx, one.enterprise, one.destination))
