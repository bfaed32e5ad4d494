"""The settings every service process reads from the environment: the field's name in upper case, without a prefix.

`DATABASE_URL` names the service's own database. The two a cluster needs are KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """A service that needs more subclasses it in its own settings.py."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_bootstrap_servers: str = Field(description="host:port of one broker or several, separated by commas")
    database_url: SecretStr = Field(description="postgresql:// URL of the service's own database")
    http_host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 in a container")
    http_port: int = Field(ge=1, le=65535, description="port to listen on")
    auth_jwks: Path = Field(description="file with the public keys (JWKS, EdDSA) that bearer tokens are checked against")
    simulation: bool = Field(default=False, description="accept the Simulated-Time header; only for a stack that plays a calendar")
    sweep_seconds: float = Field(default=30.0, gt=0, description="pause between two sweeps of timeouts; a simulation sweeps by command")
    topic_prefix: str = Field(
        default="", pattern=r"^[a-z0-9_.-]{0,60}$", description="before the name of every topic, for several programmes on one cluster"
    )
    topic_partitions: int = Field(default=6, ge=1, le=1000, description="partitions of a topic that is created at start")
    topic_replication: int = Field(default=1, ge=1, le=10, description="replicas of a topic that is created at start")
    pool_size: int = Field(default=8, ge=3, le=100, description="connections to PostgreSQL at most, the relay's own not counted")
    drain_seconds: float = Field(default=10.0, gt=0, description="time after SIGTERM to finish requests and empty the outbox; then exit")
    gap_alarm_seconds: float = Field(default=60.0, gt=0, description="a missing sequence number older than this means the log lost data")
    stuck_seconds: float = Field(default=30.0, gt=0, description="a consumer with lag that moves no position for this long exits")
    max_diverted: int = Field(default=100, ge=1, description="records diverted to dead letters in a row before the consumer stops")
    log_level: str = Field(default="INFO", description="level of the log on stderr: DEBUG, INFO, WARNING or ERROR")

    def request_key(self) -> bytes:
        """Keys the hashes by which repeats of requests are known; none: what is asked for here holds nothing that can be guessed."""
        return b""
