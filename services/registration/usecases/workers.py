"""Registering, verifying and finding a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.registration.commands import RegisterWorker, VerifyWorker
from services.registration.domain import identity
from services.registration.domain.errors import DocumentVerifiedElsewhere, IdNumberDiffers, IdNumberMissing, WorkerErased, WorkerNotFound
from services.registration.domain.validity import Step, Validity, validity_after
from services.registration.domain.workers import Worker, WorkerFilter, county_on, effective_day, verify
from services.registration.personal_data.vault import PersonalData
from services.registration.queries import duplicates as duplicate_rows
from services.registration.queries import earlier_codes, old_numbers, personal_data, stays, verified_documents, workers
from services.registration.settings import vault
from services.registration.usecases import event_fields, new_workers, suspicions
from services.registration.usecases.announcements import list_announced
from services.registration.views import workers as views
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.principals import Role, require_county
from shared.values import WorkerId


# --- commands ---------------------------------------------------------------------------------------------------------
async def register_worker(tx: Tx, command: RegisterWorker) -> views.Worker:
    """Enter a worker; never refused because somebody like that is known.

    Raises what `new_worker` raises, OldNumberTaken, Forbidden, KeysUnavailable.
    """
    require_county(tx.principal, command.county)
    announced = await list_announced(tx, [command.outreach.announcement] if command.outreach else [])
    new = new_workers.new_worker(command, new_workers.NOT_NUMBERED, tx.clock.today(), announced)
    [personal] = await new_workers.seal_records([new.personal])
    await new_workers.claim_old_number(tx, new)
    new, shares_key = await new_workers.enter(tx, new, personal)
    publish_and_audit(tx, event_fields.registered(new.worker))
    duplicates = await suspicions.suspect(tx, {new.worker.worker: personal.hashes}) if shares_key else 0
    return views.Worker.from_worker(new.worker, tx.clock.today(), duplicates=duplicates, notices=new.notices)


async def verify_worker(tx: Tx, worker_id: WorkerId, command: VerifyWorker) -> views.Worker:
    """The document has been seen; a registration that lapsed is in force again.

    Raises AlreadyVerified, NotInForce, DocumentVerifiedElsewhere, IdNumberMissing, IdNumberDiffers, InFuture, OutOfOrder, and what
    `parse_id_number` and `lock` raise.
    """
    worker = await lock(tx, worker_id, command.version)
    assurance, validity = verify(worker.assurance), validity_after(worker.validity, Step.VERIFY)
    day = effective_day(command.verified_on, tx.clock.today(), field="verified_on", not_before=worker.registered_on)
    personal = await open_personal(tx, worker)
    document = _document_seen(worker, personal, command.id_number)
    await claim_document(tx, worker.worker, document)
    if personal.id_number is None:
        await suspicions.rewrite(tx, await new_workers.sealed_record(worker, replace(personal, id_number=document)))
    since = max(day, worker.validity_since or day) if validity is not worker.validity else worker.validity_since
    worker = replace(worker, assurance=assurance, validity=validity, validity_since=since, verified_on=day, provisional_until=None)
    await workers.update(tx, worker)
    publish_and_audit(tx, event_fields.verified(worker, county_on(worker, await earlier_codes.list_counties(tx, worker.worker), day), day))
    return await changed(tx, worker)


def _document_seen(worker: Worker, personal: PersonalData, id_number: str | None) -> str:
    """The number of the document seen: the registered one, or the first. Raises what verify_worker names."""
    if id_number is None:
        if personal.id_number is None:
            raise IdNumberMissing(field="id_number")
        return personal.id_number
    document = identity.parse_id_number(id_number)
    if personal.id_number is not None:
        if personal.id_number != document.text:
            raise IdNumberDiffers(field="id_number")
        return document.text
    identity.require_same_person(document, personal.birth_date, worker.sex)
    return document.text


async def claim_document(tx: Tx, worker: WorkerId, id_number: str) -> None:
    """One document verifies one registration. Raises DocumentVerifiedElsewhere."""
    if await verified_documents.insert_all(tx, {worker: vault().id_hashes(id_number)}):
        raise DocumentVerifiedElsewhere(field="id_number")


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_worker(tx: Tx, worker_id: WorkerId) -> views.Worker:
    """An absorbed worker is answered as the survivor, and the answer says so. Raises WorkerNotFound, Forbidden."""
    return await _show(tx, await get(tx, worker_id), worker_id)


async def show_worker_by_number(tx: Tx, worker_no: str) -> views.Worker:
    """Raises WorkerNumberMistyped, WorkerNotFound, Forbidden."""
    number = identity.parse_worker_no(worker_no)
    return await _show(tx, _visible(tx, await workers.get_by_number(tx, number)), number)


async def list_worker_numbers(tx: Tx, ids: Sequence[WorkerId]) -> views.WorkerNumbers:
    """Of ids that the caller has from another service, which shows it no other worker's."""
    numbers = await workers.list_worker_numbers(tx, ids)
    return views.WorkerNumbers(items=tuple(views.WorkerNumber(worker=worker, worker_no=number) for worker, number in numbers.items()))


async def _show(tx: Tx, worker: Worker, asked: WorkerId | str) -> views.Worker:
    """`asked`: the id or the number by which it was asked for."""
    [view] = await show_all(tx, [worker])
    absorbed = (await workers.list_absorbed(tx, [worker.worker])).get(worker.worker, [])
    redirected = next((one.worker_no for one in absorbed if asked in (one.worker, one.worker_no)), None)
    return view.model_copy(update={"redirected_from": redirected})


async def list_workers(tx: Tx, page: Page, wanted: WorkerFilter, old_number: str | None) -> views.Workers:
    """Workers of the principal's regions, in the order of registration. `old_number`: in whichever earlier system.

    Raises WorkerNumberMistyped.
    """
    if wanted.worker_no is not None:
        number = identity.parse_worker_no(wanted.worker_no)
        named = await workers.get_by_number(tx, number)
        wanted = replace(wanted, worker_no=named.worker_no if named else number)
    if old_number is not None:
        wanted = replace(wanted, among=tuple(await old_numbers.list_workers(tx, old_number)))
    items, following = await workers.list_matching(tx, page, wanted)
    return views.Workers(items=await show_all(tx, items), next=following)


async def history(tx: Tx, worker_id: WorkerId, after: int, limit: int) -> History:
    """Of the worker and of every registration that was merged into it. Raises WorkerNotFound, Forbidden."""
    worker = await get(tx, worker_id)
    absorbed = (await workers.list_absorbed(tx, [worker.worker])).get(worker.worker, [])
    return await changes_of(tx, worker.worker, after, limit, absorbed=[one.worker for one in absorbed])


# --- for the other usecases -------------------------------------------------------------------------------------------
async def get(tx: Tx, worker_id: WorkerId) -> Worker:
    """The registration that is the person's now. Raises WorkerNotFound, Forbidden."""
    return _visible(tx, await workers.get(tx, worker_id))


async def lock(tx: Tx, worker_id: WorkerId, version: int | None) -> Worker:
    """The registration that is the person's now, to be changed by this transaction alone.

    Raises WorkerNotFound, Forbidden, WorkerErased, VersionConflict.
    """
    worker = _visible(tx, await workers.lock(tx, worker_id))
    require_not_erased(worker)
    require_version(version, worker.version)
    return worker


def _visible(tx: Tx, worker: Worker | None) -> Worker:
    if worker is None:
        raise WorkerNotFound
    require_county(tx.principal, worker.county)
    return worker


def require_not_erased(worker: Worker) -> None:
    """Raises WorkerErased."""
    if worker.validity is Validity.ERASED:
        raise WorkerErased(state={"erased_on": worker.validity_since})


async def open_personal(tx: Tx, worker: Worker) -> PersonalData:
    """In clear, to be compared and changed, or shown on record. Raises WorkerErased."""
    require_not_erased(worker)
    return await vault().open(worker.worker, (await personal_data.get_sealed(tx, [worker.worker]))[worker.worker])


async def show_all(tx: Tx, found: Sequence[Worker]) -> tuple[views.Worker, ...]:
    """As the principal may see them: personal data masked, and not at all for an auditor."""
    ids = [worker.worker for worker in found]
    duplicates = await duplicate_rows.get_open_counts(tx, ids)
    absorbed = await workers.list_absorbed(tx, ids)
    abroad = await stays.get_abroad(tx, ids)
    numbers = await old_numbers.list_(tx, ids)
    opened = {} if tx.principal.role is Role.AUDITOR else await vault().open_all(await personal_data.get_sealed(tx, ids))
    return tuple(
        views.Worker.from_worker(
            worker,
            tx.clock.today(),
            abroad_since=abroad.get(worker.worker),
            duplicates=duplicates.get(worker.worker, 0),
            absorbed=tuple(one.worker_no for one in absorbed.get(worker.worker, ())),
            personal=opened.get(worker.worker),
            old_numbers=tuple(numbers.get(worker.worker, ())),
        )
        for worker in found
    )


async def changed(tx: Tx, worker: Worker, *, written: bool = True) -> views.Worker:
    """The answer to a command: without personal data and old numbers, because answers are kept for repeats of the request.

    `written`: as a new version.
    """
    duplicates = await duplicate_rows.get_open_counts(tx, [worker.worker])
    absorbed = (await workers.list_absorbed(tx, [worker.worker])).get(worker.worker, [])
    abroad = await stays.get_abroad(tx, [worker.worker])
    return views.Worker.from_worker(
        replace(worker, version=worker.version + written),
        tx.clock.today(),
        abroad_since=abroad.get(worker.worker),
        duplicates=duplicates.get(worker.worker, 0),
        absorbed=tuple(one.worker_no for one in absorbed),
    )
