"""The roll-call of an emergency: who joins it, and what becomes known of whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.rights import commands
from services.rights.domain.emergencies import (
    ROLL_CALL_STEPS,
    Condition,
    Emergency,
    Member,
    RollCallStep,
    change,
    is_there,
    require_reportable,
)
from services.rights.domain.errors import EmergencyNotFound, NotInRollCall
from services.rights.domain.ledgers import Ledger
from services.rights.queries import emergencies, ledgers, roll_calls
from services.rights.usecases.event_fields import codes
from services.rights.usecases.scope import enterprise_of, prefixes_of, require_ledger
from services.rights.views import emergencies as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import because_of
from shared.events import Event, EventEnvelope
from shared.paging import Page
from shared.values import EmergencyId, EnterpriseId, PlacementId

BATCH = 500  # workers announced at once


async def announce(tx: Tx, emergency: EmergencyId | None = None) -> int:
    """Publish who is to be accounted for: one bounded batch. Returns how many."""
    members = await roll_calls.lock_unannounced(tx, emergency, BATCH)
    if members:
        held = await ledgers.list_(tx, [one.placement for one in members])
        await roll_calls.update_announced(tx, members)
        publish_and_audit(tx, *(_joined(tx, held[one.placement], one) for one in members))
    return len(members)


async def account_for_worker(tx: Tx, emergency_id: EmergencyId, placement: PlacementId, command: commands.AccountForWorker) -> views.Member:
    """What is known of a worker, also after the emergency has ended: somebody may be found late.

    Raises EmergencyNotFound, NotInRollCall, AtHome, Forbidden.
    """
    if await emergencies.get(tx, emergency_id) is None:
        raise EmergencyNotFound
    ledger = await ledgers.get(tx, placement)
    if ledger is None:
        raise NotInRollCall
    require_ledger(tx.principal, ledger)
    member = await roll_calls.lock(tx, emergency_id, placement)
    if member is None:
        raise NotInRollCall
    require_reportable(member)
    known = replace(
        member,
        condition=Condition(command.condition),
        whereabouts=command.whereabouts,
        reported_by=command.reported_by,
        accounted_on=tx.clock.today(),
    )
    if known != member:
        await _record(tx, ledger, member, known)
    return views.Member.from_member(known, ledger)


async def _record(tx: Tx, ledger: Ledger, before: Member, after: Member) -> None:
    """Write and publish what is known; that the worker is in the roll-call is published first."""
    await roll_calls.update(tx, after)
    joined = [] if before.announced else [_joined(tx, ledger, before)]
    publish_and_audit(tx, *joined, _accounted(tx, ledger, before, after))


def _joined(tx: Tx, ledger: Ledger, member: Member, *, again: bool = False) -> Event:
    return events.WorkerToAccountFor(emergency=member.emergency, again=again, **codes(ledger, tx.clock.today()))


def _accounted(tx: Tx, ledger: Ledger, before: Member, after: Member) -> Event:
    fields = {"condition": after.condition, "whereabouts": after.whereabouts, "reported_by": after.reported_by}
    about = {"emergency": after.emergency, "change": change(before.condition, after.condition)}
    return events.WorkerAccountedFor.model_validate({**fields, **about, **codes(ledger, tx.clock.today())})


# --- reactions to the dispatch ----------------------------------------------------------------------------------------
async def follow_stay(tx: Tx, before: Ledger, after: Ledger) -> None:
    """Whoever arrives in a country with an emergency joins its roll-call, whoever is home is accounted for by the return.

    The caller holds the ledger, and has written it.
    """
    await emergencies.lock_countries_shared(tx, [before.destination, after.destination])
    here = await emergencies.get_open(tx, after.destination)
    members = await roll_calls.lock_open_of(tx, after.placement)
    for member in members:
        there = here is not None and member.emergency == here.emergency and is_there(after, here.destination)
        await _follow(tx, after, member, there=there)
    if here is not None and is_there(after, here.destination) and here.emergency not in {one.emergency for one in members}:
        await _join(tx, after, here)


async def follow_stays(tx: Tx, stays: Sequence[tuple[EventEnvelope[Any], Ledger, Ledger]]) -> None:
    """The same for many, each because of its event, before and after it: nearly always there is no emergency."""
    countries = [ledger.destination for _, *both in stays for ledger in both]
    await emergencies.lock_countries_shared(tx, countries)
    open_in = await emergencies.list_open_in(tx, countries)
    members = await roll_calls.list_open_of(tx, [after.placement for _, _, after in stays])
    for event, before, after in stays:
        if after.destination in open_in or after.placement in members:
            because_of(tx, event)
            await follow_stay(tx, before, after)


async def _join(tx: Tx, ledger: Ledger, emergency: Emergency) -> None:
    await roll_calls.insert(tx, emergency, ledger.placement)
    publish_and_audit(tx, _joined(tx, ledger, Member(emergency=emergency.emergency, placement=ledger.placement)))


async def _follow(tx: Tx, ledger: Ledger, member: Member, *, there: bool) -> None:
    step = RollCallStep.REJOIN if there else RollCallStep.RETURN if ledger.abroad and ledger.returned_on else RollCallStep.CORRECT
    condition = ROLL_CALL_STEPS.get((member.condition, step))
    if condition is None or condition is member.condition:
        return
    if condition is Condition.PENDING:
        await roll_calls.update(tx, replace(member, condition=condition, whereabouts="unknown", reported_by=None, accounted_on=None))
        publish_and_audit(tx, _joined(tx, ledger, member, again=True))
        return
    home = replace(member, condition=condition, whereabouts="home", reported_by="rule", accounted_on=tx.clock.today())
    await _record(tx, ledger, member, home)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_members(
    tx: Tx, page: Page, emergency: EmergencyId, condition: Condition | None, enterprise: EnterpriseId | None
) -> views.Members:
    """Workers of the caller's counties, or of the enterprise. Raises EmergencyNotFound."""
    if await emergencies.get(tx, emergency) is None:
        raise EmergencyNotFound
    who = tx.principal
    own = enterprise_of(who)  # "" where an enterprise's token names none: then it sees nothing
    if own is None and enterprise is not None:
        own = str(enterprise)
    items, following = await roll_calls.list_(tx, page, emergency, condition=condition, enterprise=own, counties=prefixes_of(who))
    return views.Members(items=await _with_ledgers(tx, items), next=following)


async def _with_ledgers(tx: Tx, members: Sequence[Member]) -> tuple[views.Member, ...]:
    held = await ledgers.list_(tx, [one.placement for one in members])
    return tuple(views.Member.from_member(one, held[one.placement]) for one in members)
