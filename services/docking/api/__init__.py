"""HTTP of docking: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.docking.api import dispatches, enterprises, orders, placements

router = APIRouter()
for part in (enterprises, orders, dispatches, placements):
    router.include_router(part.router)
