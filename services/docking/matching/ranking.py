"""The points of an eligible worker, and the order they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.docking.domain.orders import Order
from services.docking.domain.quota_gaps import QuotaGap
from services.docking.domain.workers import Worker
from services.docking.matching.eligibility import Terms, obstacles, wage_margin
from services.docking.matching.quota_effect import quota_effect
from shared.values import PROGRAMME_ZONE, WorkerId

POLICY_VERSION = "match-1"

# Points, 1000 in all.
SKILL_PER_DIGIT = 100  # per leading ISCO digit that work done before shares with the job: up to 400
FRESHNESS = 150  # willingness recorded today; 0 after half a year
MARGIN = 150  # offer at least half again the wage floor
FULL_MARGIN = 500  # per mille of the floor: that half
WAITING = 100  # registered a year ago or longer
QUOTA = 200  # the county's list counts towards a quota that is missed
QUOTA_FLOOR = 50  # of these as soon as one head is missing; the rest grows with the gap, full at 7.5 % of the denominator


# What a score is made of, in words; readers of another language know these lines by their form.
NO_EXPERIENCE = "no experience near {occupation}"
EXPERIENCE = "experience shares {shared} of {digits} digits with {occupation}"
RECORDED = "willingness recorded {days} days ago"
NO_FLOOR, OTHER_FLOOR, ABOVE_FLOOR = "no wage floor", "wage floor not comparable", "offer {percent} % above the wage floor"
REGISTERED = "registered {days} days ago"
QUOTA_MISSED = "poverty county: {heads} heads missing from the quota"
REASONS = (NO_EXPERIENCE, EXPERIENCE, RECORDED, NO_FLOOR, OTHER_FLOOR, ABOVE_FLOOR, REGISTERED, QUOTA_MISSED)
WITH_POINTS = "{reason} (+{points})"


@dataclass(frozen=True, slots=True)
class Ranked:
    """An eligible worker's score, and what it is made of."""

    worker: WorkerId
    score: int  # 0..1000
    reasons: tuple[str, ...]
    quota_effect: str | None


def rank(workers: Iterable[Worker], order: Order, on: date, terms: Terms, *, gap: QuotaGap | None, n: int) -> list[Ranked]:
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
        reasons=tuple(WITH_POINTS.format(reason=reason, points=points) for points, reason in parts if reason),
        quota_effect=quota_effect(gap, poor=worker.poor),
    )


def personal_points(worker: Worker, on: date, gap: QuotaGap | None) -> int:
    """The part of the score that is the same at every order."""
    return _freshness(worker, on)[0] + _waiting(worker, on)[0] + quota_points(worker, gap)


def _skill(worker: Worker, order: Order) -> tuple[int, str | None]:
    shared = max((_shared_digits(code, order.occupation) for code in worker.occupations), default=0)
    if not shared:
        return 0, NO_EXPERIENCE.format(occupation=order.occupation)
    return shared * SKILL_PER_DIGIT, EXPERIENCE.format(shared=shared, digits=len(order.occupation), occupation=order.occupation)


def _shared_digits(one: str, other: str) -> int:
    """Leading digits that both codes begin with."""
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _freshness(worker: Worker, on: date) -> tuple[int, str | None]:
    days = max(0, (on - worker.willing_since).days) if worker.willing_since else 180
    return FRESHNESS * max(0, 180 - days) // 180, RECORDED.format(days=days)


def _wage(worker: Worker, order: Order, terms: Terms) -> tuple[int, str | None]:
    margin = wage_margin(worker, order, terms)
    if margin is None:
        floor = worker.floor
        comparable = floor is None or floor.currency == order.wage.currency
        return MARGIN // 2, NO_FLOOR if comparable else OTHER_FLOOR
    return MARGIN * min(margin, FULL_MARGIN) // FULL_MARGIN, ABOVE_FLOOR.format(percent=margin // 10)


def _waiting(worker: Worker, on: date) -> tuple[int, str | None]:
    days = max(0, (on - worker.registered_at.astimezone(PROGRAMME_ZONE).date()).days)
    return WAITING * min(days, 365) // 365, REGISTERED.format(days=days)


def quota_points(worker: Worker, gap: QuotaGap | None) -> int:
    """Points for a county that counts towards a quota that is missed; more, the further it is missed."""
    if gap is None or gap.heads <= 0 or not worker.poor:
        return 0
    return min(QUOTA, QUOTA_FLOOR + 2000 * gap.heads // max(1, gap.den))


def _quota(worker: Worker, gap: QuotaGap | None) -> tuple[int, str | None]:
    points = quota_points(worker, gap)
    return points, QUOTA_MISSED.format(heads=gap.heads) if gap and points else None
