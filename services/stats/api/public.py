"""What anybody may see, without a token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.stats.domain.questions import PublicBy
from services.stats.figures.freshness import lag_of
from services.stats.usecases import public
from services.stats.views.public import PublicFigure, PublicYears
from shared.web.call import Call, allow_anybody

router = APIRouter()
Anybody = Annotated[Call, allow_anybody()]


@router.get("/public/years")
async def public_years(call: Anybody) -> PublicYears:
    """Which years are closed, and what may be asked of them; a year whose `version` and `closed_on` stay has the same tables."""
    simulated = call.service.settings.simulation
    return await call.query(lambda tx: public.public_years(tx, simulated=simulated))


@router.get("/public/figures/{measure}")
async def show_public_figure(
    call: Anybody,
    measure: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    year: Annotated[int, Query(ge=1990, le=2199)],
    by: PublicBy = "province",
) -> PublicFigure:
    """A closed year by month and one dimension; small cells, and what would give them away, are left out."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: public.public_figure(tx, measure, year, by, lag))
