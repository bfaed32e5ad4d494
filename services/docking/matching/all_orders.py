"""Matches for all open orders at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.docking.domain.orders import Order
from services.docking.domain.workers import Worker
from services.docking.matching.assignment import NOT_ELIGIBLE, UNMATCHED, Values, assign
from services.docking.matching.eligibility import Terms
from services.docking.matching.value_matrix import Weigh, value_matrix
from shared.values import OrderId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMarket:
    """Everything that is matched at once, and by which rules."""

    workers: Sequence[Worker]
    orders: Sequence[Order]
    on: date
    terms: Terms
    weigh: Weigh
    most_per_order: int
    declined: frozenset[tuple[OrderId, WorkerId]] = frozenset()  # pairs that either side has turned down


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes to which order. `value` <= the optimum <= `bound`, in points."""

    matches: tuple[tuple[OrderId, WorkerId], ...]
    value: int
    bound: int


def plan(market: OpenMarket) -> Plan:
    """At most one match per worker, and no more per order than free positions. The same market gives the same plan, however it is
    ordered.
    """
    workers = sorted(market.workers, key=lambda one: (one.registered_at, str(one.id)))
    orders = sorted(market.orders, key=lambda one: str(one.id))
    values = value_matrix(workers, orders, market.on, market.terms, market.weigh)
    _leave_out(values, workers, orders, market.declined)
    positions = np.array([max(0, min(one.free, market.most_per_order)) for one in orders], np.int64)
    found = assign(values, positions)
    matches = sorted((int(order), worker) for worker, order in enumerate(found.orders) if order != UNMATCHED)
    return Plan(tuple((orders[order].id, workers[worker].id) for order, worker in matches), found.value, found.bound)


def _leave_out(values: Values, workers: Sequence[Worker], orders: Sequence[Order], pairs: frozenset[tuple[OrderId, WorkerId]]) -> None:
    """These pairs are not eligible."""
    rows = {worker.id: number for number, worker in enumerate(workers)}
    columns = {order.id: number for number, order in enumerate(orders)}
    for order, worker in pairs:
        if order in columns and worker in rows:
            values[rows[worker], columns[order]] = NOT_ELIGIBLE
