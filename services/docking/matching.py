"""Who fits an order, and how well. Pure and deterministic: the same input gives the same matches in the same order.

Eligibility is never overridden, whoever proposes. The score only ranks those who are eligible; every point of it is named in
the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.docking.domain import Order
from shared.values import PROGRAMME_ZONE, CountyCode, Destination, HouseholdStatus, Money, Occupation, Sex, WagePeriod, WorkerId

VERSION = "match-1"

# Points, 1000 in all.
SKILL_PER_DIGIT = 100  # per leading ISCO digit that work done before shares with the job: up to 400
FRESHNESS = 150  # willingness recorded today; 0 after half a year
MARGIN = 150  # offer at least half again the wage floor
WAITING = 100  # registered a year ago or longer
QUOTA = 200  # the county's list counts towards a quota that is missed
QUOTA_FLOOR = 50  # of these as soon as one head is missing; the rest grows with the gap, full at 7.5 % of the denominator


@dataclass(frozen=True, slots=True)
class Worker:
    """What matching knows of a worker. `floor` is per month."""

    id: WorkerId
    registered_at: datetime
    registered_on: date
    county: CountyCode
    poor: bool
    sex: Sex
    birth_year: int
    household_status: HouseholdStatus
    occupations: tuple[Occupation, ...]
    verified: bool
    willing: bool
    destinations: tuple[Destination, ...]
    wanted: tuple[Occupation, ...]
    floor: Money | None
    available_from: date | None
    willing_since: date | None
    willing_until: date | None


@dataclass(frozen=True, slots=True)
class QuotaGap:
    """Where the poverty-county quota stands: numerator, denominator, and the heads missing (0: met)."""

    num: int
    den: int
    heads: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The programme's parameters that eligibility and score depend on."""

    minimum_age: int
    maximum_age: int
    days_per_month: int
    match_days: int


@dataclass(frozen=True, slots=True)
class Ranked:
    worker: WorkerId
    score: int  # 0..1000
    reasons: tuple[str, ...]
    quota_effect: str | None


def wanted_codes(occupation: Occupation) -> list[str]:
    """The occupation and the broader groups it belongs to: who wants 71 wants 7112."""
    return [occupation[:length] for length in range(1, len(occupation) + 1)]


def obstacles(worker: Worker, order: Order, on: date, terms: Terms) -> tuple[str, ...]:
    """Why this worker may not be matched to this order; empty: eligible. Age is the calendar year's, registration checked the date."""
    found = []
    if not worker.verified:
        found.append("not_verified")
    if not worker.willing or worker.willing_until is None or worker.willing_until < on:
        found.append("not_willing")
    if not terms.minimum_age <= on.year - worker.birth_year <= terms.maximum_age:
        found.append("age")
    if order.destination not in worker.destinations:
        found.append("destination_not_wanted")
    if not any(order.occupation.startswith(code) for code in worker.wanted):
        found.append("occupation_not_wanted")
    if worker.available_from is not None and (worker.available_from - on).days > terms.match_days:
        found.append("not_available")
    margin = _margin(worker, order, terms)
    if margin is not None and margin < 0:
        found.append("wage_below_floor")
    return tuple(found)


def rank(workers: Iterable[Worker], order: Order, on: date, terms: Terms, gap: QuotaGap | None, n: int) -> list[Ranked]:
    """The n best of those eligible: score first, then time of registration, then id."""
    fitting = [(worker, score(worker, order, on, terms, gap)) for worker in workers if not obstacles(worker, order, on, terms)]
    fitting.sort(key=lambda pair: (-pair[1].score, pair[0].registered_at, str(pair[0].id)))
    return [ranked for _, ranked in fitting[:n]]


def score(worker: Worker, order: Order, on: date, terms: Terms, gap: QuotaGap | None) -> Ranked:
    """Points of an eligible worker, each with its reason."""
    parts: Sequence[tuple[int, str | None]] = (
        _skill(worker, order),
        _freshness(worker, on),
        _wage(worker, order, terms),
        _waiting(worker, on),
        _quota(worker, gap),
    )
    return Ranked(
        worker=worker.id,
        score=sum(points for points, _ in parts),
        reasons=tuple(f"{reason} (+{points})" for points, reason in parts if reason),
        quota_effect=quota_effect(gap, poor=worker.poor),
    )


def _skill(worker: Worker, order: Order) -> tuple[int, str | None]:
    shared = max((_prefix(code, order.occupation) for code in worker.occupations), default=0)
    if not shared:
        return 0, f"no experience near {order.occupation}"
    return shared * SKILL_PER_DIGIT, f"experience shares {shared} of {len(order.occupation)} digits with {order.occupation}"


def _prefix(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _freshness(worker: Worker, on: date) -> tuple[int, str | None]:
    days = max(0, (on - worker.willing_since).days) if worker.willing_since else 180
    return FRESHNESS * max(0, 180 - days) // 180, f"willingness recorded {days} days ago"


def _monthly(order: Order, terms: Terms) -> int:
    return order.wage.minor * (terms.days_per_month if order.wage_period is WagePeriod.DAY else 1)


def _margin(worker: Worker, order: Order, terms: Terms) -> int | None:
    """Offer above the floor in per mille of the floor; None: no floor, or another currency."""
    if worker.floor is None or worker.floor.currency != order.wage.currency or worker.floor.minor <= 0:
        return None
    return (_monthly(order, terms) - worker.floor.minor) * 1000 // worker.floor.minor


def _wage(worker: Worker, order: Order, terms: Terms) -> tuple[int, str | None]:
    margin = _margin(worker, order, terms)
    if margin is None:
        floor = worker.floor
        comparable = floor is None or floor.currency == order.wage.currency
        return MARGIN // 2, "no wage floor" if comparable else "wage floor not comparable"
    return MARGIN * min(margin, 500) // 500, f"offer {margin // 10} % above the wage floor"


def _waiting(worker: Worker, on: date) -> tuple[int, str | None]:
    days = max(0, (on - worker.registered_at.astimezone(PROGRAMME_ZONE).date()).days)
    return WAITING * min(days, 365) // 365, f"registered {days} days ago"


def _quota(worker: Worker, gap: QuotaGap | None) -> tuple[int, str | None]:
    if gap is None or gap.heads <= 0 or not worker.poor:
        return 0, None
    points = min(QUOTA, QUOTA_FLOOR + 2000 * gap.heads // max(1, gap.den))
    return points, f"poverty county: {gap.heads} heads missing from the quota"


def quota_effect(gap: QuotaGap | None, *, poor: bool) -> str | None:
    """What one departure would move, with as many digits as show it: "national poor-county share 9.583 -> 9.584 %"."""
    if gap is None or gap.den <= 0:
        return None
    before, later = (gap.num, gap.den), (gap.num + poor, gap.den + 1)
    for digits in (2, 3, 4):
        texts = _percent(*before, digits), _percent(*later, digits)
        if texts[0] != texts[1]:
            break
    return f"national poor-county share {texts[0]} -> {texts[1]} %"


def _percent(num: int, den: int, digits: Literal[2, 3, 4]) -> str:
    """Half up, in integers: rounding happens only here, where people read."""
    unit: int = 10**digits
    value = (num * 100 * unit * 2 + den) // (den * 2)
    return f"{value // unit}.{value % unit:0{digits}d}"
