"""Steps of a random history about what is recorded beside a placement's way: declared, corrected to something else, voided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shared import events
from shared.events import ArrivalFact, DispatchFact, Event, FeeFact
from shared.values import Currency, FeeItem, FeePayer, Money, new_id
from tests.support.stats import dispatched
from tests.support.world import Kept, World

if TYPE_CHECKING:
    from tests.support.history import Step


def _codes(of: DispatchFact) -> dict[str, Any]:
    return {name: getattr(of, name) for name in ("enterprise", "origin", "destination", "occupation", "channel")}


def _fee(step: Step, day: date) -> FeeFact:
    return FeeFact(
        payer=list(FeePayer)[step.codes % 3],
        item=list(FeeItem)[step.codes % len(FeeItem)],
        amount=Money(minor=step.codes * 50, currency=Currency(("CNY", "JPY", "KWD")[step.other % 3])),
        charged_on=day,
        **_codes(step.fact(day)),
    )


def _arrival(step: Step, day: date) -> ArrivalFact:
    differences = (("employer", "wage"), ("passport",), ())[step.codes % 3]
    fields = {"day": 14 + step.other, "confirmed_on": day, "terms_match": not differences, "differences": differences}
    return ArrivalFact.model_validate({**fields, **_codes(step.fact(day))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of fact, and the classes that say that it holds, holds otherwise, or does not hold."""

    recorded: type[Event]
    corrected: type[Event]
    voided: type[Event]
    fact: Callable[[Step, date], Any]
    reason: str
    named: str | None = None  # the field with the fact's own id


FAMILIES: Mapping[str, Family] = {
    "fee": Family(
        recorded=events.FeeDeclared, corrected=events.FeeCorrected, voided=events.FeeVoided, fact=_fee, reason="duplicate", named="fee"
    ),
    "arrival": Family(
        recorded=events.ArrivalConfirmed,
        corrected=events.ArrivalCorrected,
        voided=events.ArrivalVoided,
        fact=_arrival,
        reason="wrong_day",
    ),
}


def keep(world: World, step: Step) -> None:
    """A fact is recorded, or one that is on record is corrected or voided."""
    family, kept = FAMILIES[step.kind], world.kept.setdefault(step.kind, [])
    one = kept[step.pick % len(kept)] if kept and step.other % 3 else None
    if one is None:
        fact = family.fact(step, step.day)
        one = Kept(dispatched(step.fact(step.day)), new_id(), fact, step.day + timedelta(step.late))
        kept.append(one)
        _publish(world, family.recorded, family, one, fact=fact)
        return
    day = step.day if step.codes % 2 else step.day - timedelta(step.other)
    one.published_on = max(one.published_on, day) + timedelta(step.late)
    if step.codes % 4 == 0:
        kept.remove(one)
        _publish(world, family.voided, family, one, previous=one.fact, reason=family.reason)
        return
    fact = family.fact(step, day)
    _publish(world, family.corrected, family, one, previous=one.fact, fact=fact)
    one.fact = fact


def _publish(world: World, event: type[Event], family: Family, one: Kept, **fields: Any) -> None:
    about = {"placement": one.of.placement, "worker": one.of.worker, **({family.named: one.id} if family.named else {})}
    world.publish(event.model_validate({**about, **fields}), one.published_on)
