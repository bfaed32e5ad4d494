"""Events of docking about a placement beside its steps from match to return, which are in docking.py."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.events.event import DOCKING, Event, Origin, Part
from shared.values import (
    ChangeId,
    Channel,
    CorrectionReason,
    Destination,
    EmployerId,
    EnterpriseId,
    FeeId,
    FeeItem,
    FeePayer,
    Money,
    Occupation,
    PlacementId,
    WagePeriod,
    WorkerId,
)


class _Placement(Event):
    TOPIC = DOCKING
    SUBJECT = "placement"

    placement: PlacementId
    worker: WorkerId


class _Codes(Part):
    """What a fact is counted by: the codes of the placement when it was recorded."""

    enterprise: EnterpriseId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel


class FeeFact(_Codes):
    """Charged to `payer` for the placement. Never a deposit or a guarantee: those are refused (C5)."""

    payer: FeePayer
    item: FeeItem
    amount: Money
    charged_on: date


class FeeDeclared(_Placement):
    """The service fee that a contract names has the placement's own id, however often the contract is filed."""

    EFFECTIVE = "charged_on"

    fee: FeeId
    fact: FeeFact

    @property
    def charged_on(self) -> date:
        return self.fact.charged_on


class FeeCorrected(_Placement):
    EFFECTIVE = "charged_on"

    fee: FeeId
    previous: FeeFact
    fact: FeeFact
    reason: CorrectionReason | Literal["contract_replaced"] | None = None  # None: of an older event

    @property
    def charged_on(self) -> date:
        return self.fact.charged_on


class FeeVoided(_Placement):
    """Not charged after all, or paid back."""

    EFFECTIVE = "charged_on"

    fee: FeeId
    previous: FeeFact
    reason: Literal["not_charged", "duplicate", "wrong_placement", "refunded", "contract_replaced"]

    @property
    def charged_on(self) -> date:
        return self.previous.charged_on


class MedicalRecorded(_Placement):
    """The worker was examined. What was found is health data, and in no event."""

    EFFECTIVE = "examined_on"

    examined_on: date


class ArrivalFact(_Codes):
    """What the worker says `day` days after the departure. The codes are those of the departure then."""

    day: int
    confirmed_on: date
    terms_match: bool
    differences: tuple[Literal["employer", "wage", "work", "place", "hours", "passport"], ...]


class ArrivalConfirmed(_Placement):
    EFFECTIVE = "confirmed_on"

    fact: ArrivalFact

    @property
    def confirmed_on(self) -> date:
        return self.fact.confirmed_on


class ArrivalCorrected(_Placement):
    EFFECTIVE = "confirmed_on"

    previous: ArrivalFact
    fact: ArrivalFact
    reason: CorrectionReason | None = None  # None: of an older event

    @property
    def confirmed_on(self) -> date:
        return self.fact.confirmed_on


class ArrivalVoided(_Placement):
    """The worker did not confirm that, or nobody departed."""

    EFFECTIVE = "confirmed_on"

    previous: ArrivalFact
    reason: Literal["not_confirmed", "wrong_placement", "wrong_day", "dispatch_voided"]

    @property
    def confirmed_on(self) -> date:
        return self.previous.confirmed_on


class ExtensionFact(_Codes):
    """Signed before the end so far. The codes are those of the departure then."""

    signed_on: date
    previous_end: date
    end: date
    terms_hash: str


class ContractExtended(_Placement):
    EFFECTIVE = "signed_on"

    change: ChangeId
    fact: ExtensionFact

    @property
    def signed_on(self) -> date:
        return self.fact.signed_on


class ExtensionVoided(_Placement):
    """The contract ends as it did before."""

    EFFECTIVE = "signed_on"

    change: ChangeId
    previous: ExtensionFact
    reason: Literal["entered_wrongly", "not_agreed", "wrong_placement", "dispatch_voided"]

    @property
    def signed_on(self) -> date:
        return self.previous.signed_on


class TransferFact(_Codes):
    """With another employer of the same host state since that day, on these terms. `previous_employer` None: the order's."""

    since: date
    employer: EmployerId
    previous_employer: EmployerId | None
    contract_no: str
    terms_hash: str
    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money
    start: date
    end: date


class EmployerTransferred(_Placement):
    EFFECTIVE = "since"

    change: ChangeId
    fact: TransferFact

    @property
    def since(self) -> date:
        return self.fact.since


class TransferVoided(_Placement):
    """The worker is with the employer before, on the terms before."""

    EFFECTIVE = "since"

    change: ChangeId
    previous: TransferFact
    reason: Literal["entered_wrongly", "not_agreed", "wrong_placement", "dispatch_voided"]

    @property
    def since(self) -> date:
        return self.previous.since


EVENTS: tuple[type[Event], ...] = (
    FeeDeclared,
    FeeCorrected,
    FeeVoided,
    MedicalRecorded,
    ArrivalConfirmed,
    ArrivalCorrected,
    ArrivalVoided,
    ContractExtended,
    ExtensionVoided,
    EmployerTransferred,
    TransferVoided,
)
