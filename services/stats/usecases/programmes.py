"""Programmes: plans entered, version by version."""

from __future__ import annotations

from services.stats.commands import EnterProgramme
from services.stats.domain.errors import ContradictoryPlan, StalePlan
from services.stats.figures.known_codes import require_known
from services.stats.programmes import catalogue, validation
from services.stats.queries import programmes as stored
from services.stats.queries.programmes import ProgrammeVersion
from services.stats.views import programmes as views
from shared.db import Tx


async def enter_programme(tx: Tx, command: EnterProgramme) -> views.Programme:
    """A new plan, or the next version of one. Raises CodeNotFound, ContradictoryPlan (with the arithmetic), StalePlan."""
    plan = command.plan
    for number, target in enumerate(plan.targets):
        await require_known(tx, target.filter, f"plan.targets.{number}.filter")
    for number, quota in enumerate(plan.quotas):
        await require_known(tx, quota.numerator, f"plan.quotas.{number}.numerator")
        await require_known(tx, quota.denominator, f"plan.quotas.{number}.denominator")
    errors = validation.plan_errors(plan)
    if errors:
        raise ContradictoryPlan("; ".join(errors), field="plan", state=errors)
    newest = await stored.get(tx, plan.code)
    current = newest.version if newest else 0
    if command.version is not None and command.version != current:
        raise StalePlan(f"version {current} is in force", field="version", state={"version": current})
    entered = ProgrammeVersion(
        code=plan.code,
        version=current + 1,
        plan=plan,
        reason=command.reason,
        entered_by=str(tx.principal),
        entered_at=tx.clock.now(),
    )
    if not await stored.insert(tx, entered):
        raise StalePlan(field="version")
    return views.programme(plan, entered)


async def programmes(tx: Tx) -> list[views.Programme]:
    """Those in force."""
    entered = {entry.code: entry for entry in await stored.list_in_force(tx)}
    return [views.programme(each.plan, entered.get(each.plan.code)) for each in await catalogue.all_in_force(tx)]


async def programme_versions(tx: Tx, code: str) -> list[views.Programme]:
    """Every version, the shipped one first. Raises ProgrammeNotFound."""
    await catalogue.in_force(tx, code)
    shipped = [views.programme(plan, None) for name, plan in catalogue.shipped().items() if name == code]
    return shipped + [views.programme(entry.plan, entry) for entry in await stored.list_versions(tx, code)]
