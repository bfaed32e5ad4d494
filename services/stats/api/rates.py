"""Monthly rates."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.stats.api.parameters import Planner, Reader
from services.stats.commands import Foreign, LoadFxRates, ReviseFxRate
from services.stats.usecases import rates
from services.stats.views.rates import FxRate

router = APIRouter()


@router.get("/fx-rates")
async def fx_rates(call: Reader, currency: Foreign | None = None) -> list[FxRate]:
    """Every version of every monthly rate, yuan per unit."""
    return await call.query(lambda tx: rates.fx_rates(tx, currency))


@router.post("/fx-rates", status_code=201, response_model=list[FxRate])
async def load_fx_rates(body: LoadFxRates, call: Planner) -> Response:
    """Load rates for months that have none; all or nothing."""
    return await call.command(lambda tx: rates.load_fx_rates(tx, body), status=201)


@router.post("/fx-rates/revisions", status_code=201, response_model=FxRate)
async def revise_fx_rate(body: ReviseFxRate, call: Planner) -> Response:
    """Enter another rate for a month that has one, with the reason."""
    return await call.command(lambda tx: rates.revise_fx_rate(tx, body), status=201)
