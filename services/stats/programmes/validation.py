"""Plans that contradict themselves are refused with the arithmetic. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from services.stats.domain.plans import Plan
from services.stats.domain.quotas import Quota
from services.stats.domain.targets import Target


def plan_errors(plan: Plan) -> list[str]:
    """What in the plan cannot all be true, each with its arithmetic. Empty: nothing found."""
    return [
        *_parts_above_wholes(plan),
        *_quotas_against_targets(plan),
        *_quotas_above_all(plan),
        *_tables_beside_floors(plan),
        *_outside_the_programme(plan),
    ]


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


def _quotas_above_all(plan: Plan) -> Iterator[str]:
    """Two disjoint parts cannot together ask for more than the whole."""
    for index, left in enumerate(plan.quotas):
        for right in plan.quotas[index + 1 :]:
            years = range(max(left.first_year, right.first_year), min(left.last_year, right.last_year) + 1)
            if left.measure != right.measure or left.denominator != right.denominator or not years or not _disjoint(left, right):
                continue
            both = Fraction(*left.threshold) + Fraction(*right.threshold)
            if both > 1:
                shares = " and ".join(f"{up}/{down}" for up, down in (left.threshold, right.threshold))
                yield f"{left.code} and {right.code} share nobody, but {shares} of the same make {both}"


def _disjoint(left: Quota, right: Quota) -> bool:
    """Whether some dimension of the numerators has no value in common, by the same lists and regions."""
    if (left.basis, left.scheme) != (right.basis, right.scheme):
        return False
    mine, theirs = left.numerator.chosen(), right.numerator.chosen()
    return any(not mine[name] & theirs[name] for name in mine.keys() & theirs.keys())


def _tables_beside_floors(plan: Plan) -> Iterator[str]:
    for target in plan.targets:
        if target.table and target.table[-1].amount != target.floor:
            yield f"{target.code}: its table comes to {target.table[-1].amount:,}, its floor is {target.floor:,}"


def _outside_the_programme(plan: Plan) -> Iterator[str]:
    span = f"{plan.code} runs from {plan.starts} to {plan.ends}"
    for target in plan.targets:
        if target.starts < plan.starts or target.ends > plan.ends:
            yield f"{target.code} runs from {target.starts} to {target.ends}, but {span}"
    for quota in plan.quotas:
        if quota.first_year < plan.starts.year or quota.last_year > plan.ends.year:
            yield f"{quota.code} holds from {quota.first_year} to {quota.last_year}, but {span}"


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
