"""HTTP of docking: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.docking.api import adoptions, clearances, dispatches, enterprises, matching, orders, placements, proposals

router = APIRouter()
for part in (enterprises, clearances, orders, proposals, matching, adoptions, dispatches, placements):
    router.include_router(part.router)
