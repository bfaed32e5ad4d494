"""Registering, verifying, finding a worker, and looking at who it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.registration import domain, names, queries, views
from services.registration.commands import DisclosePersonalData, LookUpWorker, RegisterWorker, VerifyWorker
from services.registration.domain import Assurance, Notice, Source, Willingness, Worker
from services.registration.queries import Entry, Filter
from services.registration.settings import Programme
from services.registration.vault import Personal
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, note, publish_and_audit
from shared.errors import VersionConflict
from shared.principals import Role, require_county
from shared.values import CountyCode, ImportId, WorkerId, new_id


# --- commands ---------------------------------------------------------------------------------------------------------
async def register_worker(tx: Tx, programme: Programme, command: RegisterWorker) -> views.Worker:
    """Enter a worker; never refused because somebody like that is known. Raises what `entry` raises."""
    require_county(tx.principal, command.county)
    [number] = await queries.take_numbers(tx, 1)
    new, notices = entry(programme, command, domain.worker_no(number), tx.clock.today())
    await queries.insert_workers(tx, [new])
    publish_and_audit(tx, registered(new.worker))
    others = await queries.duplicates(tx, [new.worker.worker])
    return views.Worker.of(new.worker, tx.clock.today(), duplicates=others.get(new.worker.worker, 0), notices=notices)


def entry(
    programme: Programme, command: RegisterWorker, worker_no: str, today: date, *, imported: tuple[ImportId, int] | None = None
) -> tuple[Entry, tuple[Notice, ...]]:
    """A new worker, ready to be written, and what is worth a look.

    Raises InFuture, AgeOutOfRange, IdNumberMissing, IdNumberForm, IdNumberCheck, BirthDateDiffers, SexDiffers, OccupationNotFound.
    """
    day = domain.effective_day(command.registered_on, today, field="registered_on")
    domain.require_age(programme.rules, command.birth_date, day)
    require_occupations(command.occupations)
    document = _document(command)
    worker = Worker(
        worker=WorkerId(new_id()),
        worker_no=worker_no,
        version=1,
        birth_year=command.birth_date.year,
        sex=command.sex,
        county=command.county,
        residence_basis=command.residence_basis,
        education=command.education,
        occupations=command.occupations,
        household_status=command.household_status,
        source=Source.IMPORT if imported else command.source,
        assurance=Assurance.VERIFIED if command.id_checked else Assurance.PROVISIONAL,
        registered_on=day,
        provisional_until=domain.provisional_until(programme.rules, day, checked=command.id_checked),
        verified_on=day if command.id_checked else None,
        willingness=Willingness.NONE,
        willingness_since=None,
        offer=None,
        import_row=imported[1] if imported else None,
    )
    name = names.written(command.name)
    personal = Personal(
        name=name,
        name_pinyin=(command.name_pinyin or names.pinyin(name)).upper(),
        birth_date=command.birth_date,
        id_number=document.text if document else None,
        phone=command.phone,
    )
    new = Entry(
        worker=worker,
        sealed=programme.vault.seal(worker.worker, personal),
        id_hash=programme.vault.id_hash(document.text) if document else None,
        blocking_hash=programme.vault.blocking_hash(personal.name_pinyin, personal.birth_date, worker.county),
        import_id=imported[0] if imported else None,
    )
    return new, _notices(worker.county, document)


def _document(command: RegisterWorker) -> domain.IdNumber | None:
    if command.id_number is None:
        if command.id_checked:
            raise domain.IdNumberMissing(field="id_number")
        return None
    document = domain.id_number(command.id_number)
    domain.require_same_person(document, command.birth_date, command.sex)
    return document


def _notices(county: CountyCode, document: domain.IdNumber | None) -> tuple[Notice, ...]:
    found = []
    if reference.county(county) is None:
        found.append(Notice("COUNTY_UNCLASSIFIED", "county"))
    if document is not None and reference.county(document.place) is None:
        found.append(Notice("ID_PLACE_UNKNOWN", "id_number"))
    return tuple(found)


def require_occupations(codes: Sequence[str], field: str = "occupations") -> None:
    """Raises OccupationNotFound."""
    for place, code in enumerate(codes):
        if not reference.known_occupation(code):
            raise domain.OccupationNotFound(field=f"{field}.{place}")


def registered(worker: Worker) -> events.WorkerRegistered:
    return events.WorkerRegistered(
        worker=worker.worker,
        worker_no=worker.worker_no,
        birth_year=worker.birth_year,
        sex=worker.sex,
        origin=reference.origin(worker.county, worker.registered_on),
        residence_basis=worker.residence_basis.value,
        education=worker.education,
        occupations=worker.occupations,
        assurance=worker.assurance.value,
        source=worker.source.value,
        household_status=worker.household_status,
        effective=worker.registered_on,
    )


async def verify_worker(tx: Tx, programme: Programme, worker_id: WorkerId, command: VerifyWorker) -> views.Worker:
    """The document has been seen. Raises AlreadyVerified, IdNumberMissing, IdNumberDiffers and what domain.id_number raises."""
    worker = await locked(tx, worker_id, command.version)
    state = domain.verified(worker.assurance)
    day = domain.effective_day(command.verified_on, tx.clock.today(), field="verified_on", not_before=worker.registered_on)
    await _settle_identity(tx, programme, worker, command.id_number)
    worker = replace(worker, assurance=state, verified_on=day, provisional_until=None)
    await queries.save_worker(tx, worker)
    publish_and_audit(tx, events.WorkerVerified(worker=worker_id, origin=reference.origin(worker.county, day), effective=day))
    return await as_changed(tx, worker)


async def _settle_identity(tx: Tx, programme: Programme, worker: Worker, stated: str | None) -> None:
    """The number of the document seen is the registered one, or becomes it."""
    personal = await _personal(tx, programme, worker.worker)
    if stated is None:
        if personal.id_number is None:
            raise domain.IdNumberMissing(field="id_number")
        return
    document = domain.id_number(stated)
    if personal.id_number is not None:
        if personal.id_number != document.text:
            raise domain.IdNumberDiffers(field="id_number")
        return
    domain.require_same_person(document, personal.birth_date, worker.sex)
    sealed = programme.vault.seal(worker.worker, replace(personal, id_number=document.text))
    await queries.save_personal(tx, worker.worker, sealed, programme.vault.id_hash(document.text))


async def disclose(tx: Tx, programme: Programme, worker_id: WorkerId, command: DisclosePersonalData) -> views.PersonalData:
    """Personal data in clear, to a clerk of the county; the look and its reason go into the history in the same transaction."""
    worker = await _found(tx, worker_id)
    personal = await _personal(tx, programme, worker.worker)
    await note(tx, worker.worker, "PersonalDataDisclosed", command.reason)
    return views.PersonalData(
        worker=worker.worker,
        name=personal.name,
        name_pinyin=personal.name_pinyin,
        birth_date=personal.birth_date,
        id_number=personal.id_number,
        phone=personal.phone,
    )


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_worker(tx: Tx, programme: Programme, worker_id: WorkerId) -> views.Worker:
    """Raises WorkerNotFound, Forbidden."""
    worker = await _found(tx, worker_id)
    [view] = await _views(tx, programme, [worker])
    return view


async def show_by_number(tx: Tx, programme: Programme, worker_no: str) -> views.Worker:
    """Raises WorkerNumberMistyped, WorkerNotFound, Forbidden."""
    found = await queries.by_number(tx, domain.require_worker_no(worker_no))
    if found is None:
        raise domain.WorkerNotFound
    return await show_worker(tx, programme, found)


async def look_up(tx: Tx, programme: Programme, command: LookUpWorker) -> views.Workers:
    """Who is registered under this identity number, in the caller's regions; others stay unmentioned.

    Raises IdNumberForm, IdNumberCheck.
    """
    document = domain.id_number(command.id_number)
    found = await queries.workers(tx, await queries.by_id_hash(tx, programme.vault.id_hash(document.text)))
    mine = [worker for worker in found if tx.principal.covers_county(worker.county)]
    return views.Workers(items=await _views(tx, programme, mine), next=None)


async def search(tx: Tx, programme: Programme, wanted: Filter, after: UUID | None, limit: int) -> views.Workers:
    """Workers of the caller's regions, in the order of registration. Raises WorkerNumberMistyped."""
    if wanted.worker_no is not None:
        wanted = replace(wanted, worker_no=domain.require_worker_no(wanted.worker_no))
    regions = [f"{prefix}%" for prefix in tx.principal.county_prefixes()]
    ids = await queries.search(tx, regions, wanted, tx.clock.today(), after=after, limit=limit + 1)
    items = await _views(tx, programme, await queries.workers(tx, ids[:limit]))
    return views.Workers(items=items, next=ids[limit - 1] if len(ids) > limit else None)


async def history(tx: Tx, worker_id: WorkerId, after: int, limit: int) -> History:
    """Raises WorkerNotFound, Forbidden."""
    await _found(tx, worker_id)
    return await changes_of(tx, worker_id, after, limit)


# --- loading ----------------------------------------------------------------------------------------------------------
async def locked(tx: Tx, worker_id: WorkerId, version: int | None) -> Worker:
    """The worker, to be changed by this transaction alone. Raises WorkerNotFound, Forbidden, VersionConflict."""
    worker = await queries.lock_worker(tx, worker_id)
    if worker is None:
        raise domain.WorkerNotFound
    require_county(tx.principal, worker.county)
    if version is not None and version != worker.version:
        raise VersionConflict(field="version", state={"version": worker.version})
    return worker


async def _found(tx: Tx, worker_id: WorkerId) -> Worker:
    found = await queries.workers(tx, [worker_id])
    if not found:
        raise domain.WorkerNotFound
    require_county(tx.principal, found[0].county)
    return found[0]


async def _personal(tx: Tx, programme: Programme, worker_id: WorkerId) -> Personal:
    return programme.vault.open(worker_id, (await queries.personal(tx, [worker_id]))[worker_id])


async def _views(tx: Tx, programme: Programme, found: Sequence[Worker]) -> tuple[views.Worker, ...]:
    """As the caller may see them: personal data masked, and not at all for an auditor."""
    ids = [worker.worker for worker in found]
    others = await queries.duplicates(tx, ids)
    sealed = {} if tx.principal.role is Role.AUDITOR else await queries.personal(tx, ids)
    return tuple(
        views.Worker.of(
            worker,
            tx.clock.today(),
            duplicates=others.get(worker.worker, 0),
            personal=programme.vault.open(worker.worker, sealed[worker.worker]) if worker.worker in sealed else None,
        )
        for worker in found
    )


async def as_changed(tx: Tx, worker: Worker) -> views.Worker:
    """The answer to a command: without personal data, because answers are kept for repeats of the request."""
    others = await queries.duplicates(tx, [worker.worker])
    changed = replace(worker, version=worker.version + 1)
    return views.Worker.of(changed, tx.clock.today(), duplicates=others.get(worker.worker, 0))
