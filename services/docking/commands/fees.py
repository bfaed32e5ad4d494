"""What is charged for a placement, and to whom."""

from __future__ import annotations

from typing import Literal

from services.docking.commands.fields import Command, Version
from shared.values import Amount, CorrectionReason, Day, FeePayer

DeclaredItem = Literal[
    "service_fee",
    "medical",
    "insurance",
    "skills_test",
    "training",
    "equipment",
    "travel",
    "lodging",
    "passport",
    "visa",
    "work_permit",
    "documents",
    "deposit",
    "guarantee",
]


class DeclareFee(Command):
    """C5: somebody is charged for the placement. A deposit and a guarantee are named to be refused by name. Charged today unless given."""

    payer: FeePayer
    item: DeclaredItem
    amount: Amount
    charged_on: Day | None = None
    version: Version | None = None


class CorrectFee(Command):
    """What is given replaces what was."""

    payer: FeePayer | None = None
    item: DeclaredItem | None = None
    amount: Amount | None = None
    charged_on: Day | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidFee(Command):
    """It was not charged after all, or was paid back."""

    reason: Literal["not_charged", "duplicate", "wrong_placement", "refunded"]
    version: Version | None = None
