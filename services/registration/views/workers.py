"""A worker as shown."""

from __future__ import annotations

from datetime import date

from services.registration.domain import workers
from services.registration.domain.validity import SuspensionReason, Validity
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import Assurance, ResidenceBasis, Source
from services.registration.personal_data import vault
from services.registration.views.personal_data import MaskedPersonal
from services.registration.views.view import View
from services.registration.views.willingness import Offer
from shared import reference
from shared.old_numbers import OldNumber
from shared.values import AnnouncementId, CountyCode, Designation, HouseholdStatus, Occupation, OutreachChannel, Sex, WorkerId


class Notice(View):
    code: str
    field: str


class Heard(View):
    """By which announcement and channel the worker came to register."""

    announcement: AnnouncementId
    channel: OutreachChannel


class Worker(View):
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
    residence_since: date | None
    household_status: HouseholdStatus
    household_since: date | None
    source: Source
    registered_on: date
    assurance: Assurance
    verified_on: date | None
    provisional_until: date | None
    provisional_expired: bool
    validity: Validity
    validity_since: date | None
    suspended_for: SuspensionReason | None
    willingness: Willingness
    willingness_since: date | None
    offer: Offer | None
    abroad_since: date | None  # as docking has published; None: at home
    possible_duplicates: int  # pairs that wait for a decision
    absorbed_numbers: tuple[str, ...]  # that lead here since they were merged into this one
    redirected_from: str | None  # the absorbed number by which this worker was asked for
    import_row: int | None
    outreach: Heard | None
    personal: MaskedPersonal | None = None
    old_numbers: tuple[OldNumber, ...] = ()  # in systems before this one; none in the answer to a command, as `personal`
    warnings: tuple[Notice, ...] = ()

    @classmethod
    def from_worker(
        cls,
        worker: workers.Worker,
        today: date,
        *,
        abroad_since: date | None = None,
        duplicates: int = 0,
        absorbed: tuple[str, ...] = (),
        personal: vault.PersonalData | None = None,
        notices: tuple[workers.Notice, ...] = (),
        old_numbers: tuple[OldNumber, ...] = (),
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
            residence_since=worker.residence_since,
            household_status=worker.household_status,
            household_since=worker.household_since,
            source=worker.source,
            registered_on=worker.registered_on,
            assurance=worker.assurance,
            verified_on=worker.verified_on,
            provisional_until=worker.provisional_until,
            provisional_expired=workers.provisional_expired(worker, today),
            validity=worker.validity,
            validity_since=worker.validity_since,
            suspended_for=worker.suspended_for,
            willingness=worker.willingness,
            willingness_since=worker.willingness_since,
            offer=Offer.model_validate(worker.offer) if worker.offer else None,
            abroad_since=abroad_since,
            possible_duplicates=duplicates,
            absorbed_numbers=absorbed,
            redirected_from=None,
            import_row=worker.import_row,
            outreach=Heard.model_validate(worker.outreach) if worker.outreach else None,
            personal=MaskedPersonal.from_personal_data(personal) if personal else None,
            old_numbers=old_numbers,
            warnings=tuple(map(Notice.model_validate, notices)),
        )


class WorkerNumber(View):
    worker: WorkerId
    worker_no: str


class WorkerNumbers(View):
    """In no order; without those that there are not."""

    items: tuple[WorkerNumber, ...]


class Workers(View):
    items: tuple[Worker, ...]
    next: str | None  # hand it back as `after`
