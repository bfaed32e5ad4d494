"""The programme's parameters of training, each with its default; TRAINING_<NAME> in the environment overrides one.

No source for hours, pass mark and validity was found (rules.md 1.3): they are parameters, and unverified.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.secret_files import SECRETS_DIR
from shared.settings import Settings


class Policy(BaseSettings):
    """W1: what must be attended and passed, and how long it holds."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    training_signing_key: Path = Field(description="PEM file with the Ed25519 key that signs what is stated about certificates")
    training_minimum_minutes: int = Field(
        default=2400, ge=1, le=1_000_000, description="(p, unverified) minutes: 40 hours, where a course states none"
    )
    training_validity_days: int = Field(default=730, ge=1, le=36_500, description="(p, unverified) days that a certificate holds")
    training_pass_mark: int = Field(default=60, ge=1, le=100, description="(p, unverified) points of 100")
    training_attendance_percent: int = Field(default=90, ge=0, le=100, description="(p) percent of the days held that must be attended")
    training_passes_per_day: int = Field(default=200, ge=1, le=100_000, description="(p) per centre; more are held for an officer")
    training_prior_learning_days: int = Field(default=1825, ge=1, le=36_500, description="(p) days that prior learning may lie back")
    training_outlier_per_mille: int = Field(
        default=1, ge=1, le=1000, description="(p) in a thousand: a pass rate less likely than that stands out"
    )
    training_unassessed_days: int = Field(
        default=30, ge=0, le=3650, description="(p) days after a session's end; then the seat is given up and the need waits again"
    )


class TrainingSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first command that needs it."""


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()
