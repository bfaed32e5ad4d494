"""The certificate of a clearance: signed with Ed25519, checked offline by anyone with the public key."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict, ValidationError

from services.docking.domain.placements import Placement
from shared import signing

KIND = "clearance+jws"


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
    return signing.sign(key, KIND, certificate.model_dump_json().encode())


def verify(token: str, key: OKPKey, *, on: date) -> Certificate:
    """Check signature and day offline; `key` needs only the public half. Raises CertificateInvalid."""
    try:
        signed = jws.deserialize_compact(token, key, algorithms=["Ed25519"])
        certificate = Certificate.model_validate_json(signed.payload)
    except (JoseError, ValidationError, ValueError) as error:
        raise CertificateInvalid("not a certificate of this key") from error
    if signed.headers().get("typ") != KIND:
        raise CertificateInvalid("not a clearance certificate")
    if not certificate.granted_on <= on <= certificate.valid_to:
        raise CertificateInvalid(f"valid from {certificate.granted_on} to {certificate.valid_to}")
    return certificate


def certify(key: OKPKey, placement: Placement, granted_on: date, valid_to: date) -> str:
    """The signed certificate of a clearance."""
    return sign(
        key,
        Certificate(
            placement=placement.id, worker=placement.worker, destination=placement.destination, granted_on=granted_on, valid_to=valid_to
        ),
    )
