"""Who goes to which order when all orders are filled at once: a transportation problem, solved exactly in whole numbers.

Maximised is the sum of the matches' values; among equal sums those who registered earlier are taken. Both are one objective: a value
counts more than all registration ranks together. The network solver (OR-Tools, cost scaling) is deterministic and gets only the pairs
that can matter: each worker's best at first, then those that the prices of the positions show to be better, until there are none.
The prices also bound the optimum from above (weak duality), whether or not that point is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

NOT_ELIGIBLE = -1
UNMATCHED = -1
FIRST_PAIRS = 20  # of each worker, before there are prices
MORE_PAIRS = 10  # of each worker and round
ROUNDS = 12
NOTHING = np.int64(-(2**62))  # below every weight less price
BLOCK = 1000  # workers priced together: 16 MB for 2,000 orders

Values = NDArray[np.int16]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`orders`: of each worker the order's number, or UNMATCHED. `value` <= the optimum <= `bound`."""

    orders: Ints
    value: int
    bound: int


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Eligible pairs that the solver considers, ordered by worker, and their weights."""

    workers: Ints
    orders: Ints
    weights: Ints


def assign(values: Values, positions: Ints) -> Assignment:
    """`values`: workers x orders, workers by registration; 0 or more, or NOT_ELIGIBLE. `positions`: of each order, 0 or more."""
    count, width = values.shape
    if not count or not width:
        return Assignment(np.full(count, UNMATCHED, np.int64), 0, 0)
    keys = _best_keys(values, np.zeros(width, np.int64), np.full(count, -1, np.int64), FIRST_PAIRS)
    for number in range(ROUNDS):
        pairs = _pairs(values, keys)
        orders = _solve(pairs, count, positions)
        prices = _prices(pairs, orders, width)
        better = _best_keys(values, prices, _margins(values, prices, orders), MORE_PAIRS)
        if not better.size or number == ROUNDS - 1:
            break
        keys = np.union1d(keys, better)
    matched = np.flatnonzero(orders != UNMATCHED)
    value = int(values[matched, orders[matched]].sum(dtype=np.int64))
    return Assignment(orders, value, max(value, _bound(values, prices, positions)))


def _scale(workers: int) -> int:
    """One point of value: more than all registration ranks together."""
    return workers * (workers + 1) // 2 + 1


def _weights(values: NDArray[Any], workers: Ints, count: int) -> Ints:
    """Value first, then rank of registration: a matched worker is worth more the earlier they registered, and always something."""
    return values.astype(np.int64) * _scale(count) + (count - workers)


def _pairs(values: Values, keys: Ints) -> _Pairs:
    workers, orders = np.divmod(keys, values.shape[1])
    return _Pairs(workers, orders, _weights(values[workers, orders], workers, len(values)))


def _solve(pairs: _Pairs, count: int, positions: Ints) -> Ints:
    """The optimum over these pairs: of each worker the order. A worker's unit flows through an order, or past all of them."""
    width, pair_count = len(positions), len(pairs.workers)
    sink, all_workers, all_orders = count + width, np.arange(count), np.arange(width)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([pairs.workers, all_workers, count + all_orders]),
        np.concatenate([count + pairs.orders, np.full(count, sink), np.full(width, sink)]),
        np.concatenate([np.ones(pair_count + count, np.int64), positions]),
        np.concatenate([-pairs.weights, np.zeros(count + width, np.int64)]),
    )
    flow.set_nodes_supplies(np.arange(sink + 1), np.concatenate([np.ones(count), np.zeros(width), [-count]]).astype(np.int64))
    status = flow.solve()
    if status != flow.OPTIMAL:  # there is always a flow: past all orders
        raise RuntimeError(f"the flow solver ended with {status}")
    taken = np.asarray(flow.flows(np.arange(pair_count)), np.int64) > 0
    orders = np.full(count, UNMATCHED, np.int64)
    orders[pairs.workers[taken]] = pairs.orders[taken]
    return orders


def _prices(pairs: _Pairs, orders: Ints, width: int) -> Ints:
    """The lowest prices of a position at which no worker of these pairs prefers another order to what the optimum gives them.

    Longest paths over the orders, by relaxation: an optimum has no circuit that gains, so they end.
    """
    own = orders[pairs.workers]
    current = np.zeros(len(orders), np.int64)  # weight of each worker's match
    chosen = own == pairs.orders
    current[pairs.workers[chosen]] = pairs.weights[chosen]
    gains, source = (pairs.weights - current[pairs.workers])[~chosen], own[~chosen]
    target = pairs.orders[~chosen]
    by_target = np.argsort(target, kind="stable")
    gains, source, target = gains[by_target], source[by_target], target[by_target]
    starts = np.flatnonzero(np.diff(target, prepend=-1))
    prices = np.zeros(width + 1, np.int64)  # the last is the price of being unmatched: nothing
    for _ in range(width + 1):
        if not starts.size:
            break
        needed = np.maximum.reduceat(prices[source] + gains, starts)
        raised = np.maximum(prices[target[starts]], needed)
        if np.array_equal(raised, prices[target[starts]]):
            break
        prices[target[starts]] = raised
    return prices[:width]


def _margins(values: Values, prices: Ints, orders: Ints) -> Ints:
    """What each worker's match is worth above its price; 0: unmatched."""
    matched = np.flatnonzero(orders != UNMATCHED)
    margins = np.zeros(len(values), np.int64)
    margins[matched] = _weights(values[matched, orders[matched]], matched, len(values)) - prices[orders[matched]]
    return margins


def _surplus(values: Values, prices: Ints, first: int) -> Ints:
    """Weights above prices of a block of workers; NOTHING where not eligible."""
    block, scale = values[first : first + BLOCK], _scale(len(values))
    surplus = block.astype(np.int64)
    surplus *= scale
    surplus += (len(values) - np.arange(first, first + len(block)))[:, np.newaxis]
    surplus -= prices
    surplus[block == NOT_ELIGIBLE] = NOTHING
    return surplus


def _best_keys(values: Values, prices: Ints, margins: Ints, most: int) -> Ints:
    """Pairs worth more than the worker's margin, at most so many of each worker: worker's number * orders + order's number."""
    width = values.shape[1]
    found = [np.zeros(0, np.int64)]
    for first in range(0, len(values), BLOCK):
        surplus = _surplus(values, prices, first)
        better = np.flatnonzero((surplus > margins[first : first + BLOCK, np.newaxis]).any(axis=1))
        surplus = surplus[better]
        best = np.argpartition(surplus, width - most, axis=1)[:, -most:] if width > most else np.tile(np.arange(width), (len(better), 1))
        rows = np.repeat(better, best.shape[1])
        columns = best.ravel()
        worth = np.take_along_axis(surplus, best, axis=1).ravel() > margins[first + rows]
        found.append((first + rows[worth]) * width + columns[worth])
    return np.unique(np.concatenate(found))


def _bound(values: Values, prices: Ints, positions: Ints) -> int:
    """Weak duality: every position at its price, and what every worker can gain above the prices. In points of value."""
    gained = sum(int(np.maximum(_surplus(values, prices, first).max(axis=1), 0).sum()) for first in range(0, len(values), BLOCK))
    return (int((prices * positions).sum()) + gained) // _scale(len(values))
