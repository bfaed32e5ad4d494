"""Workers proposed for an order, best first, each with the reasons."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.docking.domain import proposals as domain
from shared.listed_rows import Refusal
from shared.values import MatchId, OrderId, PlacementId, WorkerId


class Proposal(BaseModel, frozen=True):
    match: MatchId
    worker: WorkerId
    score: int
    reasons: tuple[str, ...]
    quota_effect: str | None
    expires: date


class Proposals(BaseModel, frozen=True):
    order: OrderId
    matches: tuple[Proposal, ...]


class Nominations(BaseModel, frozen=True):
    """`matches`: of the rows that were not refused, in their order."""

    proposed: int
    refused: tuple[Refusal, ...]
    matches: tuple[MatchId, ...]


class Acceptances(BaseModel, frozen=True):
    """`placements`: of the rows that were not refused, in their order."""

    accepted: int
    refused: tuple[Refusal, ...]
    placements: tuple[PlacementId, ...]


class Declined(BaseModel, frozen=True):
    match: MatchId
    state: domain.ProposalState


def proposal(one: domain.Proposal, match: MatchId) -> Proposal:
    """`match`: the id it is stored under."""
    return Proposal(
        match=match, worker=one.worker, score=one.score, reasons=one.reasons, quota_effect=one.quota_effect, expires=one.expires
    )
