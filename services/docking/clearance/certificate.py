"""The certificate of a clearance: signed with Ed25519, checked offline by anyone with the public key."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from joserfc import jws
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
    worker_no: str | None = None  # as people write it; None: signed before certificates had it, or not known
    destination: str
    granted_on: date
    valid_to: date


def sign(key: OKPKey, certificate: Certificate) -> str:
    """A compact JWS (EdDSA)."""
    return signing.sign(key, KIND, certificate.model_dump_json(exclude_none=True).encode())


def verify(token: str, key: OKPKey, *, on: date) -> Certificate:
    """Check signature and day offline; `key` needs only the public half. Raises CertificateInvalid."""
    try:
        signed = signing.verify(token, [key])
    except signing.SignatureInvalid as error:
        raise CertificateInvalid("not a certificate of this key") from error
    return valid(signed, on)


def valid(signed: signing.Signed, on: date) -> Certificate:
    """The certificate, if it is one and the day is one of its days. Raises CertificateInvalid."""
    if signed.kind != KIND:
        raise CertificateInvalid("not a clearance certificate")
    try:
        certificate = Certificate.model_validate_json(signed.payload)
    except ValidationError as error:
        raise CertificateInvalid("not a clearance certificate") from error
    if not certificate.granted_on <= on <= certificate.valid_to:
        raise CertificateInvalid(f"valid from {certificate.granted_on} to {certificate.valid_to}")
    return certificate


def read(token: str) -> Certificate:
    """What a token of this service's own database says; its signature is not checked."""
    return Certificate.model_validate_json(jws.extract_compact(token.encode()).payload)


def certify(key: OKPKey, placement: Placement, worker_no: str | None, *, granted_on: date, valid_to: date) -> str:
    """The signed certificate of a clearance."""
    return sign(
        key,
        Certificate(
            placement=placement.id,
            worker=placement.worker,
            worker_no=worker_no,
            destination=placement.destination,
            granted_on=granted_on,
            valid_to=valid_to,
        ),
    )
