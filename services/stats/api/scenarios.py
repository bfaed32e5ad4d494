"""Scenarios: other plans, rates and lists beside the actual ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter

from services.stats import commands
from services.stats.api.parameters import Reader
from services.stats.figures.freshness import lag_of
from services.stats.usecases import scenarios
from services.stats.views.scenarios import Scenario
from shared.db import Unavailable

router = APIRouter()
AT_ONCE, PATIENCE = 2, 60.0  # scenarios under way, so that figures keep connections to be read with; seconds to wait for a turn
_turns = asyncio.Semaphore(AT_ONCE)


@router.post("/scenarios")
async def rehearse_scenario(body: commands.RehearseScenario, call: Reader) -> Scenario:
    """Quotas and targets under another plan, other rates or lists, beside the actual ones. Nothing is stored: no Idempotency-Key."""
    lag = await lag_of(call.service)
    async with _turn():
        return await call.dry_run(lambda tx: scenarios.rehearse(tx, body, lag))


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """Raises Unavailable where too many are asked for."""
    try:
        await asyncio.wait_for(_turns.acquire(), PATIENCE)
    except TimeoutError as error:
        raise Unavailable("too many scenarios at once") from error
    try:
        yield
    finally:
        _turns.release()
