"""The rules of registration: identity, age, assurance, willingness. Pure decisions; standard library and shared.values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid, NotFound
from shared.values import CountyCode, Destination, HouseholdStatus, Money, Occupation, Sex, WorkerId


# --- types ------------------------------------------------------------------------------------------------------------
class Assurance(StrEnum):
    """Whether somebody has seen the document. A provisional worker cannot be dispatched."""

    PROVISIONAL = "provisional"
    VERIFIED = "verified"


class Willingness(StrEnum):
    NONE = "none"  # never stated
    WILLING = "willing"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    RECORD = "record"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


class Source(StrEnum):
    SELF = "self"
    ASSISTED = "assisted"
    IMPORT = "import"


class ResidenceBasis(StrEnum):
    HOUSEHOLD_REGISTER = "household_register"
    RESIDENCE = "residence"


class ImportState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Rules:
    """The programme's parameters, in years and days."""

    minimum_age: int
    maximum_age: int
    provisional_days: int
    willingness_days: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a worker is willing to do, as last stated."""

    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None  # per month
    available_from: date
    expires_on: date  # the last day it counts
    family_consent: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as registered, without personal data."""

    worker: WorkerId
    worker_no: str
    version: int
    birth_year: int
    sex: Sex
    county: CountyCode
    residence_basis: ResidenceBasis
    education: int
    occupations: tuple[Occupation, ...]
    household_status: HouseholdStatus
    source: Source
    assurance: Assurance
    registered_on: date
    provisional_until: date | None
    verified_on: date | None
    willingness: Willingness
    willingness_since: date | None  # when the present state began
    offer: Offer | None
    import_row: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Worth a look, and no reason to refuse."""

    code: str
    field: str


# --- errors -----------------------------------------------------------------------------------------------------------
class WorkerNotFound(NotFound):
    """There is no such worker."""

    slug = "WORKER_NOT_FOUND"


class ImportNotFound(NotFound):
    """There is no such import."""

    slug = "IMPORT_NOT_FOUND"


class IdNumberForm(Invalid):
    """A resident identity number has 17 digits and a check character, and digits 7 to 14 are a date."""

    slug = "ID_NUMBER_FORM"


class IdNumberCheck(Invalid):
    """The check character of the identity number is wrong: it was mistyped."""

    slug = "ID_NUMBER_CHECK"


class IdNumberMissing(Invalid):
    """A worker is verified against a document: its number is needed."""

    slug = "ID_NUMBER_MISSING"


class IdNumberDiffers(Conflict):
    """The worker was registered under another identity number; a change of identity needs a second approver."""

    slug = "ID_NUMBER_DIFFERS"


class BirthDateDiffers(Invalid):
    """The birth date is not the one in the identity number."""

    slug = "BIRTH_DATE_DIFFERS"


class SexDiffers(Invalid):
    """The sex is not the one in the identity number."""

    slug = "SEX_DIFFERS"


class AgeOutOfRange(Invalid):
    """The worker is too young or too old on the day of the registration."""

    slug = "AGE_OUT_OF_RANGE"


class InFuture(Invalid):
    """What has not happened yet cannot be recorded."""

    slug = "IN_FUTURE"


class OutOfOrder(Invalid):
    """The day lies before the registration, or before the step that led to the present state."""

    slug = "OUT_OF_ORDER"


class OccupationNotFound(Invalid):
    """Not an ISCO-08 code."""

    slug = "OCCUPATION_NOT_FOUND"


class DestinationNotFound(Invalid):
    """Not a country or region to which workers are dispatched (ISO 3166-1 alpha-3)."""

    slug = "DESTINATION_NOT_FOUND"


class WorkerNumberMistyped(Invalid):
    """Not a worker number: W, eight or more digits, a hyphen, a check character that fits."""

    slug = "WORKER_NUMBER_MISTYPED"


class AlreadyVerified(Conflict):
    """The worker is verified already."""

    slug = "ALREADY_VERIFIED"


class NotWilling(Conflict):
    """There is no willingness to end."""

    slug = "NOT_WILLING"


# --- numbers ----------------------------------------------------------------------------------------------------------
def check_character(digits: str) -> str:
    """ISO 7064 MOD 11-2 (as GB 11643 uses it): catches every single wrong digit and every swap of neighbours."""
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


_WORKER_NO = re.compile(r"W([0-9]{8,18})-([0-9X])", re.ASCII)


def worker_no(number: int) -> str:
    """What people write down and read out: W00000001-5."""
    digits = f"{number:08d}"
    return f"W{digits}-{check_character(digits)}"


def require_worker_no(text: str) -> str:
    """Raises WorkerNumberMistyped."""
    match = _WORKER_NO.fullmatch(text.strip().upper())
    if match is None or check_character(match[1]) != match[2]:
        raise WorkerNumberMistyped(field="worker_no")
    return match[0]


_ID_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A resident identity number (GB 11643) that is right in itself: form, date, check character.

    The first six digits are where the first document was issued, long ago or under a code of another year: never
    today's county, and no reason to refuse.
    """

    text: str
    birth_date: date
    sex: Sex

    def __repr__(self) -> str:
        return "IdNumber(...)"

    @property
    def place(self) -> str:
        return self.text[:6]


def id_number(text: str) -> IdNumber:
    """Raises IdNumberForm, IdNumberCheck; neither repeats the number."""
    text = text.strip().upper()
    if not _ID_NUMBER.fullmatch(text):
        raise IdNumberForm(field="id_number")
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise IdNumberForm(field="id_number") from None
    if check_character(text[:17]) != text[17]:
        raise IdNumberCheck(field="id_number")
    return IdNumber(text, born, Sex.MALE if int(text[16]) % 2 else Sex.FEMALE)


def require_same_person(document: IdNumber, birth_date: date, sex: Sex) -> None:
    """Raises BirthDateDiffers, SexDiffers."""
    if document.birth_date != birth_date:
        raise BirthDateDiffers(field="birth_date")
    if document.sex is not sex:
        raise SexDiffers(field="sex")


def masked(text: str | None, *, keep: int = 1) -> str | None:
    """The first `keep` characters and, of something long, the last four; enough to recognise, too little to know."""
    if text is None:
        return None
    text = text[:40]
    tail = 4 if len(text) >= 11 else 0
    hidden = max(len(text) - keep - tail, 1)
    return text[:keep] + "*" * hidden + (text[-tail:] if tail else "")


# --- decisions --------------------------------------------------------------------------------------------------------
def age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def require_age(rules: Rules, born: date, on: date) -> None:
    """Raises AgeOutOfRange."""
    if not rules.minimum_age <= age(born, on) <= rules.maximum_age:
        raise AgeOutOfRange(f"workers are {rules.minimum_age} to {rules.maximum_age} years old when they register", field="birth_date")


def effective_day(stated: date | None, today: date, *, field: str, not_before: date | None = None) -> date:
    """The day something took effect: as stated, else today. Late is normal. Raises InFuture, OutOfOrder."""
    day = stated or today
    if day > today:
        raise InFuture(field=field)
    if not_before is not None and day < not_before:
        raise OutOfOrder(f"must not lie before {not_before}", field=field, state={"since": not_before})
    return day


def provisional_until(rules: Rules, registered_on: date, *, checked: bool) -> date | None:
    """The last day on which an unverified registration stands."""
    return None if checked else registered_on + timedelta(days=rules.provisional_days)


def provisional_expired(worker: Worker, today: date) -> bool:
    return worker.assurance is Assurance.PROVISIONAL and worker.provisional_until is not None and today > worker.provisional_until


ASSURANCE_STEPS: Mapping[Assurance, Assurance] = {Assurance.PROVISIONAL: Assurance.VERIFIED}


def verified(state: Assurance) -> Assurance:
    """Raises AlreadyVerified. A registration whose time has run out can still be verified."""
    if state not in ASSURANCE_STEPS:
        raise AlreadyVerified(state=state)
    return ASSURANCE_STEPS[state]


WILLINGNESS_STEPS: Mapping[tuple[Willingness, Step], Willingness] = {
    (Willingness.NONE, Step.RECORD): Willingness.WILLING,
    (Willingness.WILLING, Step.RECORD): Willingness.WILLING,  # a renewal
    (Willingness.WITHDRAWN, Step.RECORD): Willingness.WILLING,
    (Willingness.EXPIRED, Step.RECORD): Willingness.WILLING,
    (Willingness.WILLING, Step.WITHDRAW): Willingness.WITHDRAWN,
    (Willingness.WILLING, Step.EXPIRE): Willingness.EXPIRED,
}


def after(state: Willingness, step: Step) -> Willingness:
    """Raises NotWilling: only what stands can end."""
    if (state, step) not in WILLINGNESS_STEPS:
        raise NotWilling(state=state)
    return WILLINGNESS_STEPS[state, step]


def lapsed_on(worker: Worker, day: date) -> date | None:
    """The day from which a willingness no longer counted, if that lies on or before `day` and nobody has recorded it yet."""
    if worker.willingness is not Willingness.WILLING or worker.offer is None:
        return None
    ended = worker.offer.expires_on + timedelta(days=1)
    return ended if ended <= day else None


def expires_on(rules: Rules, recorded_on: date) -> date:
    """The last day a willingness counts."""
    return recorded_on + timedelta(days=rules.willingness_days)
