"""The parameters of the wage rules, marked (p), from the environment."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from services.rights.domain import Rules
from shared.settings import Settings as SharedSettings

PAYROLL_BODY_BYTES = 8 * 1024 * 1024  # 20,000 rows of csv take about 3 MB
PAYROLL_ROWS = 20_000
PAYROLL_CHUNK = 1_000


class Settings(SharedSettings):
    rights_tolerance_percent: int = Field(default=5, ge=0, le=100, description="(p) a net wage may lie this much below what is expected")
    rights_missing_after_days: int = Field(default=30, ge=0, le=3650, description="(p) after the pay day, until a wage counts as missing")
    rights_collective_from: int = Field(default=3, ge=2, le=1000, description="(p) so many workers short in one month: one collective case")
    rights_silence_days: int = Field(default=30, ge=1, le=3650, description="(p) before a case may close because the worker is silent")


@cache
def rules() -> Rules:
    """The rules in force in this process."""
    settings = Settings()
    return Rules(
        tolerance_percent=settings.rights_tolerance_percent,
        missing_after_days=settings.rights_missing_after_days,
        collective_from=settings.rights_collective_from,
        silence_days=settings.rights_silence_days,
    )
