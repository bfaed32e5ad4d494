"""Everything registration refuses, by name."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, Limited, NotFound, Refused


class WorkerNotFound(NotFound):
    """There is no such worker."""

    slug = "WORKER_NOT_FOUND"


class ImportInterrupted(Refused):
    """Deciding on the rows has ended before its time. What is registered stays; send the same file again, and the import goes on."""

    slug = "IMPORT_INTERRUPTED"
    status = 503


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


class WorkerNumberMistyped(Invalid):
    """Not a worker number: W, eight or more digits, a hyphen, a check character that fits."""

    slug = "WORKER_NUMBER_MISTYPED"


class DocumentVerifiedElsewhere(Conflict):
    """The same document has verified another registration: decide first which of the two is the person's."""

    slug = "DOCUMENT_VERIFIED_ELSEWHERE"


class AlreadyVerified(Conflict):
    """The worker is verified already."""

    slug = "ALREADY_VERIFIED"


class NotWilling(Conflict):
    """There is no willingness to end."""

    slug = "NOT_WILLING"


class NothingToCorrect(Invalid):
    """Everything given is what is registered already."""

    slug = "NOTHING_TO_CORRECT"


class NothingToChange(Invalid):
    """It is so already."""

    slug = "NOTHING_TO_CHANGE"


class NotInForce(Conflict):
    """The registration is suspended, or has lapsed because no document was seen in time; or it is in force already."""

    slug = "REGISTRATION_NOT_IN_FORCE"


class WorkerErased(Conflict):
    """The personal data were erased: nothing can be done with this registration any more."""

    slug = "WORKER_ERASED"


class ErasureNotYet(Conflict):
    """The worker is on the way or abroad, or came home a short time ago; `possible_from` is the first day on which it is possible."""

    slug = "ERASURE_NOT_YET"


class WorkerNumberDiffers(Invalid):
    """Not the number of this worker. It is typed once more because an erasure cannot be undone."""

    slug = "WORKER_NUMBER_DIFFERS"


class CorrectionNotFound(NotFound):
    """There is no such correction."""

    slug = "CORRECTION_NOT_FOUND"


class CorrectionPending(Conflict):
    """A correction of this worker's identity waits for its decision: approve or reject it first."""

    slug = "CORRECTION_PENDING"


class CorrectionDecided(Conflict):
    """The correction is decided already."""

    slug = "CORRECTION_DECIDED"


class SecondApproverNeeded(Limited):
    """Whoever asked for a change of identity cannot decide on it: a second person has to."""

    slug = "SECOND_APPROVER_NEEDED"


class SurveyNotFound(NotFound):
    """There is no such survey."""

    slug = "SURVEY_NOT_FOUND"


class SurveyAlreadyVoided(Conflict):
    """The survey is voided already."""

    slug = "SURVEY_ALREADY_VOIDED"


class MoreAbleThanAsked(Invalid):
    """Of those asked, not more than all can be able to go."""

    slug = "MORE_ABLE_THAN_ASKED"


class MoreWillingThanAble(Invalid):
    """The willing are counted among the able: whoever wants to go and cannot is no supply."""

    slug = "MORE_WILLING_THAN_ABLE"


class MoreSkilledThanAsked(Invalid):
    """Not more people can have a skill than were asked."""

    slug = "MORE_SKILLED_THAN_ASKED"


class SkillTwice(Invalid):
    """An occupation is counted once."""

    slug = "SKILL_TWICE"


class BeforeTheStatistics(Invalid):
    """Figures begin with 1990: an earlier day was mistyped."""

    slug = "BEFORE_THE_STATISTICS"


class PeriodReversed(Invalid):
    """The last day lies before the first."""

    slug = "PERIOD_REVERSED"


class DuplicateNotFound(NotFound):
    """There is no such pair of registrations."""

    slug = "DUPLICATE_NOT_FOUND"


class SameWorker(Invalid):
    """Both are one registration already."""

    slug = "SAME_WORKER"


class DuplicateDecided(Conflict):
    """The two are merged, kept apart or linked already, or another pair has taken the place of this one."""

    slug = "DUPLICATE_DECIDED"


class DuplicateChanged(Conflict):
    """One of the two has been merged with somebody else meanwhile: look at the pair again."""

    slug = "DUPLICATE_CHANGED"


class SurvivorNotInPair(Invalid):
    """The number that stays is one of the two."""

    slug = "SURVIVOR_NOT_IN_PAIR"


class SurvivorNotVerified(Invalid):
    """Somebody has seen the other one's document: that registration stays."""

    slug = "SURVIVOR_NOT_VERIFIED"


class BothAbroad(Conflict):
    """Both are abroad, and one person is not in two places: a return or a departure is missing or wrong, or they are two people."""

    slug = "BOTH_ABROAD"


class StaysOverlap(Conflict):
    """Both were abroad at the same time, and one person is not in two places: one of the stays is wrong, or they are two people."""

    slug = "STAYS_OVERLAP"


class AnnouncementNotFound(NotFound):
    """There is no such announcement."""

    slug = "ANNOUNCEMENT_NOT_FOUND"


class AnnouncementNumberMistyped(Invalid):
    """Not an announcement number: A, eight or more digits, a hyphen, a check character that fits."""

    slug = "ANNOUNCEMENT_NUMBER_MISTYPED"


class CountyNotCovered(Invalid):
    """The announcement is not made in this county."""

    slug = "COUNTY_NOT_COVERED"


class ChannelNotUsed(Invalid):
    """The announcement does not use this channel."""

    slug = "CHANNEL_NOT_USED"


class BeforeThePublication(Invalid):
    """The announcement was published later."""

    slug = "BEFORE_THE_PUBLICATION"


class OutreachNotFound(NotFound):
    """There is no such record of outreach."""

    slug = "OUTREACH_NOT_FOUND"


class OutreachAlreadyVoided(Conflict):
    """The record of outreach is voided already."""

    slug = "OUTREACH_ALREADY_VOIDED"
