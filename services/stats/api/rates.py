"""Monthly rates."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.stats.api.parameters import Planner, Reader
from services.stats.commands import Foreign, LoadFxRates, ReviseFxRate
from services.stats.domain.rates import HeldState
from services.stats.usecases import rates
from services.stats.views.rates import FxRate, HeldRate, HeldRates
from shared.paging import Page
from shared.web.parameters import paged

router = APIRouter()


@router.get("/fx-rates")
async def list_fx_rates(call: Reader, currency: Foreign | None = None) -> list[FxRate]:
    """Every version of every monthly rate, yuan per unit."""
    return await call.query(lambda tx: rates.fx_rates(tx, currency))


@router.get("/fx-rates/held")
async def list_held_fx_rates(
    call: Reader,
    page: Annotated[Page, paged("month", "currency")],
    *,
    state: HeldState | None = None,
    currency: Annotated[str | None, Query(pattern=r"^[A-Z]{3}$")] = None,
) -> HeldRates:
    """Rates that are far off: those that wait for a second person, and what was decided."""
    return await call.query(lambda tx: rates.held_fx_rates(tx, page, state, currency))


@router.post("/fx-rates", status_code=201, response_model=list[FxRate | HeldRate])
async def load_fx_rates(body: LoadFxRates, call: Planner) -> Response:
    """Load rates for months that have none; all or nothing. One that is far off the month before is held, and answered so."""
    return await call.command(lambda tx: rates.load_fx_rates(tx, body), status=201)


@router.post("/fx-rates/revisions", status_code=201, response_model=FxRate | HeldRate)
async def revise_fx_rate(body: ReviseFxRate, call: Planner) -> Response:
    """Enter another rate for a month that has one, with the reason. It is held where it is far off the month before."""
    return await call.command(lambda tx: rates.revise_fx_rate(tx, body), status=201)


@router.post("/fx-rates/held/{held}/approval", response_model=HeldRate)
async def approve_held_rate(held: UUID, call: Planner) -> Response:
    """By somebody else than who entered it: figures are converted with it from now on."""
    return await call.command(lambda tx: rates.approve_held_rate(tx, held))


@router.post("/fx-rates/held/{held}/rejection", response_model=HeldRate)
async def reject_held_rate(held: UUID, call: Planner) -> Response:
    """It was mistaken."""
    return await call.command(lambda tx: rates.reject_held_rate(tx, held))
