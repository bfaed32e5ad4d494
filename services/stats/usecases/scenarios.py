"""Scenarios: the same cells judged under another plan, with other rates and other lists, beside the actual figures.

A scenario is rehearsed: what it supposes is entered as if in earnest, judged by the same path as everything else, and rolled back.
Both sides are of one moment.
"""

from __future__ import annotations

from datetime import date

from services.stats import views
from services.stats.commands import FxRate, Scenario
from services.stats.domain.plans import Plan
from services.stats.figures.freshness import Freshness, Lag, freshness
from services.stats.programmes import evaluation, validation
from services.stats.queries import rates
from services.stats.usecases import classifications
from shared.db import Tx
from shared.values import first_day


async def rehearse(tx: Tx, scenario: Scenario, lag: Lag) -> views.Scenario:
    """In a transaction that is rolled back afterwards. A plan that contradicts itself is judged all the same, and what contradicts said.

    Raises ProgrammeNotFound, ListInvalid.
    """
    programme, fresh = await evaluation.in_force(tx, scenario.programme), await freshness(tx, lag)
    actual = await _judged(tx, programme.plan, scenario, fresh)
    on = scenario.as_known_at or tx.clock.today()
    await _suppose_rates(tx, scenario.rates, on)
    if scenario.designations:
        await classifications.suppose_designations(tx, scenario.designations, on)
    plan = scenario.plan or programme.plan
    supposed = await _judged(tx, plan, scenario, fresh)
    return views.scenario(actual, supposed, validation.contradictions(plan), validation.arithmetic(plan), scenario.as_known_at, fresh)


async def _judged(tx: Tx, plan: Plan, scenario: Scenario, fresh: Freshness) -> views.Judged:
    on, known_on, levels = scenario.as_known_at or tx.clock.today(), scenario.as_known_at, (scenario.level,)
    quotas = await evaluation.quota_years(tx, plan, on, known_on, fresh.complete_on, levels)
    targets = await evaluation.target_states(tx, plan, on, known_on, fresh.complete_on, levels)
    return views.judged_now(quotas, targets)


async def _suppose_rates(tx: Tx, supposed: tuple[FxRate, ...], on: date) -> None:
    """As the newest versions, known on the day of the question."""
    for rate in supposed:
        month = first_day(rate.month)
        version = await rates.newest_rate(tx, rate.currency, month) + 1
        entry = rates.Rate(rate.currency, month, version, rate.yuan_per_unit, "scenario", "scenario", str(tx.principal), tx.clock.now(), on)
        await rates.add_rate(tx, entry)
