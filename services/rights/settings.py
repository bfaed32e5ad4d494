"""The programme's parameters of rights, each with its default; RIGHTS_<NAME> in the environment overrides one."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import Settings

PAYROLL_BODY_BYTES = 8 * 1024 * 1024  # 20,000 rows of csv take about 3 MB
PAYROLL_ROWS = 20_000
PAYROLL_CHUNK = 1_000  # rows per transaction


class Policy(BaseSettings):
    """No law fixes these: they are parameters (p), unverified."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    rights_tolerance_percent: int = Field(default=5, ge=0, le=100, description="(p) percent that a net wage may lie below what is expected")
    rights_late_after_days: int = Field(default=10, ge=0, le=3650, description="(p) days after the pay day, until a payment counts as late")
    rights_missing_after_days: int = Field(
        default=30, ge=0, le=3650, description="(p) days after the pay day, until a wage counts as missing"
    )
    rights_collective_from: int = Field(
        default=3, ge=2, le=1000, description="(p) workers short in one month, from which they are one case"
    )
    rights_silence_days: int = Field(
        default=30, ge=1, le=3650, description="(p) days without an answer of the worker, until a case may be closed for it"
    )


class RightsSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first command that needs it."""


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()
