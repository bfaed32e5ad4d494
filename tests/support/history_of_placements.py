"""Steps of a random history about what is recorded beside a placement's way: declared, corrected to something else, voided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shared import events
from shared.events import ArrivalFact, DispatchFact, Event, ExtensionFact, FeeFact, TransferFact
from shared.values import Currency, EmployerId, FeeItem, FeePayer, Money, WagePeriod, new_id
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


def _extension(step: Step, day: date) -> ExtensionFact:
    ends = {"previous_end": day, "end": day + timedelta(step.codes + 1)}
    return ExtensionFact.model_validate({"signed_on": day, **ends, "terms_hash": "0", **_codes(step.fact(day))})


def _transfer(step: Step, day: date) -> TransferFact:
    wage = Money(minor=step.codes + 1, currency=Currency("CNY"))
    return TransferFact(
        since=day,
        employer=EmployerId(new_id()),
        previous_employer=None,
        contract_no="C",
        terms_hash="0",
        wage=wage,
        wage_period=WagePeriod.MONTH,
        days_per_month=1,
        pay_day=10,
        deductions_max=wage,
        start=day,
        end=day,
        **_codes(step.fact(day)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of fact, and the classes that say that it holds, holds otherwise, or does not hold."""

    recorded: type[Event]
    corrected: type[Event] | None = None  # None: it is only ever voided
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
    "extension": Family(
        recorded=events.ContractExtended, voided=events.ExtensionVoided, fact=_extension, reason="not_agreed", named="change"
    ),
    "transfer": Family(
        recorded=events.EmployerTransferred, voided=events.TransferVoided, fact=_transfer, reason="not_agreed", named="change"
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
    if step.codes % 4 == 0 or family.corrected is None:
        kept.remove(one)
        _publish(world, family.voided, family, one, previous=one.fact, reason=family.reason)
        return
    fact = family.fact(step, day)
    reason = "mistyped" if step.codes % 3 else None  # of an older event
    _publish(world, family.corrected, family, one, previous=one.fact, fact=fact, reason=reason)
    one.fact = fact


def _publish(world: World, event: type[Event], family: Family, one: Kept, **fields: Any) -> None:
    about = {"placement": one.of.placement, "worker": one.of.worker, **({family.named: one.id} if family.named else {})}
    world.publish(event.model_validate({**about, **fields}), one.published_on)
