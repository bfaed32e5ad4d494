"""HTTP of stats: one router per kind of thing asked for or entered."""

from __future__ import annotations

from fastapi import APIRouter

from services.stats.api import classifications, explanations, figures, periods, programmes, public, rates, releases, scenarios, stream

router = APIRouter()
for part in (figures, explanations, programmes, rates, classifications, periods, releases, public, scenarios, stream):
    router.include_router(part.router)
