"""Why training refuses."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, NotFound


class CentreNotFound(NotFound):
    """There is no such training centre."""

    slug = "CENTRE_NOT_FOUND"


class WorkerNotFound(NotFound):
    """Nobody is matched under this id, so that training knows nothing about them."""

    slug = "WORKER_NOT_FOUND"


class CourseNotFound(NotFound):
    """There is no such course."""

    slug = "COURSE_NOT_FOUND"


class SessionNotFound(NotFound):
    """There is no such session."""

    slug = "SESSION_NOT_FOUND"


class CorrectionNotFound(NotFound):
    """There is no such correction."""

    slug = "CORRECTION_NOT_FOUND"


class NothingToCorrect(Invalid):
    """It is on record like that."""

    slug = "NOTHING_TO_CORRECT"


class NotAssessed(Conflict):
    """There is no examination to correct, or an officer has to look at it first."""

    slug = "NOT_ASSESSED"


class CorrectionPending(Conflict):
    """Another correction of the enrolment waits for a decision."""

    slug = "CORRECTION_PENDING"


class CorrectionDecided(Conflict):
    """Somebody has decided on it, or it was applied at once."""

    slug = "CORRECTION_DECIDED"


class SecondApproverNeeded(Conflict):
    """Whoever asked for it does not decide on it."""

    slug = "SECOND_APPROVER_NEEDED"


class RecognitionNotFound(NotFound):
    """There is no such request for recognition."""

    slug = "RECOGNITION_NOT_FOUND"


class RecognitionHours(Invalid):
    """Credits are at most the course's hours; a certificate from elsewhere attests all of them at least."""

    slug = "RECOGNITION_HOURS"


class EvidenceTooOld(Invalid):
    """It was learned too long ago."""

    slug = "EVIDENCE_TOO_OLD"


class RecognitionValidity(Invalid):
    """It counts no longer after its completion than the course's own certificates hold."""

    slug = "RECOGNITION_VALIDITY"


class RecognitionPending(Conflict):
    """Another request for the placement and course waits for a decision."""

    slug = "RECOGNITION_PENDING"


class RecognitionDecided(Conflict):
    """Somebody has decided on it."""

    slug = "RECOGNITION_DECIDED"


class CertificateRecognised(Conflict):
    """The certificate rests on prior learning: it is revoked and recognised anew, not corrected."""

    slug = "CERTIFICATE_RECOGNISED"


class FindingNotFound(NotFound):
    """There is no such finding."""

    slug = "FINDING_NOT_FOUND"


class EnrolmentNotFound(NotFound):
    """There is no such enrolment."""

    slug = "ENROLMENT_NOT_FOUND"


class CertificateNotFound(NotFound):
    """There is no certificate with this serial."""

    slug = "CERTIFICATE_NOT_FOUND"


class NeedNotFound(NotFound):
    """The placement needs no training: nobody is matched under this id."""

    slug = "NEED_NOT_FOUND"


class NotInSession(Invalid):
    """The enrolment is not one of this session."""

    slug = "NOT_IN_SESSION"


class NamedTwice(Invalid):
    """An enrolment may stand on a roster once, a day in a register."""

    slug = "NAMED_TWICE"


class CentreMissing(Invalid):
    """An officer names the centre; a trainer acts for the own one."""

    slug = "CENTRE_MISSING"


class RegionNotFound(Invalid):
    """No province has this code."""

    slug = "REGION_NOT_FOUND"


class RegionDiffers(Invalid):
    """The first two digits of a licence number are those of its region."""

    slug = "REGION_DIFFERS"


class ValidityDays(Invalid):
    """A licence ends on the day it starts or later, and not in the past."""

    slug = "VALIDITY_DAYS"


class NotRenewed(Invalid):
    """A renewal runs longer than the licence does already."""

    slug = "NOT_RENEWED"


class LicenceTaken(Conflict):
    """Another centre has this licence number."""

    slug = "LICENCE_TAKEN"


class CentreLicensed(Conflict):
    """The centre has its licence: renew it."""

    slug = "CENTRE_LICENSED"


class CentreIllegalStep(Conflict):
    """The licence's state does not allow this."""

    slug = "CENTRE_ILLEGAL_STEP"


class CentreNotLicensed(Conflict):
    """Sessions are held at a centre that is licensed on their days."""

    slug = "CENTRE_NOT_LICENSED"


class CentreNotActive(Conflict):
    """The centre's licence is suspended or revoked."""

    slug = "CENTRE_NOT_ACTIVE"


class CapacityExceeded(Conflict):
    """The centre's licence allows fewer trainees at a time."""

    slug = "CAPACITY_EXCEEDED"


class TrainerNotRegistered(Invalid):
    """The account is not one of the centre's trainers."""

    slug = "TRAINER_NOT_REGISTERED"


class AssessorNotRegistered(Conflict):
    """The account is not one of the centre's assessors."""

    slug = "ASSESSOR_NOT_REGISTERED"


class SessionInPast(Invalid):
    """A session is scheduled before it begins."""

    slug = "SESSION_IN_PAST"


class SessionDays(Invalid):
    """A session ends on the day it starts or later, within a year."""

    slug = "SESSION_DAYS"


class DayOutsideSession(Invalid):
    """The session is not held on that day."""

    slug = "DAY_OUTSIDE_SESSION"


class DayInFuture(Invalid):
    """What has not happened yet cannot be recorded."""

    slug = "DAY_IN_FUTURE"


class DayTooLong(Invalid):
    """Nobody attends a course for more than twelve hours a day."""

    slug = "DAY_TOO_LONG"


class BeforeEnrolment(Invalid):
    """Nobody attends a session before being enrolled in it."""

    slug = "BEFORE_ENROLMENT"


class AssessedBeforeAttendance(Invalid):
    """An examination comes after the days that it examines."""

    slug = "ASSESSED_BEFORE_ATTENDANCE"


class CertifiedBeforeAssessment(Invalid):
    """No certificate is older than the examination it attests."""

    slug = "CERTIFIED_BEFORE_ASSESSMENT"


class CourseDoesNotFit(Invalid):
    """The course is for another destination or occupation than the placement's."""

    slug = "COURSE_DOES_NOT_FIT"


class SessionOver(Conflict):
    """The session has ended."""

    slug = "SESSION_OVER"


class SessionAssessed(Conflict):
    """Somebody was examined in this session: it has taken place."""

    slug = "SESSION_ASSESSED"


class AlreadyEnrolled(Conflict):
    """The placement has a seat in this session."""

    slug = "ALREADY_ENROLLED"


class NeedNotOpen(Conflict):
    """The placement has its certificate, was cancelled, or has departed."""

    slug = "NEED_NOT_OPEN"


class TooFewMinutes(Conflict):
    """The course's minimum hours are not attended yet."""

    slug = "TOO_FEW_MINUTES"


class TooManyAbsences(Conflict):
    """The share of the session's days that must be attended is not reached."""

    slug = "TOO_MANY_ABSENCES"


class AssessorIsTrainer(Conflict):
    """Who has taught a session, or kept its attendance, does not assess it."""

    slug = "ASSESSOR_IS_TRAINER"


class ResultContradictsScore(Invalid):
    """The result does not follow from the score and the pass mark."""

    slug = "RESULT_CONTRADICTS_SCORE"


class NotYourExamination(Conflict):
    """An assessor sends the own examinations; only an officer types in those of others."""

    slug = "NOT_YOUR_EXAMINATION"


class FindingOpen(Conflict):
    """An officer has to look at a finding about the enrolment first."""

    slug = "FINDING_OPEN"


class FindingDecided(Conflict):
    """Somebody has decided on it."""

    slug = "FINDING_DECIDED"


class DeciderInvolved(Conflict):
    """Who has recorded the attendance or the examination does not decide on it."""

    slug = "DECIDER_INVOLVED"


class IllegalStep(Conflict):
    """The state of the enrolment or the session does not allow this."""

    slug = "ILLEGAL_STEP"


class CertificateNotValid(Conflict):
    """The certificate was revoked or has expired: it is not printed any more."""

    slug = "CERTIFICATE_NOT_VALID"


class AlreadyRevoked(Conflict):
    """The certificate is revoked already."""

    slug = "ALREADY_REVOKED"
