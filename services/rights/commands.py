"""What rights can be asked to do: bounded request models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.rights.domain.case_files import EvidenceKind, Offerer, Position, Provider
from services.rights.domain.cases import Category, Medium, Outcome, PauseReason, Severity
from services.rights.domain.emergencies import Authority, EmergencyKind, Reported, Whereabouts
from services.rights.domain.incomes import VoidReason
from services.rights.domain.orphans import VoidCause
from services.rights.domain.repatriations import Cause, RefusalCause
from shared.values import (
    Amount,
    CorrectionReason,
    CountyField,
    Day,
    DestinationField,
    EmergencyId,
    EnterpriseId,
    Grade,
    Line,
    Payer,
    PeriodField,
    PlacementId,
    ReportId,
    without_control_characters,
)

Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]

Account = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Statement = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True), AfterValidator(without_control_characters)
]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Amounts(_Command):
    """What was paid at once, in the currency it was paid in; net = gross - deductions.

    `reference`: the payer's number of the payment, which distinguishes several payments of one day.
    """

    gross: Amount
    deductions: Amount
    net: Amount
    remitted: Amount | None = None
    paid_on: Day
    reference: Reference | None = None


class ReportIncome(_Command):
    """A payment for one month's wage of one placement. An enterprise always reports as the employer.

    `supersedes`: the report of the same source that this one takes the place of.
    """

    placement: PlacementId
    period: PeriodField
    source: Literal["worker", "bank"] = "worker"
    amounts: Amounts
    supersedes: ReportId | None = None


class CorrectIncome(_Command):
    amounts: Amounts
    reason: CorrectionReason
    version: Version | None = None


class VoidIncome(_Command):
    reason: VoidReason
    version: Version | None = None


# --- cases ------------------------------------------------------------------------------------------------------------
class OpenCase(_Command):
    """A complaint or a report. About a placement, or an enterprise as a whole. `hidden`: the enterprise does not learn who."""

    category: Category
    severity: Severity
    via: Literal["worker", "family", "authority", "embassy"]
    medium: Medium | None = None
    placement: PlacementId | None = None
    enterprise: EnterpriseId | None = None
    text: Text
    hidden: Annotated[bool, Field(strict=True)] = False


class _CaseStep(_Command):
    """`version`: of the case that the step was decided on; left out: whatever it is now."""

    version: Version | None = None


class AddEvidence(_CaseStep):
    """A document that stays with whoever holds it: `digest` is its SHA-256."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kind: EvidenceKind
    provided_by: Provider


class TriageCase(_CaseStep):
    """What it really is; without a `category` that of the opening."""

    severity: Severity
    category: Category | None = None


class AssignCase(_CaseStep):
    """`assignee`: an account, never a person's name."""

    assignee: Account


class AnswerCase(_CaseStep):
    """The first answer to whoever complained."""

    text: Text


class RequestResponse(_CaseStep):
    """What the enterprise is asked. It reads this: nothing in it may tell who complained where that is hidden."""

    text: Text


class RecordResponse(_CaseStep):
    position: Position
    text: Text


class RecordOffer(_CaseStep):
    amount: Amount
    offered_by: Offerer
    text: Text


class SettleCase(_CaseStep):
    """Paid, and by whom. Out of the reserve: the reserve is asked, and the case is settled when it has paid."""

    amount: Amount
    paid_by: Payer


class EscalateCase(_CaseStep):
    """To the next higher office."""


class PauseCase(_CaseStep):
    reason: PauseReason


class ResumeCase(_CaseStep):
    pass


class AskClosure(_CaseStep):
    """Whoever complained is asked whether the case may be closed."""


class CloseCase(_CaseStep):
    """`confirmed`: by whoever complained; otherwise they were asked, and have been silent for long enough."""

    outcome: Outcome
    confirmed: Annotated[bool, Field(strict=True)] = False


class ReopenCase(_CaseStep):
    pass


class WithdrawSettlement(_CaseStep):
    """The reserve is not asked any more; what it may have paid goes back to it."""


class DeclareEmergency(_Command):
    """In a country, or a region of it, which does not limit who is to be accounted for: where in it a worker is nobody records."""

    destination: DestinationField
    region: Line | None = None
    kind: EmergencyKind
    grade: Grade
    since: Day
    authority: Authority
    text: Statement


class AccountForWorker(_Command):
    condition: Reported
    whereabouts: Whereabouts
    reported_by: Literal["worker", "enterprise", "employer", "embassy", "authority", "family"]


class EndEmergency(_Command):
    """`reason`: why it ends although somebody is not accounted for."""

    reason: Statement | None = None
    version: Version | None = None


class RequestRepatriation(_Command):
    """Out of an emergency, which is named, or for another cause."""

    placement: PlacementId
    cause: Cause
    emergency: EmergencyId | None = None
    paid_by: Payer


class ApproveRepatriation(_Command):
    """By another account than the one that asked. `approval`: the number of the written approval."""

    approval: Reference
    criteria_version: Reference
    version: Version | None = None


class RefuseRepatriation(_Command):
    cause: RefusalCause
    criteria_version: Reference
    version: Version | None = None


class RecordRepatriation(_Command):
    """The worker is home. Who has paid may be another than who was to."""

    completed_on: Day
    cost: Amount
    paid_by: Payer
    version: Version | None = None


class ReattachOrphan(_Command):
    """To another placement of the worker."""

    placement: PlacementId
    version: Version | None = None


class VoidOrphan(_Command):
    cause: VoidCause
    version: Version | None = None


class ForwardOrphan(_Command):
    """To the officers of another province, by its code."""

    province: CountyField
    version: Version | None = None
