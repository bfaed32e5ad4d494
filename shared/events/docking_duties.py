"""Events of docking about what enterprises owe their workers abroad, and what was held against them. Subjects: an enterprise, a notice."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.events.event import DOCKING, Event
from shared.values import Channel, Destination, EmployerId, EnterpriseId, Money, NoticeId


class _Managers(Event):
    """E7: of one enterprise in one country."""

    TOPIC = DOCKING
    SUBJECT = "enterprise"

    enterprise: EnterpriseId
    destination: Destination
    effective: date


class ManagersFiled(_Managers):
    """The list of accompanying managers is filed, with the embassy and the approving authority; their names stay there."""

    filing_no: str
    managers: int


class ManagersWithdrawn(_Managers):
    """No manager accompanies the workers any more."""

    filing_no: str


class ManagersMissing(_Managers):
    """More workers are there than `limit`, and no list of managers is filed: nobody else is cleared for this country."""

    abroad: int
    limit: int


class ManagersMissingCleared(_Managers):
    """A list is filed, or so many workers are there no more."""


class EnterpriseStopped(Event):
    """E9: it stops business. Open orders are closed, placements before departure are cancelled.

    `plan_no`: the filed plan for its `abroad` workers, with who takes over and until when they are home; None: nobody is abroad.
    """

    TOPIC = DOCKING
    SUBJECT = "enterprise"

    enterprise: EnterpriseId
    effective: date
    licence_no: str
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]  # empty: every destination
    valid_to: date
    abroad: int
    plan_no: str | None
    takes_over: EnterpriseId | None
    home_by: date | None


class _Notice(Event):
    """E10: the bad-credit register, of an enterprise or of a foreign employer."""

    TOPIC = DOCKING
    SUBJECT = "notice"

    notice: NoticeId
    effective: date
    enterprise: EnterpriseId | None
    employer: EmployerId | None


class NoticePublished(_Notice):
    """A breach and its penalty are public from the effective day on; `until` None: for good."""

    breach: Literal[
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
    penalty: Literal["order_to_correct", "fine", "suspension", "revocation", "barred"]
    fine: Money | None
    decision_no: str
    decided_on: date
    until: date | None


class NoticeWithdrawn(_Notice):
    """Public no more: the decision does not stand, or was never made."""

    reason: Literal["overturned", "mistaken"]


EVENTS: tuple[type[Event], ...] = (
    ManagersFiled,
    ManagersWithdrawn,
    ManagersMissing,
    ManagersMissingCleared,
    EnterpriseStopped,
    NoticePublished,
    NoticeWithdrawn,
)
