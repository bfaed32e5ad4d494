"""Proposals: workers proposed for an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.docking.domain.errors import MatchNotOpen
from shared.values import MatchId, OrderId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A worker proposed for an order. It reserves nothing."""

    id: MatchId
    order: OrderId
    worker: WorkerId
    score: int  # 0..1000
    reasons: tuple[str, ...]
    quota_effect: str | None
    policy_version: str
    expires: date
    state: str = "proposed"


def require_acceptable(proposal: Proposal, on: date) -> None:
    """Raises MatchNotOpen."""
    if proposal.state != "proposed" or proposal.expires < on:
        raise MatchNotOpen(state=proposal.state if proposal.state != "proposed" else "expired")
