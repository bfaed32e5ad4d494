"""Why rights refuses."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, Limited, NotFound


class PlacementNotFound(NotFound):
    """There is no wage ledger for this placement: it has not departed as far as we know."""

    slug = "PLACEMENT_NOT_FOUND"


class ReportNotFound(NotFound):
    """There is no such income report."""

    slug = "REPORT_NOT_FOUND"


class PayrollNotFound(NotFound):
    """There is no such payroll."""

    slug = "PAYROLL_NOT_FOUND"


class CaseNotFound(NotFound):
    """There is no such case."""

    slug = "CASE_NOT_FOUND"


# --- reports ----------------------------------------------------------------------------------------------------------
class NotAbroad(Invalid):
    """The wage period lies outside the days the worker was abroad."""

    slug = "NOT_ABROAD"


class PeriodAbsurd(Invalid):
    """A wage period lies between 1990-01 and the month of its recording."""

    slug = "PERIOD_ABSURD"


class PaidInFuture(Invalid):
    """A wage cannot have been paid after today."""

    slug = "PAID_IN_FUTURE"


class DoesNotAddUp(Invalid):
    """Net is gross less deductions, nothing is negative, and all of it is in one currency."""

    slug = "DOES_NOT_ADD_UP"


class AlreadyReported(Conflict):
    """The same source has reported this payment otherwise: correct or supersede that report, or give both payments a reference."""

    slug = "ALREADY_REPORTED"


class NothingToSupersede(Invalid):
    """A report supersedes one that its own source made for the same placement and period, and that is in force."""

    slug = "NOTHING_TO_SUPERSEDE"


class DispatchIsVoid(Conflict):
    """The dispatch was voided; its income cannot be reported."""

    slug = "DISPATCH_VOIDED"


class ReportNotCounting(Conflict):
    """Only a report that counts can be corrected or voided."""

    slug = "REPORT_NOT_COUNTING"


# --- cases ------------------------------------------------------------------------------------------------------------
class CaseNotOpen(Conflict):
    """The case is closed."""

    slug = "CASE_NOT_OPEN"


class AlreadyAnswered(Conflict):
    """The first answer was given."""

    slug = "ALREADY_ANSWERED"


class EnterpriseMissing(Invalid):
    """A case names a placement or an enterprise."""

    slug = "ENTERPRISE_MISSING"


class EnterpriseDiffers(Invalid):
    """The placement is with another enterprise."""

    slug = "ENTERPRISE_DIFFERS"


class CaseIllegalStep(Conflict):
    """The case does not take this step in its state."""

    slug = "CASE_ILLEGAL_STEP"


class CaseIsPaused(Conflict):
    """The clock of the case stands still: resume it first."""

    slug = "CASE_PAUSED"


class CaseNotPaused(Conflict):
    """The clock of the case runs."""

    slug = "CASE_NOT_PAUSED"


class HighestLevel(Conflict):
    """The case is with the highest office."""

    slug = "HIGHEST_LEVEL"


class CollectiveOpen(Conflict):
    """Another collective case of the enterprise and month is open."""

    slug = "COLLECTIVE_OPEN"


class EvidenceKnown(Conflict):
    """The case has this document already."""

    slug = "EVIDENCE_KNOWN"


class OutcomeContradicts(Invalid):
    """A settled case closes as settled, or by silence."""

    slug = "OUTCOME_CONTRADICTS"


class NotSettled(Conflict):
    """A case closes as settled once a settlement of it is paid."""

    slug = "NOT_SETTLED"


class ConfirmationContradicts(Invalid):
    """Whoever confirms is not silent."""

    slug = "CONFIRMATION_CONTRADICTS"


class WorkerNotAsked(Conflict):
    """A case closes when whoever complained confirms it, or is silent after being asked."""

    slug = "WORKER_NOT_ASKED"


class SilenceTooShort(Conflict):
    """A case closes by silence only after the worker had the full time to answer."""

    slug = "SILENCE_TOO_SHORT"


class ReopenedTooLate(Conflict):
    """After its term a closed case is reopened for new evidence only."""

    slug = "REOPENED_TOO_LATE"


# --- settlements ------------------------------------------------------------------------------------------------------
class SettlementNotYuan(Invalid):
    """The reserve pays in yuan."""

    slug = "SETTLEMENT_NOT_YUAN"


class SettlementNotPositive(Invalid):
    """The reserve pays more than nothing."""

    slug = "SETTLEMENT_NOT_POSITIVE"


class SettlementNotPending(Conflict):
    """The reserve is not asked to pay, or has answered."""

    slug = "SETTLEMENT_NOT_PENDING"


# --- emergencies ------------------------------------------------------------------------------------------------------
class EmergencyNotFound(NotFound):
    """There is no such emergency."""

    slug = "EMERGENCY_NOT_FOUND"


class NotInRollCall(NotFound):
    """The placement is not in the roll-call of this emergency."""

    slug = "NOT_IN_ROLL_CALL"


class EmergencyIsOpen(Conflict):
    """An emergency is declared for this country, and has not ended."""

    slug = "EMERGENCY_OPEN"


class EmergencyHasEnded(Conflict):
    """The emergency has ended."""

    slug = "EMERGENCY_ENDED"


class WorkersUnaccounted(Conflict):
    """An emergency ends when everybody is accounted for, or for a reason that is recorded."""

    slug = "WORKERS_UNACCOUNTED"


class AtHome(Conflict):
    """The worker is not abroad: home by the return on record, or never there by a correction of the dispatch."""

    slug = "AT_HOME"


class FutureDay(Invalid):
    """The day lies in the future."""

    slug = "FUTURE_DAY"


# --- repatriations ----------------------------------------------------------------------------------------------------
class RepatriationNotFound(NotFound):
    """There is no such repatriation."""

    slug = "REPATRIATION_NOT_FOUND"


class RepatriationIllegalStep(Conflict):
    """The repatriation is in a state that this step does not start from."""

    slug = "REPATRIATION_ILLEGAL_STEP"


class NeverLeft(Conflict):
    """Nobody has departed under this placement."""

    slug = "NEVER_LEFT"


class RepatriatedAlready(Conflict):
    """A placement is repatriated once, and again in a new emergency only."""

    slug = "REPATRIATED_ALREADY"


class ApproverIsRequester(Limited):
    """Another account than the one that asked for it approves a repatriation."""

    slug = "APPROVER_IS_REQUESTER"


class CauseMissing(Invalid):
    """The emergency is named where it is the cause, and nowhere else."""

    slug = "CAUSE_MISSING"


class BeforeDeparture(Invalid):
    """The day lies before the departure."""

    slug = "BEFORE_DEPARTURE"


class ReturnedOtherwise(Conflict):
    """The return is on record with another day: one of the two is wrong."""

    slug = "RETURNED_OTHERWISE"


# --- orphans ----------------------------------------------------------------------------------------------------------
class NotOrphaned(Conflict):
    """Only income of a voided dispatch that nobody has explained yet is worked off."""

    slug = "NOT_ORPHANED"


class SamePlacement(Invalid):
    """Its own dispatch is void: the income belongs to another placement."""

    slug = "SAME_PLACEMENT"


class OtherWorker(Invalid):
    """Income stays with the worker who was paid."""

    slug = "OTHER_WORKER"


class ProvinceNotFound(Invalid):
    """Not the code of a province."""

    slug = "PROVINCE_NOT_FOUND"
