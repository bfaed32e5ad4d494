"""The programme's parameters of docking, each with its default; DOCKING_<NAME> in the environment overrides one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.secret_files import SECRETS_DIR
from shared.settings import Settings


class Policy(BaseSettings):
    """Values without a verified source are parameters, never constants (docs/rules.md)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    docking_signing_key: Path = Field(description="PEM file with the Ed25519 key that signs clearance certificates")
    docking_order_days: int = Field(default=45, ge=1, le=3650, description="(p, unverified) days an order is open that names no expiry")
    docking_proposal_days: int = Field(default=14, ge=1, le=365, description="(p, unverified) days a proposal can be accepted")
    docking_intention_days: int = Field(
        default=365, ge=1, le=3650, description="(p, unverified) days after a docking fair, in which a match counts against its intentions"
    )
    docking_match_days: int = Field(default=45, ge=1, le=365, description="(p, unverified) days a matched worker's position is held")
    docking_clearance_wait_days: int = Field(
        default=30, ge=1, le=365, description="(p, unverified) days a requested clearance waits for the training certificate"
    )
    docking_clearance_days: int = Field(default=60, ge=1, le=365, description="(p, unverified) days a granted clearance allows departure")
    docking_evidence_days: int = Field(
        default=30, ge=0, le=365, description="(p) days after the end of a clearance, in which a departure within it may still be recorded"
    )
    docking_stuck_days: int = Field(
        default=14, ge=0, le=365, description="(p) days of waiting, after which missing papers or a clearance are listed as stuck"
    )
    docking_minimum_reserve: int = Field(default=300_000_000, ge=0, description="(p) fen; E3: 3,000,000 yuan")
    docking_reserve_days: int = Field(
        default=20, ge=1, le=365, description="(p) working days after a draw below the minimum, in which the reserve is topped up; E4"
    )
    docking_managers_above: int = Field(
        default=100, ge=0, le=100_000, description="(p) workers of one enterprise in one country, above which it files managers; E7"
    )
    docking_fee_cap_per_mille: int = Field(
        default=125,
        ge=0,
        le=1000,
        description="(p, unverified) per mille of the contract's wages, for the service fee; C5 (rules.md 1.2)",
    )
    docking_medical_days: int = Field(
        default=365, ge=1, le=3650, description="(p, unverified) days after a medical examination, for which its finding holds at most"
    )
    docking_maximum_term_months: int = Field(
        default=120, ge=1, le=600, description="(p, unverified) months that a contract runs at most, extensions included"
    )
    docking_arrival_first_day: int = Field(
        default=14, ge=1, le=365, description="(p) day after the departure, on which the worker is asked"
    )
    docking_arrival_second_day: int = Field(default=90, ge=1, le=3650, description="(p) the same for the second time")
    docking_arrival_grace_days: int = Field(
        default=7, ge=0, le=365, description="(p, unverified) days after that, until a worker who has not confirmed is listed as overdue"
    )
    docking_licensing_destinations: str = Field(
        default="",
        pattern="^([A-Z]{3}(,[A-Z]{3})*)?$",
        description="(p, unverified) codes of the host states that license employers, with commas between; E6",
    )
    docking_minimum_age: int = Field(default=18, ge=16, le=99, description="(p, unverified) years, in the calendar year of the match")
    docking_maximum_age: int = Field(default=60, ge=16, le=99, description="(p, unverified) years, in the calendar year of the match")
    docking_days_per_month: int = Field(
        default=26, ge=1, le=31, description="(p) paid days a month, by which a daily wage is compared with a monthly floor"
    )
    docking_candidates: int = Field(
        default=200, ge=1, le=5000, description="workers considered per occupation level, in and outside poverty counties"
    )
    docking_matching_orders: int = Field(
        default=2000, ge=1, le=10_000, description="open orders matched at once, the first to expire; bounds its time and memory"
    )
    docking_matching_workers: int = Field(
        default=20_000, ge=1, le=100_000, description="workers matched at once, the longest waiting; bounds its time and memory"
    )
    docking_matching_seconds: int = Field(default=120, ge=1, le=3600, description="seconds a plan for all open orders may take")

    @property
    def arrival_days(self) -> tuple[int, int]:
        """The days after the departure on which the worker is asked."""
        return self.docking_arrival_first_day, self.docking_arrival_second_day

    @property
    def licensing_destinations(self) -> tuple[str, ...]:
        """E6: where only a licensed employer may be named."""
        return tuple(filter(None, self.docking_licensing_destinations.split(",")))


class DockingSettings(Settings, Policy):
    """What the process reads at start: a wrong parameter ends it there, not at the first command that needs it."""


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()
