"""What was registered was wrong: put right at once, or, where it is the identity, once a second person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from services.registration.commands import ApproveCorrection, CorrectWorker, RejectCorrection
from services.registration.domain import identity
from services.registration.domain.accesses import AccessKind
from services.registration.domain.corrections import CODES, IDENTITY, Correction, CorrectionState, FieldChange, Step, decide
from services.registration.domain.errors import CorrectionNotFound, CorrectionPending, NothingToCorrect
from services.registration.domain.workers import Assurance, Worker, require_age
from services.registration.personal_data.name_romanisation import normalise_name, romanise_name
from services.registration.personal_data.vault import IdentityChange, PersonalData
from services.registration.queries import corrections, earlier_codes, personal_data_accesses, verified_documents
from services.registration.queries import workers as worker_rows
from services.registration.settings import policy, vault
from services.registration.usecases import event_fields, suspicions
from services.registration.usecases.new_workers import require_occupations, sealed_record
from services.registration.usecases.workers import claim_document, get, lock, open_personal
from services.registration.views import corrections as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import note, publish_and_audit
from shared.paging import Page
from shared.principals import require_county
from shared.values import CorrectionId, CountyCode, WorkerId, new_id


# --- commands ---------------------------------------------------------------------------------------------------------
async def correct_worker(tx: Tx, worker_id: WorkerId, command: CorrectWorker) -> views.Corrections:
    """Fields of the identity wait for a second person, all others change at once.

    Raises NothingToCorrect, CorrectionPending, OccupationNotFound, what `_identified` and `lock` raise, Forbidden (also for the county
    corrected to).
    """
    worker = await lock(tx, worker_id, command.version)
    if command.county is not None:
        require_county(tx.principal, command.county)
    require_occupations(command.occupations or ())
    personal = await open_personal(tx, worker)
    change = _identity_change(worker, personal, command)
    codes, phone = _given_codes(worker, command), command.phone not in (None, personal.phone)
    asked = IdentityChange() != change
    if not (asked or codes or phone):
        raise NothingToCorrect
    made: list[tuple[Correction, Sequence[FieldChange]]] = []
    if codes or phone:
        corrected = replace(worker, **codes)
        corrected_personal = replace(personal, phone=command.phone or personal.phone)
        one = _correction(tx, worker, command, CorrectionState.APPLIED)
        changes = [*_code_changes(worker, corrected), *([FieldChange(field="phone")] if phone else [])]
        await corrections.insert(tx, one, changes)
        await _apply(tx, one, (worker, corrected), corrected_personal, changes)
        worker, personal = corrected, corrected_personal
        made.append((one, changes))
    if asked:
        made.append(await _ask(tx, worker, personal, command, change))
    return views.Corrections.from_corrections(made, None)


async def _ask(
    tx: Tx, worker: Worker, personal: PersonalData, command: CorrectWorker, change: IdentityChange
) -> tuple[Correction, Sequence[FieldChange]]:
    _identified(worker, personal, change)
    one = _correction(tx, worker, command, CorrectionState.PENDING)
    changes = [FieldChange(field=name) for name in IDENTITY if getattr(change, name) is not None]
    if not await corrections.insert(tx, one, changes):
        raise CorrectionPending
    await corrections.insert_sealed(tx, one, await vault().seal_change(worker.worker, change))
    await note(tx, worker.worker, "CorrectionRequested", command.reason)
    return one, changes


def _correction(tx: Tx, worker: Worker, command: CorrectWorker, state: CorrectionState) -> Correction:
    return Correction(
        correction=CorrectionId(new_id()),
        worker=worker.worker,
        worker_no=worker.worker_no,
        state=state,
        reason=command.reason,
        requested_by=str(tx.principal),
        requested_at=tx.clock.now(),
        decided_by=None,
        decided_at=None,
        rejected_for=None,
    )


async def approve_correction(tx: Tx, correction: CorrectionId, _: ApproveCorrection) -> views.Correction:
    """The second person has seen the document. Raises CorrectionNotFound, CorrectionDecided, SecondApproverNeeded, Forbidden, and what
    `_identified` raises where the worker has changed since.
    """
    one, worker = await _load(tx, correction)
    one = _decided(tx, one, Step.APPROVE)
    personal, sealed = await open_personal(tx, worker), await corrections.get_sealed(tx, correction)
    if sealed is None:
        raise CorrectionNotFound
    corrected, corrected_personal = _identified(worker, personal, await vault().open_change(worker.worker, sealed))
    changes = (await corrections.list_changes(tx, [correction]))[correction]
    await corrections.update_decided(tx, one)
    await _apply(tx, one, (worker, corrected), corrected_personal, changes)
    return views.Correction.from_correction(one, changes)


async def reject_correction(tx: Tx, correction: CorrectionId, command: RejectCorrection) -> views.Correction:
    """Nothing changes. Raises CorrectionNotFound, CorrectionDecided, SecondApproverNeeded, Forbidden."""
    one, worker = await _load(tx, correction)
    one = replace(_decided(tx, one, Step.REJECT), rejected_for=command.reason)
    await corrections.update_decided(tx, one)
    await note(tx, worker.worker, "CorrectionRejected", command.reason)
    return views.Correction.from_correction(one, (await corrections.list_changes(tx, [correction]))[correction])


async def disclose_correction(tx: Tx, correction: CorrectionId) -> views.IdentityAsked:
    """What is asked for, in clear, to whoever may have to decide; the look is recorded.

    Raises CorrectionNotFound (also when it is decided: what was asked for is kept no longer), Forbidden.
    """
    one = await _get(tx, correction)
    worker = await get(tx, one.worker)
    sealed = await corrections.get_sealed(tx, correction)
    if sealed is None:
        raise CorrectionNotFound
    await personal_data_accesses.insert_all(tx, [worker.worker], AccessKind.CORRECTION_SHOWN, "decide_correction")
    return views.IdentityAsked.from_change(one, await vault().open_change(worker.worker, sealed))


async def _load(tx: Tx, correction: CorrectionId) -> tuple[Correction, Worker]:
    """Worker first, then correction: in the order in which everybody locks them."""
    worker = await lock(tx, (await _get(tx, correction)).worker, None)
    one = await corrections.lock(tx, correction)
    if one is None:
        raise CorrectionNotFound
    return one, worker


async def _get(tx: Tx, correction: CorrectionId) -> Correction:
    one = await corrections.get(tx, correction)
    if one is None:
        raise CorrectionNotFound
    return one


def _decided(tx: Tx, one: Correction, step: Step) -> Correction:
    state = decide(one, step, str(tx.principal))
    return replace(one, state=state, decided_by=str(tx.principal), decided_at=tx.clock.now())


async def _apply(tx: Tx, one: Correction, workers: tuple[Worker, Worker], personal: PersonalData, changes: Sequence[FieldChange]) -> None:
    """Write and publish. `workers`: before and after. Raises DocumentVerifiedElsewhere."""
    before, after = workers
    today, counted = tx.clock.today(), await worker_rows.get_counted_days(tx, before)
    earlier = await earlier_codes.list_counties(tx, before.worker)
    if counted.willing_from and before.residence_since:
        counted = replace(counted, willing_from=max(counted.willing_from, before.residence_since))
    if after.assurance is Assurance.VERIFIED and personal.id_number and any(change.field == "id_number" for change in changes):
        if held := (await open_personal(tx, before)).id_number:
            await verified_documents.delete(tx, after.worker, vault().id_hashes(held))
        await claim_document(tx, after.worker, personal.id_number)
    await worker_rows.update(tx, after)
    publish_and_audit(
        tx,
        events.WorkerCorrected(
            worker=before.worker,
            fields=tuple(change.field for change in changes),
            reason=one.reason,
            previous=event_fields.worker_fact(before, counted, earlier, today),
            fact=event_fields.worker_fact(after, counted, earlier, today),
            requested_by=one.requested_by,
            approver=one.decided_by,
            effective=today,
        ),
    )
    await suspicions.rewrite(tx, await sealed_record(after, personal))


# --- what changes -----------------------------------------------------------------------------------------------------
def _given_codes(worker: Worker, command: CorrectWorker) -> dict[str, Any]:
    """The codes given that differ, by field."""
    given = {name: getattr(command, name) for name in CODES}
    return {name: value for name, value in given.items() if value is not None and value != getattr(worker, name)}


def _code_changes(before: Worker, after: Worker) -> list[FieldChange]:
    return [
        FieldChange(field=name, previous=_text(getattr(before, name)), fact=_text(getattr(after, name)))
        for name in CODES
        if getattr(before, name) != getattr(after, name)
    ]


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _identity_change(worker: Worker, personal: PersonalData, command: CorrectWorker) -> IdentityChange:
    """What is given and differs; a new name without its Latin spelling gets that of a passport. Raises IdNumberForm, IdNumberCheck."""
    name = normalise_name(command.name) if command.name else None
    pinyin = command.name_pinyin.upper() if command.name_pinyin else romanise_name(name).upper() if name else None
    given = IdentityChange(
        name=name,
        name_pinyin=pinyin,
        id_number=identity.parse_id_number(command.id_number).text if command.id_number else None,
        birth_date=command.birth_date,
        sex=command.sex,
    )
    held: dict[str, Any] = {one.name: getattr(worker if one.name == "sex" else personal, one.name) for one in fields(given)}
    return replace(given, **{one: None for one, value in held.items() if getattr(given, one) == value})


def _identified(worker: Worker, personal: PersonalData, change: IdentityChange) -> tuple[Worker, PersonalData]:
    """Worker and personal data with the change. Raises BirthDateDiffers, SexDiffers, AgeOutOfRange."""
    given = {one.name: value for one in fields(change) if (value := getattr(change, one.name)) is not None}
    sex = given.pop("sex", worker.sex)
    personal = replace(personal, **given)
    if personal.id_number is not None:
        identity.require_same_person(identity.parse_id_number(personal.id_number), personal.birth_date, sex)
    rules = policy()
    minimum, maximum = rules.registration_minimum_age, rules.registration_maximum_age
    require_age(personal.birth_date, worker.registered_on, minimum=minimum, maximum=maximum)
    return replace(worker, sex=sex, birth_year=personal.birth_date.year), personal


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_corrections(tx: Tx, page: Page, worker_id: WorkerId) -> views.Corrections:
    """Which fields of a worker were corrected, by whom and when. Raises WorkerNotFound, Forbidden."""
    worker = await get(tx, worker_id)
    return await _show(tx, *await corrections.list_of_worker(tx, page, worker.worker))


async def list_pending(tx: Tx, page: Page, county: CountyCode | None) -> views.Corrections:
    """What waits for a second person in the principal's regions."""
    return await _show(tx, *await corrections.list_pending(tx, page, county))


async def _show(tx: Tx, items: Sequence[Correction], following: str | None) -> views.Corrections:
    changes = await corrections.list_changes(tx, [one.correction for one in items])
    return views.Corrections.from_corrections([(one, changes[one.correction]) for one in items], following)
