"""Matches for all open orders at once: read what there is, plan in another process, propose what still holds.

The plan takes seconds. No transaction is open meanwhile, and nothing of it is trusted afterwards: in the transaction that writes,
every match is held against what may be matched then.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from services.docking.commands import matching as commands
from services.docking.domain import errors
from services.docking.domain.orders import Order
from services.docking.domain.proposals import Proposal
from services.docking.domain.workers import Worker
from services.docking.matching.all_orders import OpenMarket, Plan
from services.docking.matching.eligibility import obstacles, wanted_codes
from services.docking.matching.planning_process import plan_aside
from services.docking.matching.ranking import score
from services.docking.matching.value_matrix import Weigh
from services.docking.queries import market as queries
from services.docking.queries import orders, proposals, quota_gaps
from services.docking.queries.market import SupplyFilter
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.proposals import POVERTY_QUOTA, matching_terms, proposal_of
from services.docking.views import matching as views
from shared.db import Tx
from shared.paging import page
from shared.principals import Role, require_party
from shared.values import MatchId, OrderId, WorkerId

WRITTEN_AT_ONCE = 1000  # proposals per statement, all in one transaction

_planning = asyncio.Lock()  # one plan per process: its memory is bounded, that of several would not be


async def read_market(tx: Tx, command: commands.MatchAllOrders) -> OpenMarket:
    """The caller's open orders and the workers who want one of them; the nearest to their last day and the longest waiting.

    Raises Forbidden.
    """
    today, rules = tx.clock.today(), policy()
    enterprise = scope.own_enterprise(tx.principal) if tx.principal.role is Role.ENTERPRISE else None
    found = await queries.list_orders(tx, today, enterprise, rules.docking_matching_orders)
    wishes = {(one.destination, code) for one in found for code in wanted_codes(one.occupation)}
    wanted = SupplyFilter(
        wishes=sorted(wishes),
        willing_on=today,
        born=(today.year - rules.docking_maximum_age, today.year - rules.docking_minimum_age),
        counties=scope.visible_counties(tx.principal),
        limit=rules.docking_matching_workers,
    )
    return OpenMarket(
        workers=await queries.list_supply(tx, wanted),
        orders=found,
        on=today,
        terms=matching_terms(),
        weigh=Weigh(await quota_gaps.get(tx, POVERTY_QUOTA, str(today.year)), command.quota_weight),
        most_per_order=command.most_per_order,
        declined=await proposals.list_declined(tx, [one.id for one in found]),
    )


async def plan_market(market: OpenMarket, stopping: asyncio.Event) -> Plan:
    """The plan, made in a process of its own. Raises MatchingBusy, MatchingStopped."""
    if _planning.locked():
        raise errors.MatchingBusy
    async with _planning:
        return await plan_aside(market, policy().docking_matching_seconds, stopping)


async def propose_plan(tx: Tx, command: commands.MatchAllOrders, found: Plan) -> views.Matching:
    """Propose what still holds of the plan, all in this transaction; nothing is reserved. Raises Forbidden."""
    market = await read_market(tx, command)
    proposed = await asyncio.to_thread(_still_possible, market, found)
    ids: dict[tuple[OrderId, WorkerId], MatchId] = {}
    for first in range(0, len(proposed), WRITTEN_AT_ONCE):
        ids |= await proposals.insert_all(tx, proposed[first : first + WRITTEN_AT_ONCE])
    return views.matching(market, found, proposed, ids, command.shown)


def _still_possible(market: OpenMarket, found: Plan) -> list[Proposal]:
    open_orders: dict[OrderId, Order] = {one.id: one for one in market.orders}
    supply: dict[WorkerId, Worker] = {one.id: one for one in market.workers}
    taken = Counter[OrderId]()
    proposed = []
    for order_id, worker_id in found.matches:
        order, worker = open_orders.get(order_id), supply.get(worker_id)
        if (order_id, worker_id) in market.declined:
            continue
        if order and worker and taken[order_id] < order.free and not obstacles(worker, order, market.on, market.terms):
            taken[order_id] += 1
            proposed.append(proposal_of(market.on, order, score(worker, order, market.on, market.terms, market.weigh.gap)))
    return proposed


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_plan(tx: Tx, command: commands.MatchAllOrders, found: Plan) -> views.Matching:
    """What propose_plan would propose. Raises Forbidden."""
    market = await read_market(tx, command)
    proposed = await asyncio.to_thread(_still_possible, market, found)
    return views.matching(market, found, proposed, None, command.shown)


async def list_matches(tx: Tx, order: OrderId, after: MatchId | None, limit: int) -> views.Matches:
    """Open proposals of an order, whoever made them, of workers the caller may take. Raises OrderNotFound, Forbidden."""
    found = await orders.get(tx, order)
    if found is None:
        raise errors.OrderNotFound
    require_party(tx.principal, found.enterprise)
    counties = scope.visible_counties(tx.principal)
    rows = await queries.list_open_proposals(tx, order=order, on=tx.clock.today(), counties=counties, after=after, limit=limit + 1)
    return views.matches(*page(rows, limit, lambda one: one.id))
