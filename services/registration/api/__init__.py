"""HTTP of registration: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.registration.api import (
    announcements,
    corrections,
    duplicates,
    imports,
    old_numbers,
    outreach,
    personal_data,
    surveys,
    willingness,
    workers,
    wrapped_keys,
)

router = APIRouter()
for part in (
    workers,
    corrections,
    duplicates,
    personal_data,
    willingness,
    imports,
    surveys,
    announcements,
    outreach,
    wrapped_keys,
    old_numbers,
):
    router.include_router(part.router)
