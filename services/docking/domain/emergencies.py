"""Emergencies in countries that workers go to, as rights declares and ends them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.docking.domain.errors import CountryInEmergency
from services.docking.domain.placements import Placement
from shared.values import Destination, EmergencyId


@dataclass(frozen=True, slots=True)
class CountryEmergency:
    """`ended_on` None: it has not ended."""

    id: EmergencyId
    destination: Destination
    declared_on: date
    ended_on: date | None = None

    def is_on(self, destination: Destination, day: date) -> bool:
        return self.destination == destination and self.declared_on <= day and (self.ended_on is None or self.ended_on > day)


def require_no_emergency(known: Iterable[CountryEmergency], destination: Destination, day: date) -> None:
    """W5. Raises CountryInEmergency."""
    for emergency in known:
        if not emergency.is_on(destination, day):
            continue
        raise CountryInEmergency(field="departed_on", state={"emergency": str(emergency.id), "since": emergency.declared_on.isoformat()})


def without_clearance(placement: Placement, declared_on: date) -> Placement:
    """The clearance ends with the day before; the position is held as long as the clearance would have held it.

    Evidence may still come of a departure before, and a clearance be asked for again once the emergency has ended.
    """
    return replace(placement, certificate=None, clearance_valid_to=declared_on - timedelta(days=1))
