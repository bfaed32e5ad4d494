"""The programme's parameters of rights, each with its default; RIGHTS_<NAME> in the environment overrides one."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.secret_files import SECRETS_DIR
from shared.settings import Settings

PAYROLL_BODY_BYTES = 8 * 1024 * 1024  # 20,000 rows of csv take about 3 MB
PAYROLL_ROWS = 20_000
PAYROLL_CHUNK = 1_000  # rows per transaction


class Policy(BaseSettings):
    """No law fixes these: they are parameters (p), unverified."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    rights_tolerance_percent: int = Field(default=5, ge=0, le=100, description="(p) percent that a net wage may lie below what is expected")
    rights_late_after_days: int = Field(default=10, ge=0, le=3650, description="(p) days after the pay day, until a payment counts as late")
    rights_missing_after_days: int = Field(
        default=30, ge=0, le=3650, description="(p) days after the pay day, until a wage counts as missing"
    )
    rights_collective_from: int = Field(
        default=3, ge=2, le=1000, description="(p) workers of an enterprise whose pay of one month is owed, from which they are one case"
    )
    rights_unpaid_days: int = Field(
        default=45, ge=1, le=3650, description="(p) days after its pay day without a wage, from which one worker is a collective case"
    )
    rights_emergency_hours: int = Field(default=2, ge=1, le=720, description="(p) hours to the first answer to an emergency")
    rights_wages_hours: int = Field(
        default=48, ge=1, le=2400, description="(p) hours of working days to the first answer to a complaint about wages"
    )
    rights_answer_days: int = Field(default=30, ge=1, le=365, description="(p) working days to the first answer to any other complaint")
    rights_response_days: int = Field(default=10, ge=1, le=365, description="(p) working days an enterprise has to respond to a case")
    rights_offer_days: int = Field(default=10, ge=1, le=365, description="(p) working days an offer may lie in a case")
    rights_draw_days: int = Field(default=5, ge=1, le=365, description="(p) working days the reserve may take to pay a settlement")
    rights_handling_days: int = Field(default=20, ge=1, le=365, description="(p) working days a case may lie without a step")
    rights_escalation_days: int = Field(
        default=5, ge=1, le=365, description="(p) working days a higher office has to act on a case, before the next one gets it"
    )
    rights_emergency_step_hours: int = Field(
        default=24, ge=1, le=720, description="(p) hours for any step of an emergency after its first answer"
    )
    rights_silence_days: int = Field(
        default=30, ge=1, le=3650, description="(p) days of the worker's silence after being asked, until a case may be closed for it"
    )
    rights_reopen_days: int = Field(
        default=90, ge=0, le=3650, description="(p) days after its closing, in which a case is reopened without new evidence"
    )


class RightsSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first command that needs it."""


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()
