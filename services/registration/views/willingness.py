"""Willingness and supply as shown."""

from __future__ import annotations

from datetime import date

from services.registration.views.view import View
from shared.values import CountyCode, Destination, Money, Occupation


class Offer(View):
    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None
    available_from: date
    expires_on: date
    family_consent: bool


class Supply(View):
    county: CountyCode
    occupation: Occupation
    destination: Destination
    willing: int


class Supplies(View):
    """A worker willing to go to two places in two occupations counts in four cells: do not add cells up."""

    items: tuple[Supply, ...]
    next: str | None
