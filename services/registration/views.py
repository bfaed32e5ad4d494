"""What registration answers. Personal data appear masked, and only to those who may see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.registration import domain
from services.registration.domain import Assurance, ImportState, ResidenceBasis, Source, Willingness
from services.registration.vault import Personal
from shared import reference
from shared.values import CountyCode, Designation, Destination, HouseholdStatus, ImportId, Money, Occupation, Sex, WorkerId


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Notice(_View):
    code: str
    field: str


class MaskedPersonal(_View):
    name: str
    id_number: str | None
    phone: str | None

    @classmethod
    def of(cls, personal: Personal) -> MaskedPersonal:
        return cls(
            name=domain.masked(personal.name) or "",
            id_number=domain.masked(personal.id_number, keep=0),
            phone=domain.masked(personal.phone, keep=3),
        )


class Offer(_View):
    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None
    available_from: date
    expires_on: date
    family_consent: bool


class Worker(_View):
    worker: WorkerId
    worker_no: str
    version: int
    county: CountyCode
    county_name: str | None
    designation: Designation
    residence_basis: ResidenceBasis
    birth_year: int
    sex: Sex
    education: int
    occupations: tuple[Occupation, ...]
    household_status: HouseholdStatus
    source: Source
    registered_on: date
    assurance: Assurance
    verified_on: date | None
    provisional_until: date | None
    provisional_expired: bool
    willingness: Willingness
    willingness_since: date | None
    offer: Offer | None
    possible_duplicates: int
    import_row: int | None
    personal: MaskedPersonal | None = None
    warnings: tuple[Notice, ...] = ()

    @classmethod
    def of(
        cls,
        worker: domain.Worker,
        today: date,
        *,
        duplicates: int = 0,
        personal: Personal | None = None,
        notices: tuple[domain.Notice, ...] = (),
    ) -> Worker:
        county = reference.county(worker.county)
        return cls(
            worker=worker.worker,
            worker_no=worker.worker_no,
            version=worker.version,
            county=worker.county,
            county_name=county.name_zh if county else None,
            designation=reference.designation(worker.county, today),
            residence_basis=worker.residence_basis,
            birth_year=worker.birth_year,
            sex=worker.sex,
            education=worker.education,
            occupations=worker.occupations,
            household_status=worker.household_status,
            source=worker.source,
            registered_on=worker.registered_on,
            assurance=worker.assurance,
            verified_on=worker.verified_on,
            provisional_until=worker.provisional_until,
            provisional_expired=domain.provisional_expired(worker, today),
            willingness=worker.willingness,
            willingness_since=worker.willingness_since,
            offer=Offer.model_validate(worker.offer, from_attributes=True) if worker.offer else None,
            possible_duplicates=duplicates,
            import_row=worker.import_row,
            personal=MaskedPersonal.of(personal) if personal else None,
            warnings=tuple(Notice(code=notice.code, field=notice.field) for notice in notices),
        )


class Workers(_View):
    items: tuple[Worker, ...]
    next: UUID | None  # hand it back as `after`


class PersonalData(_View):
    """In clear. Every answer of this form is in the worker's history."""

    worker: WorkerId
    name: str
    name_pinyin: str
    birth_date: date
    id_number: str | None
    phone: str | None


class Supply(_View):
    county: CountyCode
    occupation: Occupation
    destination: Destination
    willing: int


class Supplies(_View):
    """A worker willing to go to two places in two occupations stands in four cells: cells are not to be added up."""

    items: tuple[Supply, ...]
    next: str | None


class Finding(_View):
    """`row` as the spreadsheet numbers it, the header being row 1. `value` is masked."""

    row: int
    column: str
    code: str
    severity: Literal["error", "warning"]
    value: str | None


class Import(_View):
    import_id: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    state: ImportState
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    started_at: datetime | None
    finished_at: datetime | None
    findings: tuple[Finding, ...]
    next: int | None  # more findings: hand it back as `after`
