"""Settings of the console's process, from environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.hosts import is_loopback, keeps_secrets
from shared.kafka_settings import OptionalPath, OptionalText
from shared.logs import LOG_FORMAT, LogFormat
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
    console_url: str = Field(
        default="",
        pattern=r"^(https?://[!-~]+)?$",
        max_length=500,
        description="where browsers reach the console, such as https://laowu.example",
    )
    console_client_id: OptionalText = Field(
        default=None, description="the console's client at AUTH_ISSUER: people log in there, which leads back to CONSOLE_URL/login/callback"
    )
    console_client_secret_file: OptionalPath = Field(
        default=None, description="file with that client's secret, read again when it changes; without it the client is public (PKCE alone)"
    )
    console_scope: str = Field(
        default="openid", pattern=r"^openid( [!-~]{1,100}){0,20}$", description="scopes that are asked for at a login"
    )
    local_accounts_key: Path | None = Field(
        default=None, description="private key (JWK) of the local stack: whoever reaches the page may choose a role; on loopback only"
    )
    simulation: bool = Field(default=False, description="the services play a calendar: a visitor may choose the day it is")
    log_level: str = Field(default="INFO", description="level of the log on stderr: DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(default="text", description=LOG_FORMAT)

    @model_validator(mode="after")
    def _local_accounts_stay_local(self) -> Self:
        if self.local_accounts_key is not None and not is_loopback(self.console_host):
            raise ValueError("LOCAL_ACCOUNTS_KEY lets anybody in: CONSOLE_HOST must be a loopback address")
        if self.local_accounts_key is not None and self.auth_issuer is not None:
            raise ValueError("LOCAL_ACCOUNTS_KEY lets anybody in: it is not for a console with AUTH_ISSUER")
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if self.console_client_id is None:
            if self.console_client_secret_file is not None:
                raise ValueError("CONSOLE_CLIENT_SECRET_FILE is used only where CONSOLE_CLIENT_ID is set")
            return self
        if self.auth_issuer is None:
            raise ValueError("CONSOLE_CLIENT_ID is used only where AUTH_ISSUER is set")
        if not keeps_secrets(self.console_url):
            raise ValueError("CONSOLE_URL must be set where CONSOLE_CLIENT_ID is, and be https:// (http:// only on loopback)")
        return self
