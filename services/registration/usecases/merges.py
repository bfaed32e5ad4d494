"""Two registrations become one: the absorbed number leads to the survivor, who takes over what the absorbed one had.

identity, county, occupations, registration day   the survivor's stay
number and phone                                  taken over where the survivor has none (the number where it fits the person)
documents that verified, stays abroad, pairs,
numbers of earlier systems                        the survivor's from now on
household status                                  the one that is known; of two known ones the survivor's
suspension                                        of either is one of the survivor
willingness                                       the one stated last of those in force, in force as long as it was; counted once;
                                                  none from before a departure under either number
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.registration.commands import ConfirmMerge
from services.registration.domain import identity
from services.registration.domain.duplicates import (
    Duplicate,
    confirm,
    duplicate_after,
    later_offer,
    require_apart,
    survivor_first,
    used_up,
    with_household,
)
from services.registration.domain.duplicates import Step as DuplicateStep
from services.registration.domain.errors import CorrectionPending
from services.registration.domain.stays import Stay
from services.registration.domain.validity import Step, Validity, validity_after
from services.registration.domain.willingness import Step as WillingnessStep
from services.registration.domain.willingness import next_state
from services.registration.domain.workers import Worker, provisional_expired
from services.registration.personal_data.vault import PersonalData
from services.registration.queries import (
    corrections,
    duplicates,
    earlier_codes,
    old_numbers,
    open_placements,
    personal_data,
    stays,
    verified_documents,
    workers,
)
from services.registration.settings import vault
from services.registration.usecases import event_fields
from services.registration.usecases.duplicates import lock, require_current, show_duplicate
from services.registration.usecases.new_workers import sealed_record
from services.registration.usecases.validity import unwilling
from services.registration.usecases.willingness import lapsed
from services.registration.views import duplicates as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.errors import Refused
from shared.events import Event, EventEnvelope
from shared.values import DuplicateId, WorkerId

Opened = dict[WorkerId, PersonalData]


async def confirm_merge(tx: Tx, duplicate: DuplicateId, command: ConfirmMerge) -> views.Duplicate:
    """One person from now on, in every service.

    Raises DuplicateNotFound, DuplicateDecided, DuplicateChanged, SecondApproverNeeded, SurvivorNotInPair, SurvivorNotVerified, BothAbroad,
    StaysOverlap, CorrectionPending, WorkerErased, Forbidden.
    """
    await duplicates.lock_merges(tx)
    found, sides = await lock(tx, duplicate)
    duplicate_after(found.state, DuplicateStep.CONFIRM)
    require_current(sides)
    ids = [side.worker for side in sides]
    opened = await vault().open_all(await personal_data.get_sealed(tx, ids))
    state = confirm(found, str(tx.principal), same_identity=_same_identity(opened, sides))
    survivor, absorbed = survivor_first(sides, command.survivor)
    been_abroad = await stays.list_(tx, ids)
    require_apart(been_abroad)
    if await corrections.exists_pending(tx, ids):
        raise CorrectionPending
    merged = replace(found, state=state, survivor=survivor.worker, decided_by=str(tx.principal), decided_at=tx.clock.now())
    await duplicates.update(tx, merged)
    await _merge(tx, merged, (survivor, absorbed), been_abroad)
    await _take_over_personal(tx, opened, survivor, absorbed)
    return await show_duplicate(tx, duplicate)


def _same_identity(opened: Opened, sides: tuple[Worker, Worker]) -> bool:
    """Whether one document says it of both; without its number nothing is proven."""
    one, other = (opened[side.worker] for side in sides)
    if one.id_number is None or sides[0].sex is not sides[1].sex:
        return False
    return (one.name, one.birth_date, one.id_number) == (other.name, other.birth_date, other.id_number)


async def merge_held(tx: Tx, event: EventEnvelope[events.MergeHeld]) -> None:
    """Back in the queue: somebody has to put the stays right."""
    await duplicates.update_held(tx, event.data.absorbed, event.data.reason)


async def merge_resumed(tx: Tx, event: EventEnvelope[events.MergeResumed]) -> None:
    """Nothing is left to do."""
    await duplicates.update_held(tx, event.data.absorbed, None)


async def _merge(tx: Tx, merged: Duplicate, sides: tuple[Worker, Worker], been_abroad: Sequence[Stay]) -> None:
    """Write what the codes and states of the two become, and publish it. `sides`: survivor, absorbed."""
    today = tx.clock.today()
    survivor, ended = lapsed(sides[0], today)
    absorbed, also_ended = lapsed(sides[1], today)
    if used_up(survivor, been_abroad):
        ended.append(event_fields.willingness_withdrawn(survivor, today, "dispatched"))
        survivor = unwilling(survivor, today)
    offering = replace(absorbed, offer=None) if used_up(absorbed, been_abroad) else absorbed
    after, taken = _taken_over(tx, survivor, offering)
    gone = replace(
        unwilling(absorbed, today),
        validity=validity_after(absorbed.validity, Step.MERGE),
        validity_since=today,
        suspended_for=None,
        merged_into=survivor.worker,
    )
    if after.household_status is not survivor.household_status:
        await earlier_codes.insert(tx, after.worker, "household_status", until=today, value=survivor.household_status)
    await personal_data.lock_all_keys(tx)
    await workers.update(tx, gone)
    await workers.update_redirects(tx, absorbed.worker, survivor.worker)
    await workers.update(tx, after)
    await open_placements.update_worker(tx, absorbed.worker, survivor.worker)
    await old_numbers.update_worker(tx, absorbed.worker, survivor.worker)
    await stays.update_worker(tx, absorbed.worker, survivor.worker)
    await duplicates.update_worker(tx, absorbed.worker, survivor.worker)
    publish_and_audit(tx, *ended, *also_ended, event_fields.merged(merged, survivor, absorbed, str(tx.principal), today), *taken)


def _taken_over(tx: Tx, survivor: Worker, absorbed: Worker) -> tuple[Worker, list[Event]]:
    """The survivor with what the absorbed one had, and the events of it."""
    today = tx.clock.today()
    after, changes = survivor, list[Event]()
    if absorbed.validity is Validity.SUSPENDED and survivor.validity is Validity.ACTIVE and absorbed.suspended_for is not None:
        suspended = validity_after(survivor.validity, Step.SUSPEND)
        after = replace(unwilling(after, today), validity=suspended, validity_since=today, suspended_for=absorbed.suspended_for)
        changes.append(event_fields.suspended(survivor, today, absorbed.suspended_for, ends_willingness=survivor.is_willing))
    offering = later_offer(after, absorbed)
    if offering is absorbed and offering.offer and after.validity is Validity.ACTIVE and not provisional_expired(after, today):
        state = next_state(after.willingness, WillingnessStep.RECORD)
        changes.append(event_fields.willingness_recorded(after, offering.offer, today, renewal=after.is_willing))
        after = replace(after, willingness=state, willingness_since=today, offer=offering.offer)
    household = with_household(after, absorbed)
    if household is not after and (after.household_since is None or after.household_since < today):
        household = replace(household, household_since=today)
        changes.append(event_fields.household_status_changed(after, household, today))
        after = household
    return after, changes


async def _take_over_personal(tx: Tx, opened: Opened, survivor: Worker, absorbed: Worker) -> None:
    """What verified one verifies the other, and what is missing is filled in. The absorbed one's data stay sealed with its number."""
    mine, theirs = opened[survivor.worker], opened[absorbed.worker]
    await verified_documents.update_holder(tx, absorbed.worker, survivor.worker)
    number = mine.id_number or (theirs.id_number if _fits(theirs.id_number, mine, survivor) else None)
    filled = replace(mine, id_number=number, phone=mine.phone or theirs.phone)
    if filled != mine:
        await personal_data.update(tx, await sealed_record(survivor, filled))


def _fits(number: str | None, person: PersonalData, worker: Worker) -> bool:
    """Whether a document number is right for the birth date and the sex."""
    if number is None:
        return False
    try:
        identity.require_same_person(identity.parse_id_number(number), person.birth_date, worker.sex)
    except Refused:
        return False
    return True
