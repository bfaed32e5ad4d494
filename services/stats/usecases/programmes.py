"""Programmes: plans entered, version by version."""

from __future__ import annotations

from services.stats import views
from services.stats.commands import EnterProgramme
from services.stats.domain.errors import ContradictoryPlan, StalePlan
from services.stats.domain.plans import Plan
from services.stats.programmes import evaluation, validation
from services.stats.queries import programmes as stored
from shared.db import Tx


async def enter_programme(tx: Tx, command: EnterProgramme) -> views.Programme:
    """A new plan, or the next version of one. Raises ContradictoryPlan (with the arithmetic), StalePlan."""
    plan = command.plan
    wrong = validation.contradictions(plan)
    if wrong:
        raise ContradictoryPlan("; ".join(wrong), field="plan", state=wrong)
    newest = await stored.programme(tx, plan.code)
    current = newest.version if newest else 0
    if command.version is not None and command.version != current:
        raise StalePlan(f"version {current} is in force", field="version", state={"version": current})
    entry = stored.Programme(plan.code, current + 1, plan.model_dump(mode="json"), command.reason, str(tx.principal), tx.clock.now())
    if not await stored.add_programme(tx, entry):
        raise StalePlan(field="version")
    return views.programme(plan, entry)


async def programmes(tx: Tx) -> list[views.Programme]:
    entered = {entry.code: entry for entry in await stored.programmes_in_force(tx)}
    return [views.programme(each.plan, entered.get(each.plan.code)) for each in await evaluation.all_in_force(tx)]


async def programme_versions(tx: Tx, code: str) -> list[views.Programme]:
    """Every version, the shipped one first. Raises ProgrammeNotFound."""
    await evaluation.in_force(tx, code)
    shipped = [views.programme(plan, None) for name, plan in evaluation.shipped().items() if name == code]
    return shipped + [views.programme(Plan.model_validate(entry.document), entry) for entry in await stored.programme_versions(tx, code)]
