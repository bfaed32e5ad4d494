"""Every way in which docking refuses, by name."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, NotFound, Refused


class EnterpriseNotFound(NotFound):
    """There is no such enterprise."""

    slug = "ENTERPRISE_NOT_FOUND"


class EmployerNotFound(NotFound):
    """There is no such employer."""

    slug = "EMPLOYER_NOT_FOUND"


class FairNotFound(NotFound):
    """There is no such docking fair."""

    slug = "FAIR_NOT_FOUND"


class IntentionNotFound(NotFound):
    """There is no such intention."""

    slug = "INTENTION_NOT_FOUND"


class NoticeNotFound(NotFound):
    """There is no such notice."""

    slug = "NOTICE_NOT_FOUND"


class OrderNotFound(NotFound):
    """There is no such job order."""

    slug = "ORDER_NOT_FOUND"


class MatchNotFound(NotFound):
    """There is no such proposed match."""

    slug = "MATCH_NOT_FOUND"


class PlacementNotFound(NotFound):
    """There is no such placement."""

    slug = "PLACEMENT_NOT_FOUND"


class FeeNotFound(NotFound):
    """No such fee is declared for this placement."""

    slug = "FEE_NOT_FOUND"


class MedicalNotFound(NotFound):
    """No medical examination is recorded for this placement."""

    slug = "MEDICAL_NOT_FOUND"


class ChangeNotFound(NotFound):
    """No such change of the placement's contract is on record."""

    slug = "CHANGE_NOT_FOUND"


class ArrivalNotFound(NotFound):
    """No arrival was confirmed on that day."""

    slug = "ARRIVAL_NOT_FOUND"


class WorkerNotFound(NotFound):
    """No registration of this worker has arrived here."""

    slug = "WORKER_NOT_FOUND"


class WorkerErased(Conflict):
    """The personal data were erased: nothing can be done with this registration any more."""

    slug = "WORKER_ERASED"


class NotCleared(Conflict):
    """There is no clearance in force for this placement: none was granted, or it was withdrawn, used or has ended."""

    slug = "NOT_CLEARED"


class LicenceTaken(Conflict):
    """An enterprise with this licence number is qualified already; `state` names it: its licence is renewed, not entered again."""

    slug = "LICENCE_TAKEN"


class EmployerTaken(Conflict):
    """An employer with this number in the host state's register is known; `state` names it."""

    slug = "EMPLOYER_TAKEN"


class EnterpriseNotActive(Conflict):
    """The enterprise's qualification is suspended or revoked (E1)."""

    slug = "ENTERPRISE_NOT_ACTIVE"


class LicenceExpired(Conflict):
    """The enterprise's licence is no longer valid (E1)."""

    slug = "LICENCE_EXPIRED"


class LicenceNarrowed(Conflict):
    """The enterprise's licence no longer covers the order's channel or destination (E1); `state` is what it covers."""

    slug = "LICENCE_NARROWED"


class EnterpriseIllegalStep(Conflict):
    """The state of the enterprise's qualification does not allow this step."""

    slug = "ENTERPRISE_ILLEGAL_STEP"


class SuspendedAlready(Conflict):
    """The enterprise is suspended for this reason already; `state` names all."""

    slug = "SUSPENDED_ALREADY"


class NotSuspendedFor(Conflict):
    """The enterprise is not suspended for this reason; `state` names the reasons it is suspended for."""

    slug = "NOT_SUSPENDED_FOR"


class ReserveTooSmall(Conflict):
    """The reserve does not hold that much; `state` is its balance."""

    slug = "RESERVE_TOO_SMALL"


class ReserveTooLarge(Conflict):
    """No amount is that large; `state` is the reserve's balance."""

    slug = "RESERVE_TOO_LARGE"


class ReserveNotShort(Conflict):
    """No draw has to be made good; `state` is the reserve's balance."""

    slug = "RESERVE_NOT_SHORT"


class FairVoided(Conflict):
    """There was no such fair; `state` says why."""

    slug = "FAIR_VOIDED"


class IntentionsRecorded(Conflict):
    """Intentions are recorded of those who took part; void them first. `state` names one."""

    slug = "INTENTIONS_RECORDED"


class IntentionTaken(Conflict):
    """The intention of this county and enterprise is recorded already; correct that one. `state` names it."""

    slug = "INTENTION_TAKEN"


class IntentionVoided(Conflict):
    """The intention was voided."""

    slug = "INTENTION_VOIDED"


class ManagersNotFiled(Conflict):
    """No list of accompanying managers is filed for this country."""

    slug = "MANAGERS_NOT_FILED"


class NoticeTaken(Conflict):
    """The decision is published already; `state` names the notice."""

    slug = "NOTICE_TAKEN"


class NoticeWithdrawn(Conflict):
    """The notice was withdrawn."""

    slug = "NOTICE_WITHDRAWN"


class OrderNotOpen(Conflict):
    """The job order is closed or has expired."""

    slug = "ORDER_NOT_OPEN"


class PositionTaken(Conflict):
    """The last position of the order was taken by somebody else."""

    slug = "POSITION_TAKEN"


class PositionsInUse(Conflict):
    """So many positions of the order are taken already; `state` says how many."""

    slug = "POSITIONS_IN_USE"


class WagePromised(Conflict):
    """Workers before departure were matched at the higher wage."""

    slug = "WAGE_PROMISED"


class FeeCapPromised(Conflict):
    """Workers before departure were matched under the lower cap on fees."""

    slug = "FEE_CAP_PROMISED"


class TermPromised(Conflict):
    """Workers before departure were matched for this term."""

    slug = "TERM_PROMISED"


class NamedTwice(Invalid):
    """A placement, or a worker for the same order, may stand in a list once."""

    slug = "NAMED_TWICE"


class AlreadyPlaced(Conflict):
    """The worker has an active placement already."""

    slug = "ALREADY_PLACED"


class NotEligible(Conflict):
    """The worker may not be matched to this order; `state` names the reasons."""

    slug = "WORKER_NOT_ELIGIBLE"


class MatchNotOpen(Conflict):
    """The proposal was accepted or declined already, or has expired."""

    slug = "MATCH_NOT_OPEN"


class NotReturned(Conflict):
    """No return is recorded that could be corrected."""

    slug = "NOT_RETURNED"


class MatchingBusy(Conflict):
    """All orders are being matched already; ask again when that has ended."""

    slug = "MATCHING_BUSY"


class MatchingStopped(Refused):
    """The plan took too long, or docking is stopping: nothing was proposed."""

    slug = "MATCHING_STOPPED"
    status = 503


class IllegalStep(Conflict):
    """The placement's state does not allow this step."""

    slug = "ILLEGAL_STEP"


class NotRenewed(Invalid):
    """A renewed licence runs longer than the one before."""

    slug = "NOT_RENEWED"


class IndividualEmployer(Invalid):
    """E6: no contract with a natural person abroad."""

    slug = "INDIVIDUAL_EMPLOYER"


class EmployerNotLicensed(Invalid):
    """E6: the host state licenses employers, and no registered employer with a licence is named."""

    slug = "EMPLOYER_NOT_LICENSED"


class EmployerElsewhere(Invalid):
    """The employer is registered in another host state than the order's."""

    slug = "EMPLOYER_ELSEWHERE"


class EmployerUnclear(Invalid):
    """An order names its employer, or the id of a registered one: one of the two."""

    slug = "EMPLOYER_UNCLEAR"


class OutsideLicenceScope(Invalid):
    """The enterprise's licence does not cover this channel or destination."""

    slug = "OUTSIDE_LICENCE_SCOPE"


class PlaceMissing(Invalid):
    """A fair names the county, or the place, where it was held."""

    slug = "PLACE_MISSING"


class NotAtFair(Invalid):
    """The county or the enterprise did not take part in the fair; `state` names those that did."""

    slug = "NOT_AT_FAIR"


class PlanMissing(Invalid):
    """E9: workers are still abroad, and no plan for them is filed; `state` says how many."""

    slug = "PLAN_MISSING"


class CannotTakeOver(Invalid):
    """An enterprise that is active takes the workers over, and another one than it that stops."""

    slug = "CANNOT_TAKE_OVER"


class NoticeOfOne(Invalid):
    """A notice names an enterprise, or a foreign employer: one of the two."""

    slug = "NOTICE_OF_ONE"


class FineMissing(Invalid):
    """A fine is published with its amount, another penalty without."""

    slug = "FINE_MISSING"


class NotYuan(Invalid):
    """The reserve is kept in yuan (E3)."""

    slug = "NOT_YUAN"


class FutureDay(Invalid):
    """The day has not come yet."""

    slug = "FUTURE_DAY"


class PastDay(Invalid):
    """The day has passed already."""

    slug = "PAST_DAY"


class BeforeMatch(Invalid):
    """The departure would lie before the match."""

    slug = "BEFORE_MATCH"


class ClearanceNotValid(Invalid):
    """The clearance does not cover the day of departure."""

    slug = "CLEARANCE_NOT_VALID"


class CountryInEmergency(Conflict):
    """Nobody departs for a country with an emergency."""

    slug = "COUNTRY_IN_EMERGENCY"


class InsuranceShortened(Invalid):
    """A clearance was granted on this insurance: it can be extended, not shortened."""

    slug = "INSURANCE_SHORTENED"


class MedicalTooLong(Invalid):
    """No medical finding holds that long."""

    slug = "MEDICAL_TOO_LONG"


class ArrivalDayNotAsked(Invalid):
    """Workers are not asked on that day after their departure; `state` names the days."""

    slug = "ARRIVAL_DAY_NOT_ASKED"


class ArrivalTooEarly(Invalid):
    """The worker is asked later; `state` is the day."""

    slug = "ARRIVAL_TOO_EARLY"


class ConfirmedAlready(Conflict):
    """The worker has confirmed that already: it can be corrected."""

    slug = "CONFIRMED_ALREADY"


class HomeBefore(Conflict):
    """The worker was home before that day."""

    slug = "HOME_BEFORE"


class ChangeNotLast(Conflict):
    """Only the last change that stands can be undone; `state` names it."""

    slug = "CHANGE_NOT_LAST"


class ChangeOutOfOrder(Conflict):
    """The contract was changed on a later day already; `state` is that day."""

    slug = "CHANGE_OUT_OF_ORDER"


class ContractEnded(Conflict):
    """A contract is extended before its end; `state` is its end."""

    slug = "CONTRACT_ENDED"


class NotExtended(Invalid):
    """The contract runs that long already."""

    slug = "NOT_EXTENDED"


class TermTooLong(Invalid):
    """No contract runs that long."""

    slug = "TERM_TOO_LONG"


class InsuranceTooShort(Invalid):
    """W2: the insurance does not reach to the new end; `state` is its last day."""

    slug = "INSURANCE_TOO_SHORT"


class ConsentMissing(Invalid):
    """No worker is taken over by another employer without agreeing to it."""

    slug = "CONSENT_MISSING"


class SameEmployer(Conflict):
    """The worker is with this employer already."""

    slug = "SAME_EMPLOYER"


class ReturnBeforeDeparture(Invalid):
    """The return would lie before the departure."""

    slug = "RETURN_BEFORE_DEPARTURE"


class VisaRefused(Invalid):
    """E5: nobody is dispatched on a business, tourist or study visa."""

    slug = "VISA_REFUSED"


class DepositForbidden(Invalid):
    """C5: no deposit and no guarantee in property may be taken from a worker, under any name."""

    slug = "DEPOSIT_FORBIDDEN"


class OwnEmployeeFee(Invalid):
    """C5: an enterprise takes no service fee from its own employees, whom it sends to a contracted project."""

    slug = "OWN_EMPLOYEE_FEE"


class FeesFull(Conflict):
    """So many fees are declared for the placement that another must be a mistake."""

    slug = "FEES_FULL"


class FeeVoidAlready(Conflict):
    """The fee was voided; `state` says why."""

    slug = "FEE_VOIDED"


class DayTooEarly(Invalid):
    """Nothing before 1990 is recorded."""

    slug = "DAY_TOO_EARLY"


class CurrencyDiffers(Invalid):
    """The amount must be in the currency of the wage."""

    slug = "CURRENCY_DIFFERS"


class NothingToCorrect(Invalid):
    """The correction says what is recorded already."""

    slug = "NOTHING_TO_CORRECT"


class ReasonNotYours(Invalid):
    """Another party has to give this reason."""

    slug = "REASON_NOT_YOURS"
    status = 403


class SideNotYours(Invalid):
    """Only that side itself, or the authority, declines for it."""

    slug = "SIDE_NOT_YOURS"
    status = 403


class NothingToAmend(Invalid):
    """The order says that already."""

    slug = "NOTHING_TO_AMEND"


class EndsBeforeStart(Invalid):
    """The end would lie before the start."""

    slug = "ENDS_BEFORE_START"


class DaysPerMonth(Invalid):
    """Paid days of a month are stated for a daily wage only."""

    slug = "DAYS_PER_MONTH"


class OutsideRegion(Invalid):
    """The worker's county is outside the caller's regions."""

    slug = "OUTSIDE_REGION"
    status = 403


class StayOverlaps(Conflict):
    """The worker was abroad at that time already."""

    slug = "STAY_OVERLAPS"
