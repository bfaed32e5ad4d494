"""Events of docking about what an enterprise owes the workers it has abroad. Subject: the enterprise."""

from __future__ import annotations

from datetime import date

from shared.events.event import DOCKING, Event
from shared.values import Channel, Destination, EnterpriseId


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


EVENTS: tuple[type[Event], ...] = (ManagersFiled, ManagersWithdrawn, ManagersMissing, ManagersMissingCleared, EnterpriseStopped)
