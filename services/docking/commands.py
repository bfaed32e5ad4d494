"""What docking can be asked to do: bounded request models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from services.docking.domain.notices import Breach, Penalty
from services.docking.domain.reserves import ReserveUse
from shared.old_numbers import OldNumber, OldNumberText, OldSystem
from shared.values import (
    Amount,
    CaseId,
    Channel,
    CorrectionReason,
    CountyField,
    Day,
    DestinationField,
    EmployerId,
    EnterpriseId,
    FeePayer,
    Line,
    OccupationField,
    PlacementId,
    PositiveAmount,
    WagePeriod,
    WorkerId,
)

T = TypeVar("T")


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


@dataclass(frozen=True, slots=True)
class _DocumentedAs:
    """Read as any object, and documented as the form that it is read as later."""

    form: type[BaseModel]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.form.__pydantic_core_schema__)


_Rows = Annotated[tuple[T, ...], Field(min_length=1, max_length=500)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Port = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")]  # UN/LOCODE
LicenceNo = Annotated[str, StringConstraints(pattern=r"^LW[0-9]{4}20[0-9]{6}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,63}$")]  # of a contract or a policy
AsAgreed = Literal["as_agreed", "differs"]
Visa = Literal["work", "crew", "business", "tourist", "study"]
DepartureEvidence = Literal["exit_stamp", "boarding_record", "arrival_confirmation"]
# Of the authority; a reserve that is not topped up suspends by itself, and a top-up lifts that.
SuspensionReason = Literal["breach", "investigation", "incident", "court_order"]
RevocationReason = Literal["breach", "reserve", "name_lent", "false_visa", "unlawful_work", "business_ended"]  # E4, E5, E9
DeclaredItem = Literal[
    "service_fee",
    "medical",
    "insurance",
    "skills_test",
    "training",
    "equipment",
    "travel",
    "lodging",
    "passport",
    "visa",
    "work_permit",
    "documents",
    "deposit",
    "guarantee",
]
ReturnReason = Literal["completed", "early", "terminated", "distress", "death"]
DeclineReason = Literal["wage", "destination", "occupation", "employer", "family", "qualification", "other"]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class QualifyEnterprise(_Command):
    """E1: enter an enterprise with its qualification certificate. Without a `seat` only a national officer may."""

    name: Line
    licence_no: LicenceNo
    seat: CountyField | None = None
    scope: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=3), AfterValidator(_once)]
    destinations: Annotated[tuple[DestinationField, ...], Field(max_length=250), AfterValidator(_once)] = ()
    valid_to: Day


class RenewQualification(_Command):
    """E1: the licence runs longer, under the same number. What is not given stays as it was."""

    valid_to: Day
    scope: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=3), AfterValidator(_once)] | None = None
    destinations: Annotated[tuple[DestinationField, ...], Field(max_length=250), AfterValidator(_once)] | None = None
    version: Version | None = None


class SuspendQualification(_Command):
    """No matching, no clearance and no departure until this ground is lifted."""

    reason: SuspensionReason
    version: Version | None = None


class ReinstateQualification(_Command):
    """The ground no longer holds; the enterprise is active again when it was the last."""

    reason: SuspensionReason
    version: Version | None = None


class RevokeQualification(_Command):
    """For good: open orders are closed, and nobody departs any more."""

    reason: RevocationReason
    version: Version | None = None


class StopPlan(_Command):
    """The filed plan for workers still abroad."""

    filing_no: Number
    takes_over: EnterpriseId | None = None
    home_by: Day | None = None


class StopBusiness(_Command):
    """E9: the enterprise closes. While workers are abroad it files a plan: who takes them over, or until when they are home.

    With a plan once more: the plan filed before is replaced.
    """

    plan: StopPlan | None = None
    version: Version | None = None


class FileManagers(_Command):
    """E7: the list of accompanying managers is filed with the embassy and the approving authority, under this number."""

    destination: DestinationField
    filing_no: Number
    managers: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class WithdrawManagers(_Command):
    """No manager accompanies the workers there any more."""

    destination: DestinationField


class PublishNotice(_Command):
    """E10: a breach of an enterprise or a foreign employer and its penalty, public from `since` (today) to `until` (for good)."""

    enterprise: EnterpriseId | None = None
    employer: EmployerId | None = None
    breach: Breach
    penalty: Penalty
    fine: PositiveAmount | None = None
    decision_no: Number
    decided_on: Day
    since: Day | None = None
    until: Day | None = None


class WithdrawNotice(_Command):
    """The decision was overturned, or never made."""

    reason: Literal["overturned", "mistaken"]
    version: Version | None = None


class DepositReserve(_Command):
    """E3: a deposit into the risk reserve, in yuan."""

    amount: PositiveAmount
    version: Version | None = None


class DrawReserve(_Command):
    """E4: paid out in a case, for one of the uses that the law allows, in yuan."""

    amount: PositiveAmount
    use: ReserveUse
    case: CaseId
    version: Version | None = None


class TopUpReserve(_Command):
    """E4: what a draw took is put back, in yuan."""

    amount: PositiveAmount
    version: Version | None = None


class RegisterEmployer(_Command):
    """E6: a company of the host state. An individual is named to be refused by name."""

    name: Line
    kind: Literal["company", "public_body", "individual"] = "company"
    destination: DestinationField
    registration_no: Number
    licence_no: Number | None = None


class OpenJobOrder(_Command):
    """A need for workers. Without `expires` it is open for the programme's default of days.

    `employer_id`, of a registered employer, stands instead of the name `employer`.
    """

    enterprise: EnterpriseId
    employer: Line | None = None
    employer_id: EmployerId | None = None
    destination: DestinationField
    occupation: OccupationField
    channel: Channel
    positions: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    wage: PositiveAmount
    wage_period: WagePeriod
    term_months: Annotated[int, Field(strict=True, ge=1, le=120)]
    fee_cap: Amount | None = None
    expires: Day | None = None
    old_number: OldNumber | None = None


class AmendJobOrder(_Command):
    """What is given replaces what was. What workers before departure were matched at is not taken back."""

    positions: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    wage: PositiveAmount | None = None
    wage_period: WagePeriod | None = None
    term_months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None
    fee_cap: Amount | None = None
    expires: Day | None = None
    version: Version | None = None


class CloseJobOrder(_Command):
    """Take no more workers. Placements under way go on."""

    version: Version | None = None


class HoldDockingFair(_Command):
    """A fair where enterprises and counties have met, in a county or at another place: only a national officer enters the latter."""

    name: Line
    county: CountyField | None = None
    place: Line | None = None
    held_on: Annotated[Day, Field(ge=date(1990, 1, 1))]
    counties: Annotated[tuple[CountyField, ...], Field(min_length=1, max_length=300), AfterValidator(_once)]
    enterprises: Annotated[tuple[EnterpriseId, ...], Field(min_length=1, max_length=300), AfterValidator(_once)]


class CorrectDockingFair(_Command):
    """What is given replaces what was; on another day, other matches count against its intentions."""

    name: Line | None = None
    county: CountyField | None = None
    place: Line | None = None
    held_on: Annotated[Day, Field(ge=date(1990, 1, 1))] | None = None
    counties: Annotated[tuple[CountyField, ...], Field(min_length=1, max_length=300), AfterValidator(_once)] | None = None
    enterprises: Annotated[tuple[EnterpriseId, ...], Field(min_length=1, max_length=300), AfterValidator(_once)] | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidDockingFair(_Command):
    """There was no such fair."""

    reason: Literal["mistaken", "duplicate"]
    version: Version | None = None


class RecordIntention(_Command):
    """How many workers of a county an enterprise means to take; what they will do and where may be open yet."""

    county: CountyField
    enterprise: EnterpriseId
    headcount: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    destination: DestinationField | None = None
    occupation: OccupationField | None = None


class CorrectIntention(_Command):
    """What is given replaces what was."""

    county: CountyField | None = None
    enterprise: EnterpriseId | None = None
    headcount: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    destination: DestinationField | None = None
    occupation: OccupationField | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidIntention(_Command):
    """There was no such intention."""

    reason: Literal["mistaken", "duplicate", "withdrawn"]
    version: Version | None = None


class ProposeMatches(_Command):
    """The `n` best workers for an order; or one given worker, who must be eligible all the same."""

    n: Annotated[int, Field(strict=True, ge=1, le=100)] = 10
    worker: WorkerId | None = None


class MatchAllOrders(_Command):
    """Propose the best matches for all open orders at once. A quota that is missed counts as in the score, and by `quota_weight` per
    cent of that once more; an order gets `most_per_order` proposals at most. The answer shows the first `shown` of them.
    """

    quota_weight: Annotated[int, Field(strict=True, ge=0, le=1000)]
    most_per_order: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 100_000
    shown: Annotated[int, Field(strict=True, ge=0, le=1000)] = 100
    dry_run: Annotated[bool, Field(strict=True)] = False


class AcceptMatch(_Command):
    """Take the worker and a position of the order."""


class DeclineMatch(_Command):
    """An enterprise declines for itself, a clerk for the worker, an officer for either."""

    side: Literal["worker", "enterprise"]
    reason: DeclineReason = "other"


class ContractTerms(_Command):
    """The terms a contract fixes (C1-C2). A daily wage needs `days_per_month`, the paid days of a full month."""

    contract_no: Number
    wage: PositiveAmount
    wage_period: WagePeriod
    days_per_month: Annotated[int, Field(strict=True, ge=1, le=31)] = 1
    pay_day: Annotated[int, Field(strict=True, ge=1, le=28)]
    deductions_max: Amount
    start: Day
    end: Day
    service_fee: Amount | None = None
    deposit: Amount | None = None  # named to be refused by name: C5


class RegisterContract(ContractTerms):
    """File the contract with the authority; due 10 working days after `signed_on` (C6), which is today unless given."""

    signed_on: Day | None = None
    version: Version | None = None


class DeclareFee(_Command):
    """C5: somebody is charged for the placement. A deposit and a guarantee are named to be refused by name. Charged today unless given."""

    payer: FeePayer
    item: DeclaredItem
    amount: Amount
    charged_on: Day | None = None
    version: Version | None = None


class CorrectFee(_Command):
    """What is given replaces what was."""

    payer: FeePayer | None = None
    item: DeclaredItem | None = None
    amount: Amount | None = None
    charged_on: Day | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidFee(_Command):
    """It was not charged after all, or was paid back."""

    reason: Literal["not_charged", "duplicate", "wrong_placement", "refunded"]
    version: Version | None = None


class BindInsurance(_Command):
    """W2: the worker's accident insurance for the time abroad."""

    insurer: Line
    policy_no: Number
    valid_from: Day
    valid_to: Day
    version: Version | None = None


class RecordMedical(_Command):
    """The finding of the examination, without a diagnosis. Without `valid_until` it holds as long as a finding may."""

    examined_on: Day
    result: Literal["fit", "fit_with_conditions", "unfit"]
    valid_until: Day | None = None
    place: Line
    version: Version | None = None


class RequestClearance(_Command):
    """Ask for leave to depart, today or on `planned_departure`."""

    planned_departure: Day | None = None
    version: Version | None = None


class RecordDeparture(_Command):
    """The border was crossed, and this proves it."""

    departed_on: Day
    port: Port
    visa: Visa
    evidence: DepartureEvidence
    version: Version | None = None


class ArrivalTerms(_Command):
    """Each term of the contract as the worker finds it, and whether the worker keeps the own passport."""

    employer: AsAgreed
    wage: AsAgreed
    work: AsAgreed
    place: AsAgreed
    hours: AsAgreed
    passport_kept: Annotated[bool, Field(strict=True)]


class ConfirmArrival(_Command):
    """What the worker says on that day after the departure; today unless given."""

    day: Annotated[int, Field(strict=True, ge=1, le=3650)]
    confirmed_on: Day | None = None
    terms: ArrivalTerms
    version: Version | None = None


class CorrectArrival(_Command):
    """What is given replaces what was."""

    confirmed_on: Day | None = None
    terms: ArrivalTerms | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidArrival(_Command):
    """The worker did not confirm that."""

    reason: Literal["not_confirmed", "wrong_placement", "wrong_day"]
    version: Version | None = None


class ExtendContract(_Command):
    """The contract runs longer; signed before its end, today unless given."""

    end: Day
    signed_on: Day | None = None
    version: Version | None = None


class TransferEmployer(_Command):
    """Another employer takes the worker over. What is not given of the terms stays as it was."""

    employer_id: EmployerId
    since: Day
    consent: Annotated[bool, Field(strict=True)]  # of the worker
    contract_no: Number
    wage: PositiveAmount | None = None
    wage_period: WagePeriod | None = None
    days_per_month: Annotated[int, Field(strict=True, ge=1, le=31)] | None = None
    pay_day: Annotated[int, Field(strict=True, ge=1, le=28)] | None = None
    deductions_max: Amount | None = None
    end: Day | None = None
    version: Version | None = None


class VoidContractChange(_Command):
    """The last change did not happen, or was entered wrongly: it is undone, and can be entered as it was."""

    reason: Literal["entered_wrongly", "not_agreed", "wrong_placement"]
    version: Version | None = None


class RecordReturn(_Command):
    returned_on: Day
    reason: ReturnReason
    version: Version | None = None


class CancelPlacement(_Command):
    """An enterprise gives the reason `enterprise`, a clerk `worker`, an officer any."""

    reason: Literal["worker", "enterprise", "officer"]
    version: Version | None = None


class CorrectDispatch(_Command):
    """The departure, or the return from it, was other than recorded: what is given replaces what was."""

    departed_on: Day | None = None
    port: Port | None = None
    destination: DestinationField | None = None
    occupation: OccupationField | None = None
    county: CountyField | None = None
    returned_on: Day | None = None
    return_reason: ReturnReason | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidDispatch(_Command):
    """There was no such departure."""

    reason: Literal["not_departed", "duplicate", "wrong_worker", "false_evidence"]
    version: Version | None = None


class RecordOldNumber(_Command):
    """The number that the placement had in a system before this one, by which people still ask for it."""

    system: OldSystem
    number: OldNumberText


class AdoptedPlacement(_Command):
    """One row of an adoption."""

    worker: WorkerId
    enterprise: EnterpriseId
    destination: DestinationField
    occupation: OccupationField
    channel: Channel
    departed_on: Day
    port: Port
    contract: ContractTerms
    old_number: OldNumber | None = None


class AdoptPlacements(_Command):
    """Workers already abroad when this system takes over. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(AdoptedPlacement)]]


class ListedContract(RegisterContract):
    """One row of a list."""

    placement: PlacementId


class RegisterContracts(_Command):
    """Contracts of many. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedContract)]]


class ListedInsurance(BindInsurance):
    """One row of a list."""

    placement: PlacementId


class BindInsurances(_Command):
    """One policy for many, or many policies. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedInsurance)]]


class ListedMedical(RecordMedical):
    """One row of a list."""

    placement: PlacementId


class RecordMedicals(_Command):
    """What a hospital has found. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedMedical)]]


class ListedClearance(RequestClearance):
    """One row of a list."""

    placement: PlacementId


class RequestClearances(_Command):
    """Leave to depart, for many. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedClearance)]]


class ListedDeparture(RecordDeparture):
    """One row of a list."""

    placement: PlacementId


class RecordDepartures(_Command):
    """Who has crossed the border. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedDeparture)]]


class ListedArrival(ConfirmArrival):
    """One row of a list."""

    placement: PlacementId


class ConfirmArrivals(_Command):
    """What workers say. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedArrival)]]


class ListedReturn(RecordReturn):
    """One row of a list."""

    placement: PlacementId


class RecordReturns(_Command):
    """Who has come home. Each row is read by itself: a bad one hinders no other."""

    rows: _Rows[Annotated[dict[str, Any], _DocumentedAs(ListedReturn)]]
