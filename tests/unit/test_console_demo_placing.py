"""When the demo asks for a clearance: whoever holds a training certificate already is cleared at once, and must leave within its days."""

from __future__ import annotations

from datetime import date, timedelta

from console.demo.placing import CLEARANCE_DAYS, clearance_asked_on
from services.docking.settings import DockingSettings

YEAR = [date(2017, 1, 1) + timedelta(days=number) for number in range(365)]


def test_a_clearance_that_is_granted_on_the_day_reaches_the_departure() -> None:
    for departed_on in YEAR:
        asked_on = clearance_asked_on(departed_on)
        examined_on = departed_on.replace(day=1) - timedelta(days=37)
        assert examined_on < asked_on < departed_on
        assert departed_on - asked_on <= timedelta(days=CLEARANCE_DAYS), departed_on


def test_the_days_are_those_that_docking_has_by_default() -> None:
    assert DockingSettings.model_fields["docking_clearance_days"].default == CLEARANCE_DAYS
