"""The clearance saga's decision. assess() is pure: facts in, outcome out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.docking.domain.certificates import TrainingCertificate
from services.docking.domain.enterprises import Enterprise, EnterpriseState, covers
from services.docking.domain.fees import Fee, standards
from services.docking.domain.medicals import is_valid
from services.docking.domain.orders import Order
from services.docking.domain.placements import Placement

Check = Literal[
    "training_certificate",
    "medical",
    "insurance",
    "contract_filed",
    "fee_within_cap",
    "enterprise_active",
    "licence_valid",
    "licence_scope",
    "reserve",
    "managers_filed",
    "planned_departure",
    "no_blocking_case",
    "worker_not_suspended",
    "no_emergency",
]
TRAINING: Check = "training_certificate"
CHECKS: tuple[Check, ...] = (
    TRAINING,  # W1, article 12
    "medical",  # the usual path (rules.md 1.3)
    "insurance",  # W2, article 13
    "contract_filed",  # C1-C2, articles 21 and 23; C6: filing it here is the filing
    "fee_within_cap",  # C5, article 25; a deposit is refused where it is declared
    "enterprise_active",  # E1, article 5
    "licence_valid",  # E1
    "licence_scope",  # E1
    "reserve",  # E3, article 9
    "managers_filed",  # E7, articles 16 and 42: where more are there, or cleared for it, than may be without
    "planned_departure",  # within the days that a clearance granted now, or after the wait for training, allows
    "no_blocking_case",
    "worker_not_suspended",
    "no_emergency",  # W5, article 31: in the country, on the day of the decision
)


# Who must act where a check is not met: a trainer, the enterprise, an authority's officer; or nobody but time.
Actor = Literal["trainer", "enterprise", "officer", "nobody"]
ACTORS: dict[Check, Actor] = {
    TRAINING: "trainer",
    "medical": "enterprise",
    "insurance": "enterprise",
    "contract_filed": "enterprise",
    "fee_within_cap": "enterprise",
    "enterprise_active": "officer",
    "licence_valid": "officer",
    "licence_scope": "officer",
    "reserve": "enterprise",
    "managers_filed": "enterprise",
    "planned_departure": "enterprise",
    "no_blocking_case": "officer",
    "worker_not_suspended": "officer",
    "no_emergency": "nobody",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What no paper of the placement says.

    `others`: workers of the enterprise abroad in the country or cleared for it, without this one; no more are counted than decide.
    """

    suspended: bool  # the worker
    blocked: bool  # the enterprise, by an open case
    accompanied: bool  # the enterprise has filed managers for the country
    others: int
    emergency: bool  # in the country


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the decision rests on."""

    placement: Placement
    order: Order
    enterprise: Enterprise
    certificates: tuple[TrainingCertificate, ...]
    fees: tuple[Fee, ...]  # declared, and not voided
    circumstances: Circumstances


Verdict = Literal["granted", "waiting", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The programme's parameters that a clearance depends on."""

    minimum_reserve: int  # fen, E3
    fee_cap_per_mille: int  # of the contract's wages, C5
    days: int  # that a clearance allows departure
    wait_days: int  # that a request waits for the training certificate
    managers_above: int  # workers of one enterprise in one country, E7


@dataclass(frozen=True, slots=True)
class Outcome:
    """granted: leave until `valid_to`. waiting: only the training certificate is missing. refused: `failed` names why."""

    verdict: Verdict
    failed: tuple[Check, ...]
    certificate: TrainingCertificate | None
    valid_to: date


def assess(facts: Facts, today: date, limits: Limits) -> Outcome:
    """Decide on the day `today`. A missing certificate alone makes the request wait: training announces it when it is issued.

    A clearance that is granted covers the planned departure: every end of it lies on that day or after.
    """
    leaving = max(facts.placement.planned_departure or today, today)
    certificate = _certificate(facts, leaving)
    passed = _passed(facts, today, leaving, limits)
    passed[TRAINING] = certificate is not None
    passed["planned_departure"] = leaving <= today + timedelta(days=limits.days + (0 if certificate else limits.wait_days))
    failed = tuple(check for check in CHECKS if not passed[check])
    ends = [today + timedelta(days=limits.days), facts.enterprise.valid_to]
    if certificate is not None:
        ends.append(certificate.valid_to)
    if facts.placement.medical is not None and facts.placement.medical_required:
        ends.append(facts.placement.medical.valid_until)
    if facts.placement.insurance is not None:
        ends.append(facts.placement.insurance.valid_to)
    return Outcome(_verdict(failed), failed, certificate, min(ends))


def _verdict(failed: tuple[Check, ...]) -> Verdict:
    if not failed:
        return "granted"
    return "waiting" if failed == (TRAINING,) else "refused"


def _certificate(facts: Facts, leaving: date) -> TrainingCertificate | None:
    """The one valid longest on the day of leaving; the serial breaks a tie."""
    placement = facts.placement
    fitting = [
        one
        for one in facts.certificates
        if one.destination == placement.destination and placement.occupation.startswith(one.occupation) and one.valid_to >= leaving
    ]
    return max(fitting, key=lambda one: (one.valid_to, one.serial), default=None)


def _passed(facts: Facts, today: date, leaving: date, limits: Limits) -> dict[Check, bool]:
    placement, order, enterprise = facts.placement, facts.order, facts.enterprise
    contract, insurance, around = placement.contract, placement.insurance, facts.circumstances
    # Cover must be in force on the day of leaving and last as long as the contract does.
    insured = insurance is not None and insurance.valid_from <= leaving <= insurance.valid_to
    if insured and insurance is not None and contract is not None:
        insured = insurance.valid_to >= contract.end
    return {
        "medical": is_valid(placement.medical, leaving) or not placement.medical_required,
        "insurance": insured,
        "contract_filed": contract is not None and contract.end >= leaving,
        "fee_within_cap": within_fee_cap(placement, order, facts.fees, limits.fee_cap_per_mille),
        "enterprise_active": enterprise.state is EnterpriseState.ACTIVE,
        "licence_valid": enterprise.valid_to >= max(today, leaving),
        "licence_scope": covers(enterprise, order.channel, order.destination),
        "reserve": enterprise.reserve_minor >= limits.minimum_reserve,
        "managers_filed": around.accompanied or around.others < limits.managers_above,
        "no_blocking_case": not around.blocked,
        "worker_not_suspended": not around.suspended,
        "no_emergency": not around.emergency,
    }


def within_fee_cap(placement: Placement, order: Order, fees: Sequence[Fee], per_mille: int) -> bool:
    """C5: what is declared that the worker pays for the service."""
    return standards(fees, placement.contract, order_cap=order.fee_cap, channel=placement.channel, per_mille=per_mille).within_cap
