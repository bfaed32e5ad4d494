"""Events of registration. Subject: the worker."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.events.event import REGISTRATION, Event, Origin, Part
from shared.values import (
    AnnouncementId,
    CountyCode,
    Destination,
    DuplicateId,
    HouseholdStatus,
    ImportId,
    Language,
    Money,
    Occupation,
    OutreachChannel,
    OutreachId,
    Sex,
    SurveyId,
    WorkerId,
)


class _Registration(Event):
    TOPIC = REGISTRATION
    SUBJECT = "worker"


class Conversion(Part):
    """A registration that came of an announcement, as the figures count it: by the county and on the day of the registration."""

    announcement: AnnouncementId
    outreach_channel: OutreachChannel
    origin: Origin
    on: date


class WorkerRegistered(_Registration):
    worker: WorkerId
    worker_no: str
    birth_year: int
    sex: Sex
    origin: Origin
    residence_basis: Literal["household_register", "residence"]
    education: int  # ISCED 2011 level 0..8
    occupations: tuple[Occupation, ...]
    assurance: Literal["provisional", "verified"]
    source: Literal["self", "assisted", "import"]
    household_status: HouseholdStatus
    effective: date
    outreach: Conversion | None = None  # None: it is not known to have come of any


class WorkerVerified(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class WillingnessRecorded(_Registration):
    """`renewal`: the worker was already counted as willing, so the number of willing workers does not change."""

    worker: WorkerId
    origin: Origin
    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None
    available_from: date
    expires_on: date
    family_consent: bool
    renewal: bool
    effective: date


class WillingnessWithdrawn(_Registration):
    worker: WorkerId
    origin: Origin
    reason: Literal["worker", "dispatched", "erased"]
    effective: date


class WillingnessExpired(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class CountedStep(Part):
    """A step of a worker as the figures count it: the day, and the codes under which."""

    on: date
    origin: Origin
    sex: Sex
    birth_year: int


class WorkerFact(Part):
    """A worker by codes, and what is counted of him. `origin`: on the day of the event.

    `verification` None: never counted, since the worker was registered with the document seen or nobody has seen it. `willingness`
    None: not willing. A spell of willingness that is over stays where it was counted.
    """

    origin: Origin
    residence_basis: Literal["household_register", "residence"]
    sex: Sex
    birth_year: int
    education: int
    occupations: tuple[Occupation, ...]
    household_status: HouseholdStatus
    registration: CountedStep
    verification: CountedStep | None
    willingness: CountedStep | None
    outreach: Conversion | None = None


class WorkerCorrected(_Registration):
    """What was registered was wrong from the start. `fields` names what changed; values of personal fields are nowhere.

    `approver` None: no field of the identity changed, so that no second person had to agree.
    """

    worker: WorkerId
    fields: tuple[
        Literal["name", "name_pinyin", "id_number", "birth_date", "sex", "phone", "county", "residence_basis", "education", "occupations"],
        ...,
    ]
    reason: Literal["mistyped", "misunderstood", "document_changed"]
    previous: WorkerFact
    fact: WorkerFact
    requested_by: str
    approver: str | None
    effective: date


class ResidenceFact(Part):
    """`willingness`: what the county is counted for from now on; None: not willing. A spell that is over stays where it was."""

    origin: Origin
    willingness: CountedStep | None


class ResidenceChanged(_Registration):
    """The household register is in another county from the effective day on. What happened before stays counted in the old one."""

    worker: WorkerId
    previous: ResidenceFact
    fact: ResidenceFact
    effective: date


class HouseholdStatusChanged(_Registration):
    """The household is of another status from the effective day on."""

    worker: WorkerId
    origin: Origin
    previous: HouseholdStatus
    fact: HouseholdStatus
    effective: date


class WorkerSuspended(_Registration):
    """Neither matched nor cleared until reinstated. `ends_willingness`: was willing, and is not any more."""

    worker: WorkerId
    origin: Origin
    reason: Literal["identity_doubtful", "false_statement", "under_investigation", "exit_restricted", "asked_by_worker"]
    ends_willingness: bool
    effective: date


class WorkerReinstated(_Registration):
    """What the worker is willing to do is stated anew."""

    worker: WorkerId
    origin: Origin
    reason: Literal["doubt_removed", "investigation_closed", "restriction_ended", "suspended_in_error", "asked_by_worker"]
    effective: date


class RegistrationLapsed(_Registration):
    """Nobody has seen a document in the time that a provisional registration lasts; a verification puts it in force again."""

    worker: WorkerId
    origin: Origin
    ends_willingness: bool
    effective: date


class WorkerErased(_Registration):
    """The personal data are gone for good; what was counted stays. Whoever was willing is taken off by a WillingnessWithdrawn before.

    Of a worker who absorbed others there is one for every number.
    """

    worker: WorkerId
    origin: Origin
    reason: Literal["asked_by_worker", "retention_over", "registered_without_consent"]
    effective: date


class DuplicateSuspected(_Registration):
    """The registration shares keys with an earlier one: perhaps one person. `person`: name in Latin letters, birth date and county.

    `origin`: of the later one. Nothing is refused for it; somebody merges the two or keeps them apart.
    """

    worker: WorkerId
    other: WorkerId
    duplicate: DuplicateId
    keys: tuple[Literal["document", "person"], ...]
    origin: Origin
    effective: date


class WorkersMerged(_Registration):
    """Two registrations are one person: whatever is known of the absorbed one is the survivor's. The last event of the absorbed one,
    but an erasure.

    `origin`: of the absorbed one. `ends_willingness`: it was willing, and is not counted any more; what the survivor takes over of it is
    an event of the survivor. The survivor may be absorbed later in its turn.
    """

    SUBJECT = "absorbed"

    absorbed: WorkerId
    survivor: WorkerId
    absorbed_no: str
    survivor_no: str
    duplicate: DuplicateId
    origin: Origin
    ends_willingness: bool
    linked_by: str | None
    confirmed_by: str
    effective: date


class ImportCompleted(_Registration):
    SUBJECT = "import_id"

    import_id: ImportId
    rows: int
    accepted: int
    rejected: int
    digest: str  # sha-256 of the file, hex
    effective: date


class SurveySkill(Part):
    """How many of those asked can work in an occupation; one person may count under several."""

    occupation: Occupation
    people: int


class SurveyFact(Part):
    """What a survey of a county found. `origin`: on the reference date.

    `first_this_year`: of the surveys of its county that stand, the one with the earliest reference date of the calendar year. It alone
    makes the county a surveyed one, so that counties add up.
    """

    origin: Origin
    reference_date: date
    respondents: int
    able: int
    willing: int
    skills: tuple[SurveySkill, ...]
    first_this_year: bool


class _Survey(_Registration):
    SUBJECT = "survey"
    EFFECTIVE = "reference_date"

    survey: SurveyId


class SurveyRecorded(_Survey):
    """A county was surveyed: how many were asked, could go abroad to work, and want to. For a county and day there is one survey."""

    fact: SurveyFact

    @property
    def reference_date(self) -> date:
        return self.fact.reference_date


class SurveyCorrected(_Survey):
    """A later record of the same survey took its place, or another survey is now the first of the county's year."""

    previous: SurveyFact
    fact: SurveyFact
    cause: Literal["superseded", "earlier_survey", "void_of_first"]

    @property
    def reference_date(self) -> date:
        return self.fact.reference_date


class SurveyVoided(_Survey):
    """There was no such survey: it counts nowhere."""

    previous: SurveyFact
    reason: Literal["wrong_county", "wrong_date", "not_held", "unreliable"]

    @property
    def reference_date(self) -> date:
        return self.previous.reference_date


class AnnouncementPublished(_Registration):
    """The programme is made known in these counties, by these channels, in these languages (BCP 47)."""

    SUBJECT = "announcement"

    announcement: AnnouncementId
    announcement_no: str
    counties: tuple[CountyCode, ...]
    channels: tuple[OutreachChannel, ...]
    languages: tuple[Language, ...]
    effective: date


class OutreachFact(Part):
    """How many people an announcement reached in a county by a channel on a day. `origin`: of the county, on that day."""

    announcement: AnnouncementId
    origin: Origin
    outreach_channel: OutreachChannel
    reached: int
    on: date


class _Outreach(_Registration):
    SUBJECT = "outreach"
    EFFECTIVE = "on"

    outreach: OutreachId


class OutreachRecorded(_Outreach):
    fact: OutreachFact

    @property
    def on(self) -> date:
        return self.fact.on


class OutreachCorrected(_Outreach):
    previous: OutreachFact
    fact: OutreachFact
    reason: Literal["mistyped", "counted_anew", "misattributed"]

    @property
    def on(self) -> date:
        return self.fact.on


class OutreachVoided(_Outreach):
    previous: OutreachFact
    reason: Literal["entered_twice", "not_held", "wrong_announcement"]

    @property
    def on(self) -> date:
        return self.previous.on


EVENTS: tuple[type[Event], ...] = (
    WorkerRegistered,
    WorkerVerified,
    WillingnessRecorded,
    WillingnessWithdrawn,
    WillingnessExpired,
    WorkerCorrected,
    ResidenceChanged,
    HouseholdStatusChanged,
    WorkerSuspended,
    WorkerReinstated,
    RegistrationLapsed,
    WorkerErased,
    DuplicateSuspected,
    WorkersMerged,
    ImportCompleted,
    SurveyRecorded,
    SurveyCorrected,
    SurveyVoided,
    AnnouncementPublished,
    OutreachRecorded,
    OutreachCorrected,
    OutreachVoided,
)
