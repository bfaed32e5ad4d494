"""HTTP of training: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.training.api import (
    centres,
    certificates,
    corrections,
    courses,
    enrolments,
    findings,
    needs,
    recognitions,
    records,
    sessions,
    training_records,
)

router = APIRouter()
for part in (centres, courses, sessions, needs, enrolments, certificates, findings, corrections, recognitions, training_records, records):
    router.include_router(part.router)
