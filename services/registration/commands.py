"""What registration can be asked to do: bounded request models, the same for HTTP and for the rows of an import."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints

from services.registration.domain.announcements import OutreachCorrectionReason, OutreachVoidReason
from services.registration.domain.corrections import CorrectionReason, RejectionReason
from services.registration.domain.duplicates import LinkReason, MergeRejection
from services.registration.domain.surveys import SurveyVoidReason
from services.registration.domain.validity import ReinstatementReason, SuspensionReason
from services.registration.domain.workers import ResidenceBasis, Source
from shared.old_numbers import OldNumber, OldNumberText, OldSystem
from shared.values import (
    CountyField,
    Day,
    DestinationField,
    HouseholdStatus,
    Language,
    Line,
    OccupationField,
    OutreachChannel,
    PositiveAmount,
    Sex,
    WorkerId,
)

T = TypeVar("T")


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


Flag = Annotated[bool, Field(strict=True)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Name = Annotated[Line, Field(max_length=60)]
Pinyin = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[A-Za-z][A-Za-z' -]*$")]
IdNumberField = Annotated[Line, Field(max_length=32)]  # its rules have codes of their own: domain.identity
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 -]{4,18}[0-9]$")]
Education = Annotated[int, Field(strict=True, ge=0, le=8, description="ISCED 2011 level")]
Occupations = Annotated[tuple[OccupationField, ...], Field(min_length=1, max_length=10), AfterValidator(_once)]
Destinations = Annotated[tuple[DestinationField, ...], Field(min_length=1, max_length=20), AfterValidator(_once)]
People = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]  # no county has more
AskedPeople = Annotated[People, Field(ge=1)]
# Why personal data are needed, from a closed list: free text would soon hold the very data.
Purpose = Literal["identify_worker", "contact_worker", "complete_documents", "resolve_duplicate", "complaint", "emergency", "worker_asked"]


class _Command(BaseModel):
    # hide_input: an error may reach a log, and what was refused may be a name
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class HeardOf(_Command):
    """The announcement, by its number, and the channel by which the worker heard of it."""

    announcement: Annotated[Line, Field(max_length=24)]
    channel: OutreachChannel


class RegisterWorker(_Command):
    """Enter a worker. Without a document seen by the clerk (`id_checked`) the registration is provisional."""

    name: Name
    name_pinyin: Pinyin | None = None
    id_number: IdNumberField | None = None
    birth_date: Day
    sex: Sex
    county: CountyField
    residence_basis: ResidenceBasis = ResidenceBasis.HOUSEHOLD_REGISTER
    education: Education
    occupations: Occupations
    phone: Phone | None = None
    household_status: HouseholdStatus = HouseholdStatus.UNKNOWN
    id_checked: Flag = False
    source: Literal[Source.SELF, Source.ASSISTED] = Source.ASSISTED
    registered_on: Day | None = None
    outreach: HeardOf | None = None
    old_number: OldNumber | None = None


class RecordOldNumber(_Command):
    """The number that the worker had in a system before this one, by which people still ask for the worker."""

    system: OldSystem
    number: OldNumberText
    version: Version | None = None


class LookUpWorker(_Command):
    """Find whoever is registered under an identity number. In the body: a URL ends up in logs."""

    id_number: IdNumberField
    reason: Purpose


class VerifyWorker(_Command):
    """The clerk has seen the document. Its number is needed where none was registered."""

    id_number: IdNumberField | None = None
    verified_on: Day | None = None
    version: Version | None = None


class CorrectWorker(_Command):
    """What is given replaces what was registered. Name, number, birth date and sex are the identity: a second person has to agree."""

    name: Name | None = None
    name_pinyin: Pinyin | None = None
    id_number: IdNumberField | None = None
    birth_date: Day | None = None
    sex: Sex | None = None
    phone: Phone | None = None
    county: CountyField | None = None
    residence_basis: ResidenceBasis | None = None
    education: Education | None = None
    occupations: Occupations | None = None
    reason: CorrectionReason
    version: Version | None = None


class ChangeResidence(_Command):
    """The household register has moved. What was wrong from the start is corrected instead."""

    county: CountyField
    moved_on: Day | None = None
    version: Version | None = None


class SetHouseholdStatus(_Command):
    household_status: HouseholdStatus
    as_of: Day | None = None
    version: Version | None = None


class SuspendWorker(_Command):
    """Out of the supply until reinstated, from that day on. Why, from a closed list: free text would soon hold personal data."""

    reason: SuspensionReason
    suspended_on: Day | None = None
    version: Version | None = None


class ReinstateWorker(_Command):
    reason: ReinstatementReason
    reinstated_on: Day | None = None
    version: Version | None = None


class EraseWorker(_Command):
    """The personal data of the worker, for good. The number is typed once more: an erasure cannot be undone."""

    worker_no: Annotated[Line, Field(max_length=24)]
    reason: Literal["asked_by_worker", "retention_over", "registered_without_consent"]
    version: Version | None = None


class CopyPersonalData(_Command):
    reason: Literal["worker_asked", "court_order"]


class ApproveCorrection(_Command):
    """The document has been compared with what is asked for."""


class RejectCorrection(_Command):
    reason: RejectionReason


class LinkDuplicate(_Command):
    """Somebody states that the two are one person; `other` is kept apart from it no longer."""

    other: WorkerId
    reason: LinkReason


class ConfirmMerge(_Command):
    """The two are one person. `survivor` is the one whose number and codes stay."""

    survivor: WorkerId


class RejectMerge(_Command):
    """The two are not one person, or nobody can say so."""

    reason: MergeRejection


class RecordWillingness(_Command):
    """State, or state again, what the worker is willing to do. Whether the family consents is asked, not assumed."""

    destinations: Destinations
    occupations: Occupations | None = None  # else those of the registration
    wage_floor: PositiveAmount | None = None  # per month
    available_from: Day | None = None
    family_consent: Flag
    recorded_on: Day | None = None
    version: Version | None = None


class WithdrawWillingness(_Command):
    withdrawn_on: Day | None = None
    version: Version | None = None


class DisclosePersonalData(_Command):
    reason: Purpose


# --- surveys ----------------------------------------------------------------------------------------------------------
class SurveySkill(_Command):
    """How many of those asked can work in the occupation."""

    occupation: OccupationField
    people: AskedPeople


class RecordSurvey(_Command):
    """What a survey of a county found as of a day; a later record of the same county and day takes its place.

    `version`: the one it takes the place of; 0: there is none yet.
    """

    county: CountyField
    reference_date: Day
    respondents: AskedPeople
    able: People
    willing: People
    skills: Annotated[tuple[SurveySkill, ...], Field(max_length=500)] = ()
    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = None


class VoidSurvey(_Command):
    reason: SurveyVoidReason
    version: Version | None = None


# --- publicity --------------------------------------------------------------------------------------------------------
class PublishAnnouncement(_Command):
    """Make the programme known. The title is public text."""

    title: Annotated[Line, Field(max_length=120)]
    counties: Annotated[tuple[CountyField, ...], Field(min_length=1, max_length=3000), AfterValidator(_once)]
    channels: Annotated[tuple[OutreachChannel, ...], Field(min_length=1, max_length=20), AfterValidator(_once)]
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=30), AfterValidator(_once)]
    published_on: Day | None = None


class RecordOutreach(_Command):
    """How many people an announcement reached in a county by a channel on a day."""

    county: CountyField
    channel: OutreachChannel
    reached: People
    on: Day | None = None


class CorrectOutreach(_Command):
    """What is given replaces what was recorded."""

    county: CountyField | None = None
    channel: OutreachChannel | None = None
    reached: People | None = None
    on: Day | None = None
    reason: OutreachCorrectionReason
    version: Version | None = None


class VoidOutreach(_Command):
    reason: OutreachVoidReason
    version: Version | None = None


class RehashKeys(_Command):
    """Bring the hashes of the next thousand people after `after` under the present lookup key; with `check` they are only counted."""

    after: UUID | None
    check: Annotated[bool, Strict()] = False


class RewrapKeys(_Command):
    """Bring the next thousand data keys after `after` under the present master key: those of people, or of corrections that wait."""

    holder: Literal["personal", "corrections"]
    after: UUID | None = None
