"""What came of matching all open orders at once, and the open proposals of one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain.proposals import Proposal
from services.docking.matching.all_orders import OpenMarket, Plan
from services.docking.views import proposals as proposal_views
from shared.values import MatchId, OrderId, WorkerId


class Match(BaseModel, frozen=True):
    match: MatchId | None  # null: a dry run
    order: OrderId
    worker: WorkerId
    score: int
    reasons: tuple[str, ...]
    quota_effect: str | None
    expires: date


class Matching(BaseModel, frozen=True):
    dry_run: bool
    orders: int  # considered: open, with a free position
    workers: int  # considered: free, and wanting one of them
    proposed: int
    lapsed: int  # planned, but no longer possible when they were to be written
    value: int  # of the plan, in points
    bound: int  # no plan has more
    matches: tuple[Match, ...]  # the first of them, by order; the others: GET /orders/{order}/matches


class Matches(BaseModel, frozen=True):
    items: tuple[proposal_views.Proposal, ...]
    next: MatchId | None


def matching(
    market: OpenMarket, found: Plan, proposed: Sequence[Proposal], ids: Mapping[tuple[OrderId, WorkerId], MatchId] | None, shown: int
) -> Matching:
    """`ids`: what the proposals are stored under; None: nothing was stored."""
    return Matching(
        dry_run=ids is None,
        orders=len(market.orders),
        workers=len(market.workers),
        proposed=len(proposed),
        lapsed=len(found.matches) - len(proposed),
        value=found.value,
        bound=found.bound,
        matches=tuple(
            Match(
                match=ids[one.order, one.worker] if ids is not None else None,
                order=one.order,
                worker=one.worker,
                score=one.score,
                reasons=one.reasons,
                quota_effect=one.quota_effect,
                expires=one.expires,
            )
            for one in proposed[:shown]
        ),
    )


def matches(found: Sequence[Proposal], cursor: MatchId | None) -> Matches:
    return Matches(items=tuple(proposal_views.proposal(one, one.id) for one in found), next=cursor)
