"""HTTP of docking: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.docking.api import (
    adoptions,
    arrivals,
    clearances,
    contract_changes,
    dispatches,
    employers,
    enterprises,
    fairs,
    fees,
    managers,
    matching,
    medicals,
    merges,
    notices,
    old_numbers,
    orders,
    parties,
    placements,
    proposals,
    records,
    reserves,
    roll_calls,
)

router = APIRouter()
for part in (
    enterprises,
    reserves,
    employers,
    fairs,
    managers,
    notices,
    clearances,
    orders,
    proposals,
    matching,
    adoptions,
    dispatches,
    roll_calls,
    merges,
    parties,
    placements,
    fees,
    records,
    medicals,
    arrivals,
    contract_changes,
    old_numbers,
):
    router.include_router(part.router)
