"""Steps of a random history at docking fairs: intentions, what becomes of them, and their corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared import events, reference
from shared.events import IntentionFact
from shared.values import Destination, EnterpriseId, FairId, IntentionId, Occupation, PlacementId, new_id
from tests.support.world import World

if TYPE_CHECKING:
    from tests.support.history import Step

FAIR_KINDS = ("intend", "intend", "intend again", "meet", "meet", "release", "unintend")


@dataclass(slots=True)
class Intended:
    fact: IntentionFact
    published_on: date
    id: IntentionId = field(default_factory=lambda: IntentionId(new_id()))
    matched: list[PlacementId] = field(default_factory=list)

    def publish(self, world: World, event: type[events.Event], late: int, **fields: Any) -> None:
        """After whatever was published of it before."""
        self.published_on += timedelta(late)
        codes = {"intention": self.id, "fair": FairId(UUID(int=9)), "effective": self.fact.held_on}
        world.publish(event.model_validate({**codes, **fields}), self.published_on)


def _fact(step: Step, held_on: date) -> IntentionFact:
    return IntentionFact(
        held_on=held_on,
        origin=reference.origin(step.county, held_on),
        enterprise=EnterpriseId(UUID(int=1 + step.codes % 2)),
        destination=None if step.codes % 5 == 0 else Destination(("JPN", "SGP")[step.codes % 2]),
        occupation=None if step.codes % 3 == 0 else Occupation("7112"),
        headcount=1 + step.other,
    )


def _picked(world: World, step: Step) -> Intended | None:
    return world.intended[step.pick % len(world.intended)] if world.intended else None


def _intend(world: World, step: Step) -> None:
    one = Intended(_fact(step, step.day), step.day)
    world.intended.append(one)
    one.publish(world, events.IntentionRecorded, step.late, fact=one.fact)


def _intend_again(world: World, step: Step) -> None:
    """Corrected: whatever was matched moves with its codes."""
    one = _picked(world, step)
    if one is not None:
        fact = _fact(step, one.fact.held_on)
        reason = "mistyped" if step.codes % 3 else None  # of an older event
        one.publish(world, events.IntentionCorrected, step.late, previous=one.fact, fact=fact, matched=len(one.matched), reason=reason)
        one.fact = fact


def _meet(world: World, step: Step) -> None:
    one = _picked(world, step)
    if one is not None:
        one.matched.append(PlacementId(new_id()))
        one.publish(world, events.IntentionMatched, step.late, fact=one.fact, placement=one.matched[-1])


def _release(world: World, step: Step) -> None:
    one = _picked(world, step)
    if one is not None and one.matched:
        one.publish(world, events.IntentionReleased, step.late, fact=one.fact, placement=one.matched.pop())


def _unintend(world: World, step: Step) -> None:
    one = _picked(world, step)
    if one is not None:
        while one.matched:
            one.publish(world, events.IntentionReleased, 0, fact=one.fact, placement=one.matched.pop())
        one.publish(world, events.IntentionVoided, step.late, previous=one.fact, reason="mistaken")
        world.intended.remove(one)


FAIR_STEPS: Mapping[str, Callable[[World, Step], None]] = {
    "intend": _intend,
    "intend again": _intend_again,
    "meet": _meet,
    "release": _release,
    "unintend": _unintend,
}
