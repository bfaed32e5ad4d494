"""Enterprises: qualified, renewed, suspended, stopped, revoked."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from services.docking.commands import enterprises as commands
from services.docking.domain import enterprises as domain
from services.docking.domain import errors
from services.docking.domain.enterprises import Enterprise, EnterpriseFilter, EnterpriseState, Licence, Plan
from services.docking.queries import enterprises, managers, notices
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import enterprise_event
from services.docking.views import enterprises as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.values import Destination, EnterpriseId, new_id


async def qualify_enterprise(tx: Tx, command: commands.QualifyEnterprise) -> views.Enterprise:
    """E1: enter an enterprise with its licence. Raises LicenceTaken, PastDay, DestinationNotFound, Forbidden."""
    today = tx.clock.today()
    scope.require_seat(tx.principal, command.seat)
    if command.valid_to < today:
        raise errors.PastDay(field="valid_to")
    _require_destinations(command.destinations)
    enterprise = Enterprise(
        id=EnterpriseId(new_id()),
        name=command.name,
        licence_no=command.licence_no,
        seat=command.seat,
        scope=command.scope,
        destinations=command.destinations,
        valid_to=command.valid_to,
        state=EnterpriseState.ACTIVE,
        since=today,
        reserve_minor=0,
    )
    if not await enterprises.insert(tx, enterprise):
        raise errors.LicenceTaken(field="licence_no", state={"enterprise": str(await enterprises.get_id(tx, command.licence_no))})
    publish_and_audit(tx, enterprise_event(tx, events.EnterpriseQualified, enterprise))
    return views.enterprise(enterprise, warnings=_warnings(command.licence_no))


def _require_destinations(destinations: tuple[Destination, ...]) -> None:
    """Raises DestinationNotFound."""
    for number, destination in enumerate(destinations):
        reference.require_destination(destination, f"destinations.{number}")


def _warnings(licence_no: str) -> tuple[str, ...]:
    """What the number's parts mean rests on one sample (rules.md 1.1), so an unknown region is a warning, never a refusal."""
    known = licence_no[2:6] in _prefectures() or f"{licence_no[2:4]}0000" in reference.provinces()
    return () if known else (domain.LICENCE_REGION_UNKNOWN,)


@cache
def _prefectures() -> frozenset[str]:
    """The first four digits of every county's code."""
    return frozenset(code[:4] for code in reference.counties())


async def renew_qualification(tx: Tx, enterprise: EnterpriseId, command: commands.RenewQualification) -> views.Enterprise:
    """E1: the same number runs longer. Raises EnterpriseIllegalStep, PastDay, NotRenewed, DestinationNotFound, and those of load."""
    found = await load(tx, enterprise, command.version)
    _require_destinations(command.destinations or ())
    licence = Licence(
        scope=command.scope or found.scope,
        destinations=found.destinations if command.destinations is None else command.destinations,
        valid_to=command.valid_to,
    )
    renewed = domain.renewed(found, licence, tx.clock.today())
    return await save(tx, renewed, enterprise_event(tx, events.EnterpriseRenewed, renewed, previous_valid_to=found.valid_to))


async def suspend_qualification(tx: Tx, enterprise: EnterpriseId, command: commands.SuspendQualification) -> views.Enterprise:
    """Orders stop matching, nobody is cleared or departs. Raises EnterpriseIllegalStep, SuspendedAlready, and those of load."""
    found = await load(tx, enterprise, command.version)
    suspended = domain.suspended(found, command.reason, tx.clock.today())
    return await save(tx, suspended, suspension(tx, suspended, command.reason))


def suspension(tx: Tx, suspended: Enterprise, reason: str) -> events.EnterpriseSuspended:
    """The event of a ground that was added."""
    return enterprise_event(tx, events.EnterpriseSuspended, suspended, reason=reason, grounds=suspended.suspended_for)


async def reinstate_qualification(tx: Tx, enterprise: EnterpriseId, command: commands.ReinstateQualification) -> views.Enterprise:
    """One ground is lifted. Raises EnterpriseIllegalStep, NotSuspendedFor, and those of load."""
    found = await load(tx, enterprise, command.version)
    reinstated = domain.reinstated(found, command.reason, tx.clock.today())
    return await save(tx, reinstated, reinstatement(tx, reinstated, command.reason))


def reinstatement(tx: Tx, reinstated: Enterprise, reason: str) -> events.EnterpriseReinstated:
    """The event of a ground that was lifted."""
    return enterprise_event(tx, events.EnterpriseReinstated, reinstated, reason=reason, grounds=reinstated.suspended_for)


async def revoke_qualification(tx: Tx, enterprise: EnterpriseId, command: commands.RevokeQualification) -> views.Enterprise:
    """For good; the sweep closes its orders and cancels who is not cleared. Raises EnterpriseIllegalStep, and those of load."""
    found = await load(tx, enterprise, command.version)
    revoked = domain.revoked(found, tx.clock.today())
    return await save(tx, revoked, enterprise_event(tx, events.EnterpriseRevoked, revoked, reason=command.reason))


async def stop_business(tx: Tx, enterprise: EnterpriseId, command: commands.StopBusiness) -> views.Enterprise:
    """E9: for good; the sweep closes its orders and cancels who is not cleared.

    Raises EnterpriseIllegalStep, PlanMissing, CannotTakeOver, PastDay, NothingToCorrect, and those of load.
    """
    found = await load(tx, enterprise, command.version)
    given = command.plan
    if given is not None and given.takes_over is not None:
        await _require_successor(tx, enterprise, given.takes_over)
    plan = Plan(filing_no=given.filing_no, takes_over=given.takes_over, home_by=given.home_by) if given else None
    abroad = await managers.get_abroad(tx, enterprise)
    stopped = domain.stopped(found, plan, abroad=abroad, today=tx.clock.today())
    fields = {
        "abroad": abroad,
        "plan_no": plan.filing_no if plan else None,
        "takes_over": plan.takes_over if plan else None,
        "home_by": plan.home_by if plan else None,
    }
    return await save(tx, stopped, enterprise_event(tx, events.EnterpriseStopped, stopped, **fields))


async def _require_successor(tx: Tx, enterprise: EnterpriseId, successor: EnterpriseId) -> None:
    """Raises CannotTakeOver."""
    found = await enterprises.get(tx, successor)
    if successor == enterprise or found is None or found.state is not EnterpriseState.ACTIVE:
        raise errors.CannotTakeOver(field="plan.takes_over", state=found.state if found else None)


async def load(tx: Tx, enterprise: EnterpriseId, version: int | None = None) -> Enterprise:
    """Locked, in scope, at the version named. Raises EnterpriseNotFound, Forbidden, VersionConflict."""
    found = await enterprises.lock(tx, enterprise)
    if found is None:
        raise errors.EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    require_version(version, found.version)
    return found


async def save(tx: Tx, enterprise: Enterprise, *published: events.Event) -> views.Enterprise:
    """Write the enterprise and publish what has happened to it."""
    await enterprises.update(tx, enterprise)
    publish_and_audit(tx, *published, offices_in=(enterprise.seat,))
    return views.enterprise(replace(enterprise, version=enterprise.version + 1))


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_enterprise(tx: Tx, enterprise: EnterpriseId) -> views.Enterprise:
    """The register is public among those who have a token. Raises EnterpriseNotFound."""
    return views.enterprise(await _get(tx, enterprise))


async def list_enterprises(tx: Tx, page: Page, wanted: EnterpriseFilter) -> views.Enterprises:
    """Raises DestinationNotFound."""
    _require_destination(wanted)
    return views.enterprises(*await enterprises.list_(tx, page, wanted, tx.clock.today()))


async def public_register(tx: Tx, page: Page, wanted: EnterpriseFilter) -> views.Register:
    """Open to everyone: a worker can look up whoever offers a job. Raises DestinationNotFound."""
    _require_destination(wanted)
    today = tx.clock.today()
    shown, following = await enterprises.list_(tx, page, wanted, today)
    counts = await notices.list_counts(tx, [one.id for one in shown], today)
    least = policy().docking_minimum_reserve
    entries = (views.register_entry(one, notices=counts.get(one.id, 0), today=today, minimum_reserve=least) for one in shown)
    return views.Register(items=tuple(entries), next=following)


async def history(tx: Tx, enterprise: EnterpriseId, after: int, limit: int) -> History:
    """Raises EnterpriseNotFound, Forbidden."""
    scope.require_enterprise(tx.principal, await _get(tx, enterprise))
    return await changes_of(tx, enterprise, after, limit)


async def _get(tx: Tx, enterprise: EnterpriseId) -> Enterprise:
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise errors.EnterpriseNotFound
    return found


def _require_destination(wanted: EnterpriseFilter) -> None:
    if wanted.destination is not None:
        reference.require_destination(wanted.destination)
