"""What became of the intentions of a fair: matches counted against them, first come first counted, never beyond the headcount.

Whoever makes or ends a match calls this last: it holds the enterprise's intentions until the transaction ends and waits for no row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from services.docking.domain.fairs import Intention, Match, allot
from services.docking.domain.placements import Placement
from services.docking.queries import fairs, intention_matches
from services.docking.settings import policy
from services.docking.usecases.event_fields import intention_event
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import EnterpriseId, PlacementId

E = TypeVar("E", events.IntentionMatched, events.IntentionReleased)


async def count_matches(tx: Tx, enterprises: Collection[EnterpriseId]) -> None:
    """Whatever is matched and not counted yet, against the enterprises' intentions that have not their headcount."""
    await intention_matches.lock_enterprises(tx, enterprises)
    found = await intention_matches.list_open(tx, enterprises)
    if not found:
        return
    days = policy().docking_intention_days
    counted = allot(found, await intention_matches.list_uncounted(tx, [one.id for one in found], days), days)
    if counted:
        await intention_matches.insert_all(tx, counted)
        publish_and_audit(tx, *(_matched(tx, intention, match) for intention, match in counted))


def _matched(tx: Tx, intention: Intention, match: Match) -> events.IntentionMatched:
    return intention_event(tx, events.IntentionMatched, intention, placement=match.placement, effective=match.matched_on)


async def release_matches(tx: Tx, ended: Sequence[Placement]) -> None:
    """These matches count no more: their places in the intentions go to the next who came."""
    enterprises = {one.enterprise for one in ended}
    await intention_matches.lock_enterprises(tx, enterprises)
    released = await intention_matches.delete_all(tx, [one.id for one in ended])
    if not released:
        return
    known = await fairs.get_intentions(tx, {intention for _, intention in released})
    publish_and_audit(tx, *(release(tx, known[intention], placement) for placement, intention in released))
    await count_matches(tx, enterprises)


def release(tx: Tx, intention: Intention, placement: PlacementId) -> events.IntentionReleased:
    return intention_event(tx, events.IntentionReleased, intention, placement=placement)
