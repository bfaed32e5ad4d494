"""Notices of breaches and penalties (E10), of enterprises and of foreign employers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.docking.domain.errors import EndsBeforeStart, FineMissing, FutureDay, NoticeOfOne, NoticeWithdrawn, PastDay
from shared.values import EmployerId, EnterpriseId, Money, NoticeId

Breach = Literal[
    "name_lent",
    "false_visa",
    "deposit_taken",
    "fee_above_cap",
    "untrained",
    "uninsured",
    "no_contract",
    "not_filed",
    "concealment",
    "wages_unpaid",
    "incident",
    "reserve",
    "stopped_without_plan",
    "unlawful_recruitment",
    "unsafe_work",
]
Penalty = Literal["order_to_correct", "fine", "suspension", "revocation", "barred"]


class NoticeState(StrEnum):
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class NoticeStep(StrEnum):
    WITHDRAW = "withdraw"


NOTICE_STEPS: Mapping[tuple[NoticeState, NoticeStep], NoticeState] = {
    (NoticeState.PUBLISHED, NoticeStep.WITHDRAW): NoticeState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Public from `since` to `until` (None: for good), or to the day before it is withdrawn."""

    id: NoticeId
    enterprise: EnterpriseId | None
    employer: EmployerId | None
    breach: Breach
    penalty: Penalty
    fine: Money | None
    decision_no: str
    decided_on: date
    since: date
    until: date | None
    state: NoticeState = NoticeState.PUBLISHED
    withdrawn_on: date | None = None
    version: int = 1


def require_notice(one: Notice, today: date) -> None:
    """A fine has an amount, nothing else has. Raises NoticeOfOne, FutureDay, PastDay, EndsBeforeStart, FineMissing."""
    if (one.enterprise is None) == (one.employer is None):
        raise NoticeOfOne(field="enterprise")
    if one.decided_on > today:
        raise FutureDay(field="decided_on")
    if one.since < one.decided_on:
        raise PastDay("before the decision", field="since")
    if one.until is not None and one.until < one.since:
        raise EndsBeforeStart(field="until")
    if (one.penalty == "fine") != (one.fine is not None):
        raise FineMissing(field="fine")


def withdrawn(one: Notice, today: date) -> Notice:
    """Raises NoticeWithdrawn."""
    state = NOTICE_STEPS.get((one.state, NoticeStep.WITHDRAW))
    if state is None:
        raise NoticeWithdrawn(state=one.state)
    return replace(one, state=state, withdrawn_on=today)
