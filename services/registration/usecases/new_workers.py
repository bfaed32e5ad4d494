"""A worker about to be registered, the same for a clerk's request and for the row of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.registration.commands import RegisterWorker
from services.registration.domain import identity
from services.registration.domain.announcements import Announcement, Heard, parse_announcement_no, require_made
from services.registration.domain.errors import AnnouncementNotFound, DocumentVerifiedElsewhere, IdNumberMissing
from services.registration.domain.validity import Validity
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import Assurance, Notice, Source, Worker, effective_day, provisional_until, require_age
from services.registration.personal_data.name_romanisation import normalise_name, romanise_name
from services.registration.personal_data.vault import PersonalData, enclose
from services.registration.queries import old_numbers, registrations
from services.registration.queries.personal_data import EnclosedRecord, Hashes, PersonalRecord
from services.registration.settings import policy, vault
from shared import reference
from shared.db import Tx
from shared.old_numbers import OldNumber, OldNumberTaken, require_no_document
from shared.values import CountyCode, ImportId, WorkerId, new_id

NOT_NUMBERED = ""  # until nothing but the database can refuse the registration


@dataclass(frozen=True, slots=True)
class NewWorker:
    """Ready to be written once the data key is wrapped."""

    worker: Worker
    personal: EnclosedRecord
    notices: tuple[Notice, ...]
    old_number: OldNumber | None = None  # of the system before this one

    @property
    def document(self) -> tuple[bytes, ...]:
        """The hashes of what verifies the worker; none: nothing does."""
        return self.personal.hashes.ids if self.worker.assurance is Assurance.VERIFIED else ()


def new_worker(
    command: RegisterWorker,
    worker_no: str,
    today: date,
    announced: Mapping[str, Announcement],
    *,
    imported: tuple[ImportId, int] | None = None,
) -> NewWorker:
    """`announced`: by number, those that commands name. `imported`: the list and the row that the worker comes in by.

    Raises InFuture, AgeOutOfRange, IdNumberMissing, IdNumberForm, IdNumberCheck, BirthDateDiffers, SexDiffers, OccupationNotFound,
    OldNumberIsDocument, and what `_heard` raises.
    """
    rules = policy()
    day = effective_day(command.registered_on, today, field="registered_on")
    require_age(command.birth_date, day, minimum=rules.registration_minimum_age, maximum=rules.registration_maximum_age)
    require_occupations(command.occupations)
    require_no_document(command.old_number)
    document = _document(command)
    import_id, import_row = imported or (None, None)
    worker = Worker(
        worker=WorkerId(new_id()),
        worker_no=worker_no,
        version=1,
        birth_year=command.birth_date.year,
        sex=command.sex,
        county=command.county,
        residence_since=None,
        residence_basis=command.residence_basis,
        education=command.education,
        occupations=command.occupations,
        household_status=command.household_status,
        household_since=None,
        source=Source.IMPORT if imported else command.source,
        assurance=Assurance.VERIFIED if command.id_checked else Assurance.PROVISIONAL,
        registered_on=day,
        provisional_until=provisional_until(day, rules.registration_provisional_days, checked=command.id_checked),
        validity=Validity.ACTIVE,
        validity_since=None,
        suspended_for=None,
        verified_on=day if command.id_checked else None,
        willingness=Willingness.NONE,
        willingness_since=None,
        offer=None,
        import_id=import_id,
        import_row=import_row,
        outreach=_heard(command, announced, day),
    )
    return NewWorker(worker, _personal_record(worker, command, document), _notices(worker.county, document), command.old_number)


async def enter(tx: Tx, new: NewWorker, personal: PersonalRecord) -> tuple[NewWorker, bool]:
    """Number and write the worker. Returns the worker as it went in, and whether somebody else shares a key that it is found by.

    Whose document has verified somebody else is provisional until that is decided (F18): a registration is never refused for it, and
    carries a notice. The keys are locked from here on.
    """
    while (entered := await registrations.insert(tx, new.worker, personal, new.document)) is None:
        new = held_back(new)
    return replace(new, worker=replace(new.worker, worker_no=entered.worker_no)), entered.shares_key


async def claim_old_number(tx: Tx, new: NewWorker) -> None:
    """Raises OldNumberTaken."""
    if new.old_number is not None and await old_numbers.insert_all(tx, {new.worker.worker: new.old_number}):
        raise OldNumberTaken(field="old_number.number")


def held_back(new: NewWorker) -> NewWorker:
    """The worker as provisional, since the document has verified somebody else."""
    until = provisional_until(new.worker.registered_on, policy().registration_provisional_days, checked=False)
    worker = replace(new.worker, assurance=Assurance.PROVISIONAL, verified_on=None, provisional_until=until)
    return replace(new, worker=worker, notices=(*new.notices, Notice(DocumentVerifiedElsewhere.slug, "id_number")))


def require_occupations(codes: Sequence[str]) -> None:
    """Raises OccupationNotFound, which names the position of the code."""
    for position, code in enumerate(codes):
        reference.require_occupation(code, f"occupations.{position}")


def _heard(command: RegisterWorker, announced: Mapping[str, Announcement], day: date) -> Heard | None:
    """Raises AnnouncementNumberMistyped, AnnouncementNotFound, CountyNotCovered, ChannelNotUsed, BeforeThePublication."""
    if command.outreach is None:
        return None
    made = announced.get(parse_announcement_no(command.outreach.announcement, "outreach.announcement"))
    if made is None:
        raise AnnouncementNotFound(field="outreach.announcement")
    require_made(made, reference.current_code(command.county), command.outreach.channel, day, "outreach.")
    return Heard(made.announcement, command.outreach.channel)


def _document(command: RegisterWorker) -> identity.IdNumber | None:
    if command.id_number is None:
        if command.id_checked:
            raise IdNumberMissing(field="id_number")
        return None
    document = identity.parse_id_number(command.id_number)
    identity.require_same_person(document, command.birth_date, command.sex)
    return document


def _personal_record(worker: Worker, command: RegisterWorker, document: identity.IdNumber | None) -> EnclosedRecord:
    name = normalise_name(command.name)
    personal = PersonalData(
        name=name,
        name_pinyin=(command.name_pinyin or romanise_name(name)).upper(),
        birth_date=command.birth_date,
        id_number=document.text if document else None,
        phone=command.phone,
    )
    return _enclosed_record(worker, personal)


def _enclosed_record(worker: Worker, personal: PersonalData) -> EnclosedRecord:
    """With the hashes by which the same person is found."""
    return EnclosedRecord(enclose(worker.worker, personal), hashes_of(personal, worker.county))


def hashes_of(personal: PersonalData, county: CountyCode) -> Hashes:
    return Hashes(
        ids=vault().id_hashes(personal.id_number) if personal.id_number else (),
        blocking=vault().blocking_hashes(personal.name_pinyin, personal.birth_date, county),
    )


async def sealed_record(worker: Worker, personal: PersonalData) -> PersonalRecord:
    """What is stored of it. Raises KeysUnavailable."""
    [record] = await seal_records([_enclosed_record(worker, personal)])
    return record


async def seal_records(records: Sequence[EnclosedRecord]) -> list[PersonalRecord]:
    """With their data keys wrapped. Raises KeysUnavailable."""
    sealed = await vault().seal_all([one.enclosed for one in records])
    return [PersonalRecord(one.worker, held, one.hashes) for one, held in zip(records, sealed, strict=True)]


def _notices(county: CountyCode, document: identity.IdNumber | None) -> tuple[Notice, ...]:
    found = []
    if reference.county(county) is None:
        found.append(Notice("COUNTY_UNCLASSIFIED", "county"))
    if document is not None and reference.county(document.county) is None:
        found.append(Notice("ID_PLACE_UNKNOWN", "id_number"))
    return tuple(found)
