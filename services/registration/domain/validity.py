"""Whether a registration is in force: suspended by an officer, or lapsed because nobody saw a document in time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from services.registration.domain.errors import NotInForce

SuspensionReason = Literal["identity_doubtful", "false_statement", "under_investigation", "exit_restricted", "asked_by_worker"]
ReinstatementReason = Literal["doubt_removed", "investigation_closed", "restriction_ended", "suspended_in_error", "asked_by_worker"]


class Validity(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"


class Step(StrEnum):
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    LAPSE = "lapse"
    VERIFY = "verify"
    OFFER = "offer"  # state what one is willing to do


VALIDITY_STEPS: Mapping[tuple[Validity, Step], Validity] = {
    (Validity.ACTIVE, Step.VERIFY): Validity.ACTIVE,
    (Validity.ACTIVE, Step.OFFER): Validity.ACTIVE,
    (Validity.ACTIVE, Step.SUSPEND): Validity.SUSPENDED,
    (Validity.SUSPENDED, Step.REINSTATE): Validity.ACTIVE,
    (Validity.ACTIVE, Step.LAPSE): Validity.LAPSED,
    (Validity.LAPSED, Step.VERIFY): Validity.ACTIVE,
}


def validity_after(validity: Validity, step: Step) -> Validity:
    """Raises NotInForce: the validity does not allow the step."""
    following = VALIDITY_STEPS.get((validity, step))
    if following is None:
        raise NotInForce(state=validity)
    return following
