"""Scenarios: the same cells evaluated under another plan, with other rates and other lists, beside the actual figures.

A scenario is rehearsed: what it supposes is entered as if in earnest, evaluated by the same path as everything else, and rolled
back. Both sides are of one moment.
"""

from __future__ import annotations

from services.stats.commands import RehearseScenario
from services.stats.domain.plans import Plan
from services.stats.figures.freshness import Lag, freshness
from services.stats.programmes import catalogue, validation
from services.stats.programmes.evaluation import AsOf, evaluate_quotas, evaluate_targets
from services.stats.usecases import classifications, rates
from services.stats.views import scenarios as views
from services.stats.views.metadata import answer_metadata
from services.stats.views.quotas import quota as quota_view
from services.stats.views.targets import target as target_view
from shared.db import Tx


async def rehearse(tx: Tx, scenario: RehearseScenario, lag: Lag) -> views.Scenario:
    """In a transaction that is rolled back afterwards. A plan that contradicts itself is evaluated all the same; its errors are
    part of the answer. Raises ProgrammeNotFound, ListInvalid.
    """
    programme, fresh = await catalogue.in_force(tx, scenario.programme, scenario.as_known_at), await freshness(tx, lag)
    as_of = AsOf(
        on=scenario.as_known_at or tx.clock.today(),
        known_on=scenario.as_known_at,
        complete_on=fresh.complete_on,
        levels=(scenario.level,),
    )
    actual = await _evaluation(tx, programme.plan, as_of)
    await rates.suppose_rates(tx, scenario.rates, as_of.on)
    if scenario.designations:
        await classifications.suppose_designations(tx, scenario.designations, as_of.on)
    plan = scenario.plan or programme.plan
    return views.Scenario(
        actual=actual,
        scenario=await _evaluation(tx, plan, as_of),
        contradictions=validation.plan_errors(plan),
        arithmetic=validation.arithmetic(plan),
        **answer_metadata(scenario.as_known_at, fresh),
    )


async def _evaluation(tx: Tx, plan: Plan, as_of: AsOf) -> views.Evaluation:
    quotas, targets = await evaluate_quotas(tx, plan, as_of), await evaluate_targets(tx, plan, as_of)
    return views.Evaluation(quotas=[quota_view(one) for one in quotas], targets=[target_view(one) for one in targets])
