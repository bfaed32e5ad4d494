"""Certificates."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.training.domain import certificates
from services.training.domain.certificates import Basis, RevocationReason, Serial, Validity
from shared.values import Destination, EnrolmentId, Occupation, PlacementId


class Issued(BaseModel, frozen=True):
    enrolment: EnrolmentId | None
    placement: PlacementId
    serial: Serial
    valid_to: date

    @classmethod
    def from_certificate(cls, certificate: certificates.Certificate) -> Issued:
        return cls(
            enrolment=certificate.enrolment, placement=certificate.placement, serial=certificate.serial, valid_to=certificate.valid_to
        )


class Certificates(BaseModel, frozen=True):
    issued: tuple[Issued, ...]


class Certificate(BaseModel, frozen=True):
    """What anybody may know who holds the serial: nothing of the person."""

    serial: Serial
    centre: str
    destination: Destination
    occupation: Occupation
    minutes: int
    credited: int
    basis: Basis
    issued_on: date
    valid_to: date
    state: Validity
    revoked_on: date | None
    revoked_why: RevocationReason | None

    @classmethod
    def from_certificate(cls, certificate: certificates.Certificate, on: date) -> Certificate:
        """`on`: the day its validity is judged on."""
        return cls(
            serial=certificate.serial,
            centre=certificate.centre,
            destination=certificate.destination,
            occupation=certificate.occupation,
            minutes=certificate.minutes,
            credited=certificate.credited,
            basis=certificate.basis,
            issued_on=certificate.issued_on,
            valid_to=certificate.valid_to,
            state=certificate.validity(on),
            revoked_on=certificate.revoked_on,
            revoked_why=certificate.revoked_why,
        )


class CertificateShown(Certificate, frozen=True):
    """`worker_no`: whose it is, and `enrolment`: after which, for the centre that issued it and for offices of the worker's county.

    Null for everybody else.
    """

    worker_no: str | None
    enrolment: EnrolmentId | None


class Stated(Certificate, frozen=True):
    """`statement`: the same, signed (compact JWS, Ed25519), with the day on which it was so; checked offline with the published key."""

    stated_on: date
    statement: str
