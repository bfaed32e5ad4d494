"""HTTP of training: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.training.api import centres, certificates, corrections, courses, enrolments, findings, needs, recognitions, records, sessions

router = APIRouter()
for part in (centres, courses, sessions, needs, enrolments, certificates, findings, corrections, recognitions, records):
    router.include_router(part.router)
