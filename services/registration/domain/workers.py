"""A registered worker: age, assurance, and the day on which something takes effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registration.domain.announcements import Heard
from services.registration.domain.errors import AgeOutOfRange, AlreadyVerified, InFuture, OutOfOrder
from services.registration.domain.validity import SuspensionReason, Validity
from services.registration.domain.willingness import Offer, Willingness
from shared.values import CountyCode, HouseholdStatus, ImportId, Occupation, Sex, WorkerId


# --- types ------------------------------------------------------------------------------------------------------------
class Assurance(StrEnum):
    """Whether somebody has seen the document. A provisional worker cannot be dispatched."""

    PROVISIONAL = "provisional"
    VERIFIED = "verified"


class Source(StrEnum):
    SELF = "self"
    ASSISTED = "assisted"
    IMPORT = "import"


class ResidenceBasis(StrEnum):
    HOUSEHOLD_REGISTER = "household_register"
    RESIDENCE = "residence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker as registered, without personal data."""

    worker: WorkerId
    worker_no: str
    version: int
    birth_year: int
    sex: Sex
    county: CountyCode
    residence_basis: ResidenceBasis
    education: int  # ISCED 2011 level
    occupations: tuple[Occupation, ...]
    residence_since: date | None  # in this county; None: since the registration, or longer
    household_status: HouseholdStatus
    household_since: date | None  # of this status; None: since the registration, or longer
    source: Source
    assurance: Assurance
    registered_on: date
    provisional_until: date | None
    validity: Validity
    validity_since: date | None  # None: since the registration
    suspended_for: SuspensionReason | None
    verified_on: date | None
    willingness: Willingness
    willingness_since: date | None  # when the present state began
    offer: Offer | None
    import_id: ImportId | None  # with `import_row`: the list and the row that the worker came in by
    import_row: int | None
    outreach: Heard | None  # None: nobody knows, or none
    merged_into: WorkerId | None = None  # the registration that is the person's

    @property
    def is_willing(self) -> bool:
        return self.willingness is Willingness.WILLING


@dataclass(frozen=True, slots=True)
class CountedDays:
    """On which days the figures count a worker's steps beside the registration; None: they do not."""

    verified_on: date | None  # None also for who was registered verified
    willing_from: date | None  # first day of the spell of willingness in force


@dataclass(frozen=True, slots=True)
class EarlierCounty:
    """A county of residence before the present one."""

    until: date  # the first day in another
    county: CountyCode


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFilter:
    """Which workers are searched for; None: any. A willingness whose time is over counts as expired, recorded or not."""

    worker_no: str | None = None
    county: CountyCode | None = None
    state: Willingness | None = None
    import_id: ImportId | None = None
    occupation: Occupation | None = None
    assurance: Assurance | None = None
    validity: Validity | None = None
    among: tuple[WorkerId, ...] | None = None  # only these


@dataclass(frozen=True, slots=True)
class Notice:
    """Worth a look, and no reason to refuse."""

    code: str
    field: str


# --- days -------------------------------------------------------------------------------------------------------------
def effective_day(stated: date | None, today: date, *, field: str, not_before: date | None = None) -> date:
    """The day something took effect: as stated, else today. Late is normal. Raises InFuture, OutOfOrder."""
    day = stated or today
    if day > today:
        raise InFuture(field=field)
    if not_before is not None and day < not_before:
        raise OutOfOrder(f"must not lie before {not_before}", field=field, state={"since": not_before})
    return day


def county_on(worker: Worker, earlier: Sequence[EarlierCounty], day: date) -> CountyCode:
    """The county of residence on a day. `earlier`: oldest first."""
    return next((one.county for one in earlier if day < one.until), worker.county)


def supply_not_before(worker: Worker) -> date:
    """Before this day nothing can take effect that moves the supply: until then another state or another county was counted."""
    return max(filter(None, (worker.willingness_since, worker.residence_since, worker.validity_since, worker.registered_on)))


def age(birth_date: date, on: date) -> int:
    """In completed years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def require_age(birth_date: date, on: date, *, minimum: int, maximum: int) -> None:
    """Raises AgeOutOfRange."""
    if not minimum <= age(birth_date, on) <= maximum:
        raise AgeOutOfRange(f"workers are {minimum} to {maximum} years old when they register", field="birth_date")


# --- assurance --------------------------------------------------------------------------------------------------------
def provisional_until(registered_on: date, days: int, *, checked: bool) -> date | None:
    """The last day of an unverified registration; None where the document was checked."""
    return None if checked else registered_on + timedelta(days=days)


def provisional_expired(worker: Worker, today: date) -> bool:
    return worker.assurance is Assurance.PROVISIONAL and worker.provisional_until is not None and today > worker.provisional_until


ASSURANCE_STEPS: Mapping[Assurance, Assurance] = {Assurance.PROVISIONAL: Assurance.VERIFIED}


def verify(state: Assurance) -> Assurance:
    """Raises AlreadyVerified. A registration whose time has run out can still be verified."""
    if state not in ASSURANCE_STEPS:
        raise AlreadyVerified(state=state)
    return ASSURANCE_STEPS[state]
