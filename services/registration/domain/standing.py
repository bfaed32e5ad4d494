"""Whether a registration is in force: suspended by an officer, or lapsed because nobody saw a document in time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from services.registration.domain.errors import NotInForce

SuspensionReason = Literal["identity_doubtful", "false_statement", "under_investigation", "exit_restricted", "asked_by_worker"]
ReinstatementReason = Literal["doubt_removed", "investigation_closed", "restriction_ended", "suspended_in_error", "asked_by_worker"]


class Standing(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"


class Step(StrEnum):
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    LAPSE = "lapse"
    VERIFY = "verify"
    OFFER = "offer"  # state what one is willing to do


STANDING_STEPS: Mapping[tuple[Standing, Step], Standing] = {
    (Standing.ACTIVE, Step.VERIFY): Standing.ACTIVE,
    (Standing.ACTIVE, Step.OFFER): Standing.ACTIVE,
    (Standing.ACTIVE, Step.SUSPEND): Standing.SUSPENDED,
    (Standing.SUSPENDED, Step.REINSTATE): Standing.ACTIVE,
    (Standing.ACTIVE, Step.LAPSE): Standing.LAPSED,
    (Standing.LAPSED, Step.VERIFY): Standing.ACTIVE,
}


def standing_after(standing: Standing, step: Step) -> Standing:
    """Raises NotInForce: the standing does not allow the step."""
    following = STANDING_STEPS.get((standing, step))
    if following is None:
        raise NotInForce(state=standing)
    return following
