"""Plans that contradict themselves are refused with the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.stats.commands import Plan, Quota, Target


def contradictions(plan: Plan) -> list[str]:
    """What in the plan cannot all be true, each with its arithmetic. Empty: nothing found."""
    return [*_parts_above_wholes(plan), *_quotas_against_targets(plan)]


def arithmetic(plan: Plan) -> list[str]:
    """What the plan implies, for whoever enters it: quotas of floors, money per head."""
    return [*_implied(plan), *_per_head(plan)]


def _parts_above_wholes(plan: Plan) -> Iterator[str]:
    for part in plan.targets:
        for whole in plan.targets:
            if part is whole or not _inside(part, whole):
                continue
            limit = whole.stretch or whole.floor
            if part.floor > limit:
                yield f"{part.code} asks for {part.floor:,}, a part of {whole.code}, which plans {limit:,} in all"


def _inside(part: Target, whole: Target) -> bool:
    return (
        part.measure == whole.measure
        and part.filter.within(whole.filter)
        and not whole.filter.within(part.filter)
        and part.starts >= whole.starts
        and part.ends <= whole.ends
    )


def _quotas_against_targets(plan: Plan) -> Iterator[str]:
    """A quota of one target's floor must fit into what another target plans for the quota's numerator."""
    for quota in plan.quotas:
        up, down = quota.threshold
        for base in _targets_of(plan, quota):
            implied = -(-base.floor * up // down)
            for planned in plan.targets:
                if planned is base or planned.measure != quota.measure or not _same_span(planned, base):
                    continue
                limit = planned.stretch or planned.floor
                if quota.numerator.within(planned.filter) and planned.filter.chosen() and implied > limit:
                    yield (
                        f"{quota.code}: {up}/{down} of the {base.floor:,} of {base.code} is {implied:,}, "
                        f"but {planned.code}, which contains it, plans {limit:,}"
                    )


def _targets_of(plan: Plan, quota: Quota) -> list[Target]:
    return [target for target in plan.targets if target.measure == quota.measure and target.filter == quota.denominator]


def _same_span(left: Target, right: Target) -> bool:
    return (left.starts, left.ends) == (right.starts, right.ends)


def _implied(plan: Plan) -> Iterator[str]:
    for quota in plan.quotas:
        up, down = quota.threshold
        for base in _targets_of(plan, quota):
            for name, amount in (("floor", base.floor), ("stretch", base.stretch)):
                if amount is not None:
                    yield f"{quota.code}: {up}/{down} of {base.code}'s {name} of {amount:,} is {-(-amount * up // down):,}"


def _per_head(plan: Plan) -> Iterator[str]:
    for money in plan.targets:
        for heads in plan.targets:
            if money.measure == "income" and heads.measure == "dispatches" and money.filter == heads.filter and _same_span(money, heads):
                most = heads.stretch or heads.floor
                head = money.floor // most // 100
                yield f"{money.code}: {money.floor // 100:,} yuan over {most:,} of {heads.code} is {head:,} yuan a head"
