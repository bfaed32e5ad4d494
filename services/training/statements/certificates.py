"""The payload of what is signed about a certificate."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from services.training.domain.certificates import Basis, Certificate, Serial, Validity
from shared.values import Destination, Occupation, WorkerId

KIND = "training-certificate+jws"


class Statement(BaseModel):
    """A certificate as it was on a day. `worker`: on paper, which is handed to one; None: stated to whoever asked for the serial."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    serial: Serial
    worker: WorkerId | None = None
    destination: Destination
    occupation: Occupation
    minutes: int
    credited: int
    basis: Basis
    issued_on: date
    valid_to: date
    state: Validity
    stated_on: date

    @classmethod
    def from_certificate(cls, certificate: Certificate, on: date) -> Statement:
        return cls(
            serial=certificate.serial,
            worker=certificate.worker,
            destination=certificate.destination,
            occupation=certificate.occupation,
            minutes=certificate.minutes,
            credited=certificate.credited,
            basis=certificate.basis,
            issued_on=certificate.issued_on,
            valid_to=certificate.valid_to,
            state=certificate.validity(on),
            stated_on=on,
        )
