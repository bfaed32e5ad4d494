"""Scenarios: other plans, rates and lists beside the actual ones."""

from __future__ import annotations

from fastapi import APIRouter

from services.stats import commands
from services.stats.api.parameters import Reader
from services.stats.figures.freshness import lag_of
from services.stats.usecases import scenarios
from services.stats.views.scenarios import Scenario

router = APIRouter()


@router.post("/scenarios")
async def rehearse_scenario(body: commands.RehearseScenario, call: Reader) -> Scenario:
    """Quotas and targets under another plan, other rates or lists, beside the actual ones. Nothing is stored: no Idempotency-Key."""
    lag = await lag_of(call.service)
    return await call.dry_run(lambda tx: scenarios.rehearse(tx, body, lag))
