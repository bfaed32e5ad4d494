"""A match declined by either side: a proposal, or a placement for which no contract is filed yet."""

from __future__ import annotations

from services.docking.commands import proposals as commands
from services.docking.domain import errors
from services.docking.domain.placements import PlacementState
from services.docking.domain.proposals import MatchCodes, Proposal, ProposalStep, proposal_after, require_acceptable
from services.docking.queries import placements, proposals, workers
from services.docking.usecases import scope
from services.docking.usecases.event_fields import match_event
from services.docking.usecases.placements import cancel
from services.docking.views import proposals as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.principals import Role, require_party
from shared.values import MatchId


async def decline_match(tx: Tx, match: MatchId, command: commands.DeclineMatch) -> views.Declined:
    """Nobody holds a position for it any more: of an accepted match, the placement is cancelled.

    Raises MatchNotFound, MatchNotOpen, SideNotYours, Forbidden.
    """
    proposal = await proposals.lock(tx, match)
    codes = await proposals.get_codes(tx, match)
    if proposal is None or codes is None:
        raise errors.MatchNotFound
    await _require_side(tx, codes, command)
    state = proposal_after(proposal.state, ProposalStep.DECLINE)
    await _release(tx, proposal, command)
    await proposals.update_state(tx, match, state)
    publish_and_audit(tx, match_event(tx, events.MatchDeclined, codes, side=command.side, reason=command.reason))
    return views.Declined(match=match, state=state)


async def _require_side(tx: Tx, codes: MatchCodes, command: commands.DeclineMatch) -> None:
    """Raises Forbidden, SideNotYours, MatchNotFound."""
    require_party(tx.principal, codes.enterprise)
    worker = await workers.get(tx, codes.worker)
    if worker is None:
        raise errors.MatchNotFound
    scope.require_worker(tx.principal, worker)
    own = {Role.ENTERPRISE: "enterprise", Role.CLERK: "worker"}.get(tx.principal.role, command.side)
    if command.side != own:
        raise errors.SideNotYours(field="side")


async def _release(tx: Tx, proposal: Proposal, command: commands.DeclineMatch) -> None:
    """Raises MatchNotOpen: once a contract is filed, the placement is cancelled instead."""
    placement = await placements.lock_of_match(tx, proposal.id)
    if placement is None:
        require_acceptable(proposal, tx.clock.today())
        return
    if placement.state is not PlacementState.MATCHED or placement.contract is not None:
        raise errors.MatchNotOpen(state=placement.state)
    await cancel(tx, placement, command.side)
