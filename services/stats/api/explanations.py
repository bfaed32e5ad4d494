"""The events behind a figure."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.stats.api.parameters import KnownAt, Reader
from services.stats.usecases import explanations as behind
from services.stats.views.explanations import Explained

router = APIRouter()
FigureKey = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="a published key, such as dispatches|nation:CN|2018, dispatches|destination:JPN|2018 or Q1|nation:CN|2018",
    ),
]


@router.get("/explanations")
async def list_explanations(
    call: Reader,
    key: FigureKey,
    as_known_at: KnownAt = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    skip: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> list[Explained]:
    """The events that make a figure up, read from the log, newest first; of a share one explanation for each of its sides.

    One is read at a time: EXPLANATION_BUSY while another is. What takes longer than people wait is EXPLANATION_TOO_LONG.
    """
    return await behind.explain(call.service, call.query, behind.FigureAsked(key, as_known_at), limit, skip)
