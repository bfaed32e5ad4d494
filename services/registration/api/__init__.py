"""HTTP of registration: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.registration.api import corrections, duplicates, imports, personal_data, surveys, willingness, workers

router = APIRouter()
for part in (workers, corrections, duplicates, personal_data, willingness, imports, surveys):
    router.include_router(part.router)
