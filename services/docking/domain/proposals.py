"""Proposals: workers proposed for an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.docking.domain.errors import MatchNotOpen
from shared.values import Channel, CountyCode, Destination, EnterpriseId, MatchId, Occupation, OrderId, WorkerId


class ProposalState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class ProposalStep(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"


_S, _T = ProposalState, ProposalStep
PROPOSAL_STEPS: Mapping[tuple[ProposalState, ProposalStep], ProposalState] = {
    (_S.PROPOSED, _T.ACCEPT): _S.ACCEPTED,
    (_S.PROPOSED, _T.DECLINE): _S.DECLINED,
    (_S.PROPOSED, _T.EXPIRE): _S.EXPIRED,
    (_S.ACCEPTED, _T.DECLINE): _S.DECLINED,  # until a contract is filed
}


def proposal_after(state: ProposalState, step: ProposalStep) -> ProposalState:
    """The state after the step. Raises MatchNotOpen."""
    following = PROPOSAL_STEPS.get((state, step))
    if following is None:
        raise MatchNotOpen(state=state)
    return following


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
    state: ProposalState = ProposalState.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCodes:
    """What events say of a proposal, but its score."""

    id: MatchId
    order: OrderId
    enterprise: EnterpriseId
    worker: WorkerId
    county: CountyCode
    destination: Destination
    occupation: Occupation
    channel: Channel


def require_acceptable(proposal: Proposal, on: date) -> None:
    """Raises MatchNotOpen."""
    if proposal.state is not _S.PROPOSED or proposal.expires < on:
        raise MatchNotOpen(state=proposal.state if proposal.state is not _S.PROPOSED else _S.EXPIRED)
