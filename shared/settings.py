"""Every setting a service process reads, from the environment. Names are the variables, upper case; no prefix.

`DATABASE_URL` names the service's own database. The two a cluster needs are KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Shared by all services; a service that needs more subclasses it in its own `__main__` or package."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_bootstrap_servers: str
    database_url: SecretStr
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    auth_jwks: Path = Field(description="file with the public keys (JWKS, EdDSA) that bearer tokens are checked against")
    simulation: bool = Field(default=False, description="accept the Simulated-Time header; only for a stack that plays a calendar")
    sweep_seconds: float = Field(default=30.0, gt=0, description="how often timeouts are looked for; a simulation sweeps by command")
    topic_prefix: str = Field(default="", pattern=r"^[a-z0-9_.-]{0,60}$", description="before every topic: programmes on one cluster")
    topic_partitions: int = Field(default=6, ge=1, le=1000)
    topic_replication: int = Field(default=1, ge=1, le=10)
    pool_size: int = Field(default=8, ge=3, le=100)
    drain_seconds: float = Field(default=10.0, gt=0, description="how long SIGTERM may take before the process leaves hard")
    gap_alarm_seconds: float = Field(default=60.0, gt=0, description="a missing sequence number older than this means the log lost data")
    stuck_seconds: float = Field(default=30.0, gt=0, description="no progress of a consumer with lag for this long: exit, be restarted")
    max_diverted: int = Field(default=100, ge=1, description="records diverted to dead letters in a row before the consumer stops")
    log_level: str = "INFO"
