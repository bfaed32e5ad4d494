"""HTTP of rights: one router per aggregate."""

from __future__ import annotations

from fastapi import APIRouter

from services.rights.api import (
    case_figures,
    cases,
    emergencies,
    incomes,
    ledgers,
    orphans,
    payrolls,
    records,
    repatriations,
    settlements,
    shortfalls,
)

router = APIRouter()
for part in (incomes, orphans, shortfalls, ledgers, payrolls, case_figures, cases, settlements, records, emergencies, repatriations):
    router.include_router(part.router)
