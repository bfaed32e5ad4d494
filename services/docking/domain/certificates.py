"""Training certificates, as training's events announce them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.values import Destination


@dataclass(frozen=True, slots=True)
class TrainingCertificate:
    """A certificate that is not revoked. Its occupation may be broader than the job's: 71 covers 7112."""

    serial: str
    destination: Destination
    occupation: str
    valid_to: date
