"""Whether a registration is in force: suspended by an officer, lapsed as nobody saw a document in time, erased, or merged into another."""

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
    ERASED = "erased"  # nobody can say any more whose it was
    MERGED = "merged"  # another registration is the person's, for good


class Step(StrEnum):
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    LAPSE = "lapse"
    VERIFY = "verify"
    OFFER = "offer"  # state what one is willing to do
    ERASE = "erase"
    MERGE = "merge"


VALIDITY_STEPS: Mapping[tuple[Validity, Step], Validity] = {
    (Validity.ACTIVE, Step.VERIFY): Validity.ACTIVE,
    (Validity.ACTIVE, Step.OFFER): Validity.ACTIVE,
    (Validity.ACTIVE, Step.SUSPEND): Validity.SUSPENDED,
    (Validity.SUSPENDED, Step.REINSTATE): Validity.ACTIVE,
    (Validity.ACTIVE, Step.LAPSE): Validity.LAPSED,
    (Validity.LAPSED, Step.VERIFY): Validity.ACTIVE,
    (Validity.ACTIVE, Step.ERASE): Validity.ERASED,
    (Validity.SUSPENDED, Step.ERASE): Validity.ERASED,
    (Validity.LAPSED, Step.ERASE): Validity.ERASED,
    (Validity.ACTIVE, Step.MERGE): Validity.MERGED,
    (Validity.SUSPENDED, Step.MERGE): Validity.MERGED,
    (Validity.LAPSED, Step.MERGE): Validity.MERGED,
}


def validity_after(validity: Validity, step: Step) -> Validity:
    """Raises NotInForce: the validity does not allow the step."""
    following = VALIDITY_STEPS.get((validity, step))
    if following is None:
        raise NotInForce(state=validity)
    return following
