"""Docking fairs, and the intentions recorded at them: each corrected and voided with what it was."""

from __future__ import annotations

from dataclasses import replace

from services.docking.commands import fairs as commands
from services.docking.domain import errors
from services.docking.domain.fairs import Fair, Intention, IntentionStep, intention_after, require_at_fair, require_fair, require_held
from services.docking.queries import enterprises, fairs, intention_matches
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import fair_fact, intention_event, intention_fact
from services.docking.usecases.intention_matches import count_matches, release
from services.docking.views import fairs as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.principals import Role, require_county, require_party
from shared.values import CountyCode, EnterpriseId, FairId, IntentionId, new_id


async def hold_docking_fair(tx: Tx, command: commands.HoldDockingFair) -> views.Fair:
    """Raises FutureDay, PlaceMissing, EnterpriseNotFound, Forbidden."""
    scope.require_seat(tx.principal, command.county)
    fair = Fair(
        id=FairId(new_id()),
        name=command.name,
        county=command.county,
        place=command.place,
        held_on=command.held_on,
        counties=command.counties,
        enterprises=command.enterprises,
    )
    require_fair(fair, tx.clock.today())
    await _require_known(tx, fair.enterprises)
    await fairs.insert(tx, fair)
    held = events.DockingFairHeld(
        fair=fair.id, effective=fair.held_on, county=fair.county, counties=fair.counties, enterprises=fair.enterprises
    )
    publish_and_audit(tx, held)
    return views.fair(fair)


async def _require_known(tx: Tx, taking_part: tuple[EnterpriseId, ...]) -> None:
    """Raises EnterpriseNotFound."""
    known = await enterprises.get_all(tx, list(taking_part))
    for number, enterprise in enumerate(taking_part):
        if enterprise not in known:
            raise errors.EnterpriseNotFound(field=f"enterprises.{number}")


async def correct_docking_fair(tx: Tx, fair: FairId, command: commands.CorrectDockingFair) -> views.Fair:
    """What is given replaces what was; nobody of whom an intention is recorded is left out.

    Raises NothingToCorrect, IntentionsRecorded, FutureDay, EnterpriseNotFound, and those of _lock_fair.
    """
    found, recorded = await _lock_fair(tx, fair, command.version)
    corrected = replace(found, **command.model_dump(exclude_none=True, exclude={"reason", "version"}))
    if corrected == found:
        raise errors.NothingToCorrect
    scope.require_seat(tx.principal, corrected.county)
    require_fair(corrected, tx.clock.today())
    await _require_known(tx, corrected.enterprises)
    for one in recorded:
        if one.county not in corrected.counties or one.enterprise not in corrected.enterprises:
            raise errors.IntentionsRecorded(field="counties", state={"intention": str(one.id)})
    await fairs.update(tx, corrected)
    event = events.DockingFairCorrected(
        fair=fair, effective=corrected.held_on, previous=fair_fact(found), fact=fair_fact(corrected), reason=command.reason
    )
    publish_and_audit(tx, event)
    if corrected.held_on != found.held_on:
        for one in recorded:
            await _move(tx, one, replace(one, held_on=corrected.held_on))
        await count_matches(tx, {one.enterprise for one in recorded})
    return views.fair(replace(corrected, version=corrected.version + 1))


async def _move(tx: Tx, before: Intention, now: Intention) -> None:
    """The intention of a fair on another day: what is no longer within its days is released."""
    await fairs.update_intention(tx, now)
    fields = {"previous": intention_fact(before), "matched": before.matched, "reason": "fair_corrected", "effective": now.held_on}
    publish_and_audit(tx, intention_event(tx, events.IntentionCorrected, now, **fields))
    outside = await intention_matches.delete_outside(tx, now.id, now.held_on, policy().docking_intention_days)
    publish_and_audit(tx, *(release(tx, now, placement) for placement in outside))


async def void_docking_fair(tx: Tx, fair: FairId, command: commands.VoidDockingFair) -> views.Fair:
    """Raises IntentionsRecorded, and those of _lock_fair."""
    found, recorded = await _lock_fair(tx, fair, command.version)
    if recorded:
        raise errors.IntentionsRecorded(state={"intention": str(recorded[0].id)})
    voided = replace(found, voided=command.reason)
    await fairs.update(tx, voided)
    event = events.DockingFairVoided(fair=fair, effective=found.held_on, previous=fair_fact(found), reason=command.reason)
    publish_and_audit(tx, event)
    return views.fair(replace(voided, version=voided.version + 1))


async def _lock_fair(tx: Tx, fair: FairId, version: int | None) -> tuple[Fair, list[Intention]]:
    """Locked with all its enterprises and intentions, in scope, at the version named.

    Raises FairNotFound, FairVoided, Forbidden, VersionConflict.
    """
    found = await fairs.lock(tx, fair)
    if found is None:
        raise errors.FairNotFound
    scope.require_seat(tx.principal, found.county)
    require_version(version, found.version)
    require_held(found)
    await intention_matches.lock_enterprises(tx, found.enterprises)
    return found, await fairs.lock_recorded(tx, fair)


async def record_intention(tx: Tx, fair: FairId, command: commands.RecordIntention) -> views.Intention:
    """Matches made since the fair count at once. Raises FairNotFound, FairVoided, NotAtFair, and those of _require_allowed."""
    found = await fairs.lock_shared(tx, fair)
    if found is None:
        raise errors.FairNotFound
    require_held(found)
    intention = Intention(
        id=IntentionId(new_id()),
        fair=fair,
        held_on=found.held_on,
        county=command.county,
        enterprise=command.enterprise,
        destination=command.destination,
        occupation=command.occupation,
        headcount=command.headcount,
    )
    require_at_fair(intention, found)
    await intention_matches.lock_enterprises(tx, [intention.enterprise])
    await _require_allowed(tx, intention)
    await fairs.insert_intention(tx, intention)
    publish_and_audit(tx, intention_event(tx, events.IntentionRecorded, intention, effective=intention.held_on))
    await count_matches(tx, [intention.enterprise])
    return views.intention(await _get(tx, intention.id))


async def _require_allowed(tx: Tx, intention: Intention) -> None:
    """Raises Forbidden, DestinationNotFound, OccupationNotFound, IntentionTaken."""
    require_county(tx.principal, intention.county)
    if intention.destination is not None:
        reference.require_destination(intention.destination)
    if intention.occupation is not None:
        reference.require_occupation(intention.occupation)
    recorded = await fairs.get_recorded(tx, intention)
    if recorded is not None:
        raise errors.IntentionTaken(field="headcount", state={"intention": str(recorded)})


async def correct_intention(tx: Tx, intention: IntentionId, command: commands.CorrectIntention) -> views.Intention:
    """What is given replaces what was; matches that it no longer covers are released, and others may count.

    Raises NothingToCorrect, NotAtFair, IntentionVoided, and those of _require_allowed and _lock.
    """
    found, fair = await _lock(tx, intention, command.version)
    state = intention_after(found.state, IntentionStep.CORRECT)
    given = command.model_dump(exclude_none=True, exclude={"reason", "version"})
    corrected = replace(found, **given, state=state)
    if corrected == found:
        raise errors.NothingToCorrect
    require_at_fair(corrected, fair)
    await _require_allowed(tx, corrected)
    if (corrected.county, corrected.enterprise) != (found.county, found.enterprise):
        found = await _release(tx, found, headcount=0)
        corrected = replace(corrected, matched=0)
    await fairs.update_intention(tx, corrected)
    fields = {"previous": intention_fact(found), "matched": found.matched, "reason": command.reason, "effective": found.held_on}
    publish_and_audit(tx, intention_event(tx, events.IntentionCorrected, corrected, **fields))
    await _release(tx, corrected, headcount=corrected.headcount)
    await count_matches(tx, {found.enterprise, corrected.enterprise})
    return views.intention(await _get(tx, intention))


async def void_intention(tx: Tx, intention: IntentionId, command: commands.VoidIntention) -> views.Intention:
    """There was no such intention: its matches may count against another. Raises IntentionVoided, and those of _lock."""
    found, _ = await _lock(tx, intention, command.version)
    state = intention_after(found.state, IntentionStep.VOID)
    found = await _release(tx, found, headcount=0)
    await fairs.update_intention(tx, replace(found, state=state))
    voided = events.IntentionVoided(
        intention=intention, fair=found.fair, effective=found.held_on, previous=intention_fact(found), reason=command.reason
    )
    publish_and_audit(tx, voided)
    await count_matches(tx, [found.enterprise])
    return views.intention(await _get(tx, intention))


async def _release(tx: Tx, intention: Intention, *, headcount: int) -> Intention:
    """Nothing is counted beyond the headcount. Returns the intention as it is then."""
    released = await intention_matches.delete_surplus(tx, intention.id, headcount)
    publish_and_audit(tx, *(release(tx, intention, placement) for placement in released))
    return replace(intention, matched=intention.matched - len(released))


async def _lock(tx: Tx, intention: IntentionId, version: int | None) -> tuple[Intention, Fair]:
    """Locked with all enterprises of its fair, in scope, at the version named. Raises IntentionNotFound, Forbidden, VersionConflict."""
    fair = await fairs.lock_shared(tx, (await _get(tx, intention)).fair)
    if fair is None:
        raise errors.IntentionNotFound
    await intention_matches.lock_enterprises(tx, fair.enterprises)
    found = await fairs.lock_intention(tx, intention)
    if found is None:
        raise errors.IntentionNotFound
    require_county(tx.principal, found.county)
    require_version(version, found.version)
    return found, fair


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_fair(tx: Tx, fair: FairId) -> views.Fair:
    """Raises FairNotFound."""
    found = await fairs.get(tx, fair)
    if found is None:
        raise errors.FairNotFound
    return views.fair(found)


async def list_fairs(tx: Tx, page: Page, county: CountyCode | None, enterprise: EnterpriseId | None) -> views.Fairs:
    """Those that the county, or the enterprise, took part in."""
    return views.fairs(*await fairs.list_(tx, page, county, enterprise))


async def fair_history(tx: Tx, fair: FairId, after: int, limit: int) -> History:
    """Raises FairNotFound."""
    held = await show_fair(tx, fair)
    return await changes_of(tx, fair, after, limit, is_covered=scope.is_covered(tx.principal, held.county))


async def show_intention(tx: Tx, intention: IntentionId) -> views.Intention:
    """Raises IntentionNotFound, Forbidden."""
    return views.intention(await _get_readable(tx, intention))


async def list_intentions(
    tx: Tx, page: Page, *, fair: FairId | None, county: CountyCode | None, enterprise: EnterpriseId | None
) -> views.Intentions:
    """With what became of each. As with orders, an enterprise reads its own demand, and whoever mediates reads all. Raises Forbidden."""
    if enterprise is None and tx.principal.role is Role.ENTERPRISE:
        enterprise = scope.own_enterprise(tx.principal)
    if enterprise is not None:
        require_party(tx.principal, enterprise)
    return views.intentions(*await fairs.list_intentions(tx, page, fair=fair, county=county, enterprise=enterprise))


async def intention_history(tx: Tx, intention: IntentionId, after: int, limit: int) -> History:
    """Raises IntentionNotFound, Forbidden."""
    found = await _get_readable(tx, intention)
    return await changes_of(tx, intention, after, limit, is_covered=scope.is_covered(tx.principal, found.county))


async def _get_readable(tx: Tx, intention: IntentionId) -> Intention:
    found = await _get(tx, intention)
    require_party(tx.principal, found.enterprise)
    return found


async def _get(tx: Tx, intention: IntentionId) -> Intention:
    found = await fairs.get_intention(tx, intention)
    if found is None:
        raise errors.IntentionNotFound
    return found
