"""What is made public about a breach."""

from __future__ import annotations

from typing import Literal

from services.docking.commands.fields import Command, Number, Version
from services.docking.domain.notices import Breach, Penalty
from shared.values import Day, EmployerId, EnterpriseId, PositiveAmount


class PublishNotice(Command):
    """E10: a breach of an enterprise or a foreign employer and its penalty, public from `since` (today) to `until` (for good)."""

    enterprise: EnterpriseId | None = None
    employer: EmployerId | None = None
    breach: Breach
    penalty: Penalty
    fine: PositiveAmount | None = None
    decision_no: Number
    decided_on: Day
    since: Day | None = None
    until: Day | None = None


class WithdrawNotice(Command):
    """The decision was overturned, or never made."""

    reason: Literal["overturned", "mistaken"]
    version: Version | None = None
