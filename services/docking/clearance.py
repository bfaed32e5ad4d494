"""The clearance saga's decision, and the certificate it ends in.

assess() is pure: facts in, outcome out. The steps around it (waiting for training's certificate, timeouts, compensation) are
usecases/clearances.py and usecases/sweeps.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict, ValidationError

from services.docking.domain import Enterprise, EnterpriseState, Order, Placement, covers
from shared.values import Destination

TRAINING = "training_certificate"
CHECKS = (
    TRAINING,  # W1, article 12
    "insurance",  # W2, article 13
    "contract_filed",  # C1-C2, articles 21 and 23; C6: filing it here is the filing
    "fee_within_cap",  # C5, article 25; a deposit is refused with the contract itself
    "enterprise_active",  # E1, article 5
    "licence_valid",  # E1
    "licence_scope",  # E1
    "reserve",  # E3, article 9
    "no_blocking_case",
)


@dataclass(frozen=True, slots=True)
class TrainingCertificate:
    """A certificate that is not revoked. Its occupation may be broader than the job's: 71 covers 7112."""

    serial: str
    destination: Destination
    occupation: str
    valid_to: date


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the decision rests on."""

    placement: Placement
    order: Order
    enterprise: Enterprise
    certificates: tuple[TrainingCertificate, ...]
    blocked: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """granted: leave until `valid_to`. waiting: only the training certificate is missing. refused: `failed` names why."""

    verdict: Literal["granted", "waiting", "refused"]
    failed: tuple[str, ...]
    certificate: TrainingCertificate | None
    valid_to: date


def assess(facts: Facts, today: date, *, minimum_reserve: int, fee_cap_per_mille: int, days: int) -> Outcome:
    """Decide on the day `today`. A missing certificate alone makes the request wait: training will tell."""
    leaving = max(facts.placement.planned_departure or today, today)
    certificate = _certificate(facts, leaving)
    passed = _passed(facts, today, leaving, minimum_reserve, fee_cap_per_mille)
    passed[TRAINING] = certificate is not None
    failed = tuple(check for check in CHECKS if not passed[check])
    ends = [today + timedelta(days=days), facts.enterprise.valid_to]
    if certificate is not None:
        ends.append(certificate.valid_to)
    if facts.placement.insurance is not None:
        ends.append(facts.placement.insurance.valid_to)
    verdict: Literal["granted", "waiting", "refused"] = "refused"
    if not failed:
        verdict = "granted"
    elif failed == (TRAINING,):
        verdict = "waiting"
    return Outcome(verdict, failed, certificate, min(ends))


def _certificate(facts: Facts, leaving: date) -> TrainingCertificate | None:
    """The one valid longest on the day of leaving; the serial breaks a tie."""
    placement = facts.placement
    fitting = [
        one
        for one in facts.certificates
        if one.destination == placement.destination and placement.occupation.startswith(one.occupation) and one.valid_to >= leaving
    ]
    return max(fitting, key=lambda one: (one.valid_to, one.serial), default=None)


def _passed(facts: Facts, today: date, leaving: date, minimum_reserve: int, fee_cap_per_mille: int) -> dict[str, bool]:
    placement, order, enterprise = facts.placement, facts.order, facts.enterprise
    contract, insurance = placement.contract, placement.insurance
    # Cover must be in force on the day of leaving and last as long as the contract does.
    insured = insurance is not None and insurance.valid_from <= leaving <= insurance.valid_to
    if insured and insurance is not None and contract is not None:
        insured = insurance.valid_to >= contract.end
    return {
        "insurance": insured,
        "contract_filed": contract is not None and contract.end >= leaving,
        "fee_within_cap": _fee_within_cap(facts, fee_cap_per_mille),
        "enterprise_active": enterprise.state is EnterpriseState.ACTIVE,
        "licence_valid": enterprise.valid_to >= max(today, leaving),
        "licence_scope": covers(enterprise, order.channel, order.destination),
        "reserve": enterprise.reserve_minor >= minimum_reserve,
        "no_blocking_case": not facts.blocked,
    }


def _fee_within_cap(facts: Facts, per_mille: int) -> bool:
    """Integers only: fee * 1000 <= per mille * wages of the term; and within the order's own cap where one is comparable."""
    contract, cap = facts.placement.contract, facts.order.fee_cap
    if contract is None or contract.service_fee is None:
        return True
    fee = contract.service_fee
    if cap is not None and cap.currency == fee.currency and fee.minor > cap.minor:
        return False
    return fee.minor * 1000 <= contract.monthly_wage * contract.months * per_mille


# --- the certificate ------------------------------------------------------------------------------------------------------
class CertificateInvalid(Exception):
    """The certificate was not signed by this key, was altered, or is not valid on the day."""


class Certificate(BaseModel):
    """What the signed token says. Opaque ids only; anyone with the public key can check it without a network."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    placement: UUID
    worker: UUID
    destination: str
    granted_on: date
    valid_to: date


def sign(key: OKPKey, certificate: Certificate) -> str:
    """A compact JWS (EdDSA)."""
    header: dict[str, Any] = {"alg": "Ed25519", "typ": "clearance+jws", "kid": key.thumbprint()}
    return jws.serialize_compact(header, certificate.model_dump_json().encode(), key, algorithms=["Ed25519"])


def verify(token: str, key: OKPKey, *, on: date) -> Certificate:
    """Check signature and day offline; `key` needs only the public half. Raises CertificateInvalid."""
    try:
        signed = jws.deserialize_compact(token, key, algorithms=["Ed25519"])
        certificate = Certificate.model_validate_json(signed.payload)
    except (JoseError, ValidationError, ValueError) as error:
        raise CertificateInvalid("not a certificate of this key") from error
    if signed.headers().get("typ") != "clearance+jws":
        raise CertificateInvalid("not a clearance certificate")
    if not certificate.granted_on <= on <= certificate.valid_to:
        raise CertificateInvalid(f"valid from {certificate.granted_on} to {certificate.valid_to}")
    return certificate


@cache
def signing_key(path: Path) -> OKPKey:
    """The Ed25519 key of a PEM file."""
    return OKPKey.import_key(path.read_bytes())


def certify(key: OKPKey, placement: Placement, granted_on: date, valid_to: date) -> str:
    """The signed certificate of a clearance."""
    return sign(
        key,
        Certificate(
            placement=placement.id, worker=placement.worker, destination=placement.destination, granted_on=granted_on, valid_to=valid_to
        ),
    )


def public_key(path: Path) -> Mapping[str, Any]:
    """The JWKS document that certificates are checked against."""
    key = signing_key(path)
    return {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]}
