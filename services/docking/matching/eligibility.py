"""Who may be matched to an order at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.docking.domain.orders import Order
from services.docking.domain.workers import Worker
from shared.values import Occupation, WagePeriod

Obstacle = Literal[
    "not_verified",
    "suspended",
    "not_willing",
    "age",
    "not_available",
    "destination_not_wanted",
    "occupation_not_wanted",
    "wage_below_floor",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """The programme's parameters that eligibility and score depend on."""

    minimum_age: int
    maximum_age: int
    days_per_month: int
    match_days: int


def wanted_codes(occupation: Occupation) -> list[str]:
    """The occupation and the broader groups it belongs to: who wants 71 wants 7112."""
    return [occupation[:length] for length in range(1, len(occupation) + 1)]


def obstacles(worker: Worker, order: Order, on: date, terms: Terms) -> tuple[Obstacle, ...]:
    """Why this worker may not be matched to this order; empty: eligible."""
    found = list(personal_obstacles(worker, on, terms))
    if order.destination not in worker.destinations:
        found.append("destination_not_wanted")
    if not any(order.occupation.startswith(code) for code in worker.wanted):
        found.append("occupation_not_wanted")
    margin = wage_margin(worker, order, terms)
    if margin is not None and margin < 0:
        found.append("wage_below_floor")
    return tuple(found)


def personal_obstacles(worker: Worker, on: date, terms: Terms) -> tuple[Obstacle, ...]:
    """Why this worker may not be matched to any order. Age is the calendar year's, registration checked the date."""
    found: list[Obstacle] = []
    if not worker.verified:
        found.append("not_verified")
    if worker.suspended:
        found.append("suspended")
    if not worker.willing or worker.willing_until is None or worker.willing_until < on:
        found.append("not_willing")
    if not terms.minimum_age <= on.year - worker.birth_year <= terms.maximum_age:
        found.append("age")
    if worker.available_from is not None and (worker.available_from - on).days > terms.match_days:
        found.append("not_available")
    return tuple(found)


def wage_margin(worker: Worker, order: Order, terms: Terms) -> int | None:
    """Offer above the floor in per mille of the floor; None: no floor, or another currency."""
    if worker.floor is None or worker.floor.currency != order.wage.currency or worker.floor.minor <= 0:
        return None
    return (monthly_offer(order, terms) - worker.floor.minor) * 1000 // worker.floor.minor


def monthly_offer(order: Order, terms: Terms) -> int:
    """Minor units of the wage's currency."""
    return order.wage.minor * (terms.days_per_month if order.wage_period is WagePeriod.DAY else 1)
