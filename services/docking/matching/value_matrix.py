"""Values of all pairs of workers and orders at once: what obstacles() and score() say of each pair, read from columns.

40 million pairs take seconds here and would take minutes one by one. test_docking_matching.py holds both to the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from services.docking.domain.orders import Order
from services.docking.domain.quota_gaps import QuotaGap
from services.docking.domain.workers import Worker
from services.docking.matching.assignment import NOT_ELIGIBLE, Values
from services.docking.matching.eligibility import Terms, monthly_offer, personal_obstacles, wanted_codes
from services.docking.matching.ranking import FULL_MARGIN, MARGIN, SKILL_PER_DIGIT, personal_points, quota_points

Index = dict[str, NDArray[np.int64]]  # code -> numbers of the workers


@dataclass(frozen=True, slots=True)
class Weigh:
    """The quota gap, and how much it weighs beside the score: per cent of the points it has there."""

    gap: QuotaGap | None
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The workers as columns."""

    points: NDArray[np.int64]  # that every order gives alike
    destinations: Index  # of those only who may be matched at all
    wanted: Index
    experience: Index  # by each leading part of what they can do
    floors: NDArray[np.int64]
    currencies: NDArray[np.str_]  # "": no floor

    def holds(self, index: Index, codes: Iterable[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.points), bool)
        for code in codes:
            if (numbers := index.get(code)) is not None:
                mask[numbers] = True
        return mask


def value_matrix(workers: Sequence[Worker], orders: Sequence[Order], on: date, terms: Terms, weigh: Weigh) -> Values:
    """Workers x orders: score and weight of the quota gap, or NOT_ELIGIBLE."""
    pool = _pool(workers, on, terms, weigh)
    values = np.full((len(orders), len(workers)), NOT_ELIGIBLE, np.int16)
    by_job: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, order in enumerate(orders):
        by_job[order.destination, order.occupation].append(number)
    for (destination, occupation), numbers in by_job.items():
        wanting = pool.holds(pool.destinations, [destination]) & pool.holds(pool.wanted, wanted_codes(orders[numbers[0]].occupation))
        fitting = np.flatnonzero(wanting)
        points = (pool.points + _skill(pool, occupation))[fitting]
        for number in numbers:
            margins = _wage(pool, orders[number], terms, fitting)
            values[number, fitting] = np.where(margins == NOT_ELIGIBLE, NOT_ELIGIBLE, points + margins)
    return np.ascontiguousarray(values.T)


def _pool(workers: Sequence[Worker], on: date, terms: Terms, weigh: Weigh) -> _Pool:
    destinations, wanted, experience = defaultdict(list), defaultdict(list), defaultdict(list)
    for number, worker in enumerate(workers):
        if personal_obstacles(worker, on, terms):
            continue
        for destination in worker.destinations:
            destinations[str(destination)].append(number)
        for code in worker.wanted:
            wanted[str(code)].append(number)
        for prefix in {code for occupation in worker.occupations for code in wanted_codes(occupation)}:
            experience[prefix].append(number)
    floors = [worker.floor if worker.floor is not None and worker.floor.minor > 0 else None for worker in workers]
    return _Pool(
        points=np.array([_points(worker, on, weigh) for worker in workers], np.int64),
        destinations=_index(destinations),
        wanted=_index(wanted),
        experience=_index(experience),
        floors=np.array([floor.minor if floor else 1 for floor in floors], np.int64),
        currencies=np.array([floor.currency if floor else "" for floor in floors], np.str_),
    )


def _index(numbers: dict[str, list[int]]) -> Index:
    return {code: np.array(found, np.int64) for code, found in numbers.items()}


def _points(worker: Worker, on: date, weigh: Weigh) -> int:
    return personal_points(worker, on, weigh.gap) + quota_points(worker, weigh.gap) * weigh.percent // 100


def _skill(pool: _Pool, occupation: str) -> NDArray[np.int64]:
    points = np.zeros(len(pool.points), np.int64)
    for digits in range(1, len(occupation) + 1):
        if (numbers := pool.experience.get(occupation[:digits])) is not None:
            points[numbers] = digits * SKILL_PER_DIGIT
    return points


def _wage(pool: _Pool, order: Order, terms: Terms, fitting: NDArray[np.int64]) -> NDArray[np.int64]:
    """Points of the wage, or NOT_ELIGIBLE below the floor."""
    floors = pool.floors[fitting]
    margins = (monthly_offer(order, terms) - floors) * 1000 // floors
    points = np.where(margins < 0, NOT_ELIGIBLE, MARGIN * np.minimum(margins, FULL_MARGIN) // FULL_MARGIN)
    return np.where(pool.currencies[fitting] == order.wage.currency, points, MARGIN // 2)
