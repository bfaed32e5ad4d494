"""Settings of the console's process, from environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.hosts import is_loopback
from shared.secret_files import SECRETS_DIR
from shared.token_settings import TokenSettings


class ConsoleSettings(TokenSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    console_host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 in a container")
    console_port: int = Field(ge=1, le=65535, description="port to listen on")
    service_urls: dict[str, str] = Field(description='JSON: base URL of each service, {"registration": "http://...", ...}')
    session_key: SecretStr = Field(
        min_length=44,
        max_length=44,
        description="seals the session cookie: 32 bytes, URL-safe base64",
    )
    session_hours: int = Field(default=12, ge=1, le=24, description="hours after which a visitor logs in again")
    https: bool = Field(default=True, description="the browser reaches the console by https: cookies are Secure and named __Host-")
    local_accounts_key: Path | None = Field(
        default=None, description="private key (JWK) of the local stack: whoever reaches the page may choose a role; on loopback only"
    )
    simulation: bool = Field(default=False, description="the services play a calendar: a visitor may choose the day it is")
    log_level: str = Field(default="INFO", description="level of the log on stderr: DEBUG, INFO, WARNING or ERROR")

    @model_validator(mode="after")
    def _local_accounts_stay_local(self) -> Self:
        if self.local_accounts_key is not None and not is_loopback(self.console_host):
            raise ValueError("LOCAL_ACCOUNTS_KEY lets anybody in: CONSOLE_HOST must be a loopback address")
        return self
