"""Designation lists and divisions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.stats.api.parameters import KnownAt, Planner, Reader
from services.stats.commands import LoadDesignations, LoadDivisions
from services.stats.figures.classifications import MOST_ROWS
from services.stats.usecases import classifications
from services.stats.views.classifications import Designations, Divisions, ListVersion

router = APIRouter()
After = Annotated[int, Query(ge=0, le=MOST_ROWS)]
Limit = Annotated[int, Query(ge=1, le=5000)]


@router.get("/lists")
async def list_versions(call: Reader) -> list[ListVersion]:
    """Every version of every list that was loaded; the shipped ones, version 0, are none of them."""
    return await call.query(classifications.versions)


@router.get("/designations")
async def show_designations(call: Reader, as_known_at: KnownAt = None, after: After = 0, limit: Limit = 1000) -> Designations:
    """Counties and what they were listed as, from and to (inclusive) which day."""
    return await call.query(lambda tx: classifications.designations(tx, as_known_at, after, limit))


@router.post("/designations", status_code=201, response_model=ListVersion)
async def load_designations(body: LoadDesignations, call: Planner) -> Response:
    """Replace what the list says of the counties named, or (`whole`) all of it; closed periods are restated."""
    return await call.command(lambda tx: classifications.load_designations(tx, body), status=201)


@router.get("/divisions")
async def show_divisions(call: Reader, as_known_at: KnownAt = None, after: After = 0, limit: Limit = 1000) -> Divisions:
    """Every code that a household register may carry; what is not among them is unclassified."""
    return await call.query(lambda tx: classifications.divisions(tx, as_known_at, after, limit))


@router.post("/divisions", status_code=201, response_model=ListVersion)
async def load_divisions(body: LoadDivisions, call: Planner) -> Response:
    """Replace what the list says of the counties named, or (`whole`) all of it; closed periods are restated."""
    return await call.command(lambda tx: classifications.load_divisions(tx, body), status=201)
