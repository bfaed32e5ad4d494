"""Repatriations: who is brought home, on whose approval, at what cost. Docking records the return."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.rights import commands
from services.rights.domain.emergencies import require_open
from services.rights.domain.errors import EmergencyNotFound, NotInRollCall, PlacementNotFound, RepatriationNotFound
from services.rights.domain.ledgers import Ledger
from services.rights.domain.repatriations import (
    Repatriation,
    RepatriationState,
    RepatriationStep,
    require_abroad,
    require_cause,
    require_completion,
    require_first,
    require_only,
    require_other_approver,
    state_after,
)
from services.rights.queries import emergencies, ledgers, repatriations, roll_calls
from services.rights.usecases.event_fields import Codes, codes
from services.rights.usecases.scope import enterprise_of, prefixes_of, require_ledger
from services.rights.views import repatriations as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.events import Event
from shared.paging import Page
from shared.reference import require_legal_tender
from shared.values import EmergencyId, PlacementId, RepatriationId, new_id, period_of


async def request_repatriation(tx: Tx, command: commands.RequestRepatriation) -> views.Repatriation:
    """Raises PlacementNotFound, Forbidden, CauseMissing, NeverLeft, AtHome, RepatriatedAlready, and those of the emergency."""
    ledger = (await ledgers.lock(tx, [command.placement])).get(command.placement)
    if ledger is None:
        raise PlacementNotFound(field="placement")
    require_ledger(tx.principal, ledger)
    require_cause(command.cause, command.emergency)
    require_abroad(ledger)
    if command.emergency is not None:
        await _require_in_emergency(tx, command.emergency, command.placement)
    require_first(await repatriations.list_of(tx, command.placement), command.emergency)
    repatriation = Repatriation(
        repatriation=RepatriationId(new_id()),
        placement=command.placement,
        enterprise=ledger.enterprise,
        emergency=command.emergency,
        cause=command.cause,
        requested_by=str(tx.principal),
        requested_on=tx.clock.today(),
        paid_by=command.paid_by,
    )
    await repatriations.insert(tx, repatriation)
    about = _codes(repatriation, ledger, repatriation.requested_on)
    requested = events.RepatriationRequested(cause=repatriation.cause, requested_by=repatriation.requested_by, **about)
    publish_and_audit(tx, requested)
    return views.Repatriation.from_repatriation(repatriation)


async def _require_in_emergency(tx: Tx, emergency_id: EmergencyId, placement: PlacementId) -> None:
    """Raises EmergencyNotFound, EmergencyHasEnded, NotInRollCall."""
    emergency = await emergencies.get(tx, emergency_id)
    if emergency is None:
        raise EmergencyNotFound(field="emergency")
    require_open(emergency)
    if await roll_calls.lock(tx, emergency_id, placement) is None:
        raise NotInRollCall(field="emergency")


async def approve_repatriation(tx: Tx, repatriation_id: RepatriationId, command: commands.ApproveRepatriation) -> views.Repatriation:
    """Raises ApproverIsRequester, NeverLeft, AtHome, and those of _load."""
    repatriation, ledger = await _load(tx, repatriation_id, command.version)
    approver = str(tx.principal)
    approved = replace(
        repatriation,
        state=state_after(repatriation.state, RepatriationStep.APPROVE),
        approval=command.approval,
        criteria_version=command.criteria_version,
        approver=approver,
    )
    require_other_approver(repatriation, approver)
    require_abroad(ledger)
    event = events.RepatriationApproved(
        approval=command.approval,
        criteria_version=command.criteria_version,
        requested_by=repatriation.requested_by,
        approver=approver,
        paid_by=repatriation.paid_by,
        **_codes(repatriation, ledger, tx.clock.today()),
    )
    return await _save(tx, approved, event)


async def refuse_repatriation(tx: Tx, repatriation_id: RepatriationId, command: commands.RefuseRepatriation) -> views.Repatriation:
    """Also after an approval that is not carried out: then another may be asked for. Raises those of _load."""
    repatriation, ledger = await _load(tx, repatriation_id, command.version)
    approver = str(tx.principal)
    refused = replace(
        repatriation,
        state=state_after(repatriation.state, RepatriationStep.REFUSE),
        criteria_version=command.criteria_version,
        approver=repatriation.approver or approver,
        refusal=command.cause,
    )
    event = events.RepatriationRefused(
        cause=command.cause,
        criteria_version=command.criteria_version,
        approver=approver,
        **_codes(repatriation, ledger, tx.clock.today()),
    )
    return await _save(tx, refused, event)


async def record_repatriation(tx: Tx, repatriation_id: RepatriationId, command: commands.RecordRepatriation) -> views.Repatriation:
    """The worker is home. The return may be on record before or after.

    Raises RepatriatedAlready, those of require_completion and of _load.
    """
    repatriation, ledger = await _load(tx, repatriation_id, command.version)
    state = state_after(repatriation.state, RepatriationStep.COMPLETE)
    require_only(await repatriations.list_of(tx, repatriation.placement), repatriation_id)
    require_completion(ledger, command.completed_on, tx.clock.today())
    require_legal_tender(command.cost.currency, period_of(command.completed_on), "cost.currency")
    completed = replace(repatriation, state=state, completed_on=command.completed_on, cost=command.cost, paid_by=command.paid_by)
    event = events.RepatriationCompleted(
        criteria_version=repatriation.criteria_version or "",
        cost=command.cost,
        paid_by=command.paid_by,
        **_codes(repatriation, ledger, command.completed_on),
    )
    return await _save(tx, completed, event)


async def _load(tx: Tx, repatriation_id: RepatriationId, version: int | None) -> tuple[Repatriation, Ledger]:
    """Locked after its ledger, in scope. Raises RepatriationNotFound, Forbidden, VersionConflict."""
    seen = await repatriations.get(tx, repatriation_id)
    if seen is None:
        raise RepatriationNotFound
    ledger = (await ledgers.lock(tx, [seen.placement]))[seen.placement]
    require_ledger(tx.principal, ledger)
    repatriation = await repatriations.lock(tx, repatriation_id) or seen
    require_version(version, repatriation.version)
    return repatriation, ledger


async def _save(tx: Tx, repatriation: Repatriation, event: Event) -> views.Repatriation:
    await repatriations.update(tx, repatriation)
    publish_and_audit(tx, event)
    return views.Repatriation.from_repatriation(replace(repatriation, version=repatriation.version + 1))


class _RepatriationCodes(Codes):
    repatriation: RepatriationId
    emergency: EmergencyId | None


def _codes(repatriation: Repatriation, ledger: Ledger, effective: date) -> _RepatriationCodes:
    return _RepatriationCodes(repatriation=repatriation.repatriation, emergency=repatriation.emergency, **codes(ledger, effective))


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_repatriation(tx: Tx, repatriation: RepatriationId) -> views.Repatriation:
    """Raises RepatriationNotFound, Forbidden."""
    return views.Repatriation.from_repatriation(await _get(tx, repatriation))


async def list_repatriations(tx: Tx, page: Page, state: RepatriationState | None) -> views.Repatriations:
    """Of workers of the caller's counties, or of the enterprise."""
    who = tx.principal
    items, following = await repatriations.list_(tx, page, state=state, enterprise=enterprise_of(who), counties=prefixes_of(who))
    return views.Repatriations(items=tuple(map(views.Repatriation.from_repatriation, items)), next=following)


async def repatriation_history(tx: Tx, repatriation: RepatriationId, after: int, limit: int) -> History:
    """Raises RepatriationNotFound, Forbidden."""
    await _get(tx, repatriation)
    return await changes_of(tx, repatriation, after, limit)


async def _get(tx: Tx, repatriation: RepatriationId) -> Repatriation:
    """In scope. Raises RepatriationNotFound, Forbidden."""
    found = await repatriations.get(tx, repatriation)
    if found is None:
        raise RepatriationNotFound
    ledger = await ledgers.get(tx, found.placement)
    if ledger is not None:
        require_ledger(tx.principal, ledger)
    return found
