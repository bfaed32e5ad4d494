"""The programme's parameters of stats, each with its default; STATS_<NAME> in the environment overrides one."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.secret_files import SECRETS_DIR
from shared.settings import Settings


class Policy(BaseSettings):
    """Values without a verified source are parameters, never constants (docs/rules.md)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    stats_stale_seconds: int = Field(default=300, ge=1, le=86_400, description="figures further behind for longer than this are stale")
    stats_public_smallest: int = Field(default=10, ge=1, le=1000, description="(p, unverified) the public sees no cell of 1 up to one less")
    stats_rate_times: int = Field(
        default=3, ge=2, le=1000, description="(p, unverified) times off the month before, from which a rate waits for a second person"
    )
    stats_stream_clients: int = Field(default=32, ge=0, le=1000, description="streams served at once by a process")
    stats_stream_minutes: int = Field(default=60, ge=1, le=1440, description="a stream ends then; its reader comes back with a good token")
    stats_stream_tail: int = Field(default=10_000, ge=100, le=10**6, description="events kept for readers that come back")


class StatsSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first request that needs it."""


@cache
def policy() -> Policy:
    """As the environment says."""
    return Policy()
