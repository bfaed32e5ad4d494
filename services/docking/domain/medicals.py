"""Medical examinations before departure: whether the worker is fit, and until when that holds. Never a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.docking.domain.errors import EndsBeforeStart, FutureDay, MedicalTooLong


class Fitness(StrEnum):
    FIT = "fit"
    CONDITIONS = "fit_with_conditions"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medical:
    """Health data: it is shown to those who prepare the departure, is in no event, and goes when the worker is erased."""

    examined_on: date
    result: Fitness
    valid_until: date
    place: str


def require_medical(medical: Medical, today: date, most_days: int) -> None:
    """Raises FutureDay, EndsBeforeStart, MedicalTooLong."""
    if medical.examined_on > today:
        raise FutureDay(field="examined_on")
    if medical.valid_until < medical.examined_on:
        raise EndsBeforeStart(field="valid_until")
    if medical.valid_until > medical.examined_on + timedelta(days=most_days):
        raise MedicalTooLong(f"a finding holds for {most_days} days", field="valid_until")


def is_valid(medical: Medical | None, leaving: date) -> bool:
    """Whether it allows a departure on that day."""
    return medical is not None and medical.result is not Fitness.UNFIT and medical.examined_on <= leaving <= medical.valid_until
