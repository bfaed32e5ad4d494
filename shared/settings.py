"""The settings every service process reads from the environment: the field's name in upper case, without a prefix.

`DATABASE_URL` names the service's own database. The two a cluster needs are KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import SettingsError

from shared.kafka_settings import KafkaSettings, absent_if_empty
from shared.logs import LOG_FORMAT, LogFormat
from shared.postgres_settings import PostgresSettings
from shared.token_settings import TokenSettings

ENDPOINT_KEY_BYTES = 32


def _endpoint_key(secret: SecretStr | None) -> SecretStr | None:
    try:
        length = ENDPOINT_KEY_BYTES if secret is None else len(base64.b64decode(secret.get_secret_value(), validate=True))
    except binascii.Error:
        length = 0
    if length != ENDPOINT_KEY_BYTES:
        message = f"must be {ENDPOINT_KEY_BYTES} bytes in base64"
        raise ValueError(message)
    return secret


def _mail_server(url: SecretStr | None) -> SecretStr | None:
    parts = None if url is None else urlsplit(url.get_secret_value())
    if parts is not None and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        message = "must be smtp://[user:password@]host[:port], or smtps://"
        raise ValueError(message)
    return url


_HEADER = re.compile(r"[A-Za-z0-9-]+=[!-+\--~][ -+\--~]*")  # no comma in a value


def _headers(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and not all(_HEADER.fullmatch(pair) for pair in secret.get_secret_value().split(",")):
        message = "must be name=value, with commas between"
        raise ValueError(message)
    return secret


OtlpHeaders = Annotated[SecretStr | None, BeforeValidator(absent_if_empty), AfterValidator(_headers)]
EndpointKey = Annotated[SecretStr | None, BeforeValidator(absent_if_empty), AfterValidator(_endpoint_key)]
MailServerUrl = Annotated[SecretStr | None, BeforeValidator(absent_if_empty), AfterValidator(_mail_server)]


WRONG = (ValidationError, SettingsError, RecursionError)  # what reading settings raises


def wrong(error: ValidationError | SettingsError | RecursionError) -> list[str]:
    """A line for each setting that is missing, wrong or cannot be read, with the variable's name and without its value."""
    if isinstance(error, RecursionError):
        return ["one that is JSON: cannot be read: too many brackets"]
    if isinstance(error, SettingsError):
        field = re.search(r'field "(\w+)"', str(error))
        cause = error.__cause__
        why = (cause.strerror or "") if isinstance(cause, OSError) else "not text, or not the JSON that it must be"
        return [f"{field[1].upper() if field else 'secrets'}: cannot be read: {why}"]
    return [f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors(include_input=False, include_url=False)]


class Settings(TokenSettings, PostgresSettings, KafkaSettings):
    """A service that needs more subclasses it in its own settings.py."""

    http_host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 in a container")
    http_port: int = Field(ge=1, le=65535, description="port to listen on")
    caller_requests_per_second: float = Field(
        default=50.0, ge=0, le=100_000, description="requests that one caller may send to a process in the long run; 0: as many as it likes"
    )
    caller_burst: int = Field(default=200, ge=1, le=1_000_000, description="requests of a caller that are answered at once, after a pause")
    simulation: bool = Field(default=False, description="accept the Simulated-Time header; only for a stack that plays a calendar")
    sweep_seconds: float = Field(default=30.0, gt=0, description="pause between two sweeps of timeouts; a simulation sweeps by command")
    canary_seconds: float = Field(
        default=60.0,
        ge=0,
        le=120,
        description="pause between two synthetic events, whose age shows that what is published arrives; 0, and in a simulation: none",
    )
    pool_size: int = Field(default=8, ge=3, le=100, description="connections to PostgreSQL at most, the relay's own not counted")
    drain_seconds: float = Field(default=10.0, gt=0, description="time after SIGTERM to finish requests and empty the outbox; then exit")
    gap_alarm_seconds: float = Field(default=60.0, gt=0, description="a missing sequence number older than this means the log lost data")
    stuck_seconds: float = Field(default=30.0, gt=0, description="a consumer with lag that moves no position for this long exits")
    max_diverted: int = Field(default=100, ge=1, description="records diverted to dead letters in a row before the consumer stops")
    endpoint_key: EndpointKey = Field(
        default=None, description="32 bytes in base64, which seal the secrets of webhooks and mailboxes; without it none are opened"
    )
    endpoints_local: bool = Field(
        default=False, description="post webhooks to http and to private addresses too; only for a stack on one's own machine"
    )
    endpoint_rotation_hours: int = Field(
        default=24, ge=0, le=720, description="(p) hours for which the secret before signs too, after a webhook got another one"
    )
    smtp_url: MailServerUrl = Field(
        default=None,
        description="smtp://user:password@host:587 (encrypted where there is a password) or smtps://; without it no mail is sent",
    )
    mail_from: str = Field(
        default="laowu@localhost", pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$", max_length=254, description="sender of letters"
    )
    console_url: str = Field(
        default="", pattern=r"^(https?://[!-~]+)?$", max_length=500, description="where people reach the console: the link in letters"
    )
    log_level: str = Field(default="INFO", description="level of the log on stderr: DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(default="text", description=LOG_FORMAT)
    otel_exporter_otlp_endpoint: str = Field(
        default="",
        pattern=r"^(https?://[!-~]+)?$",
        max_length=500,
        description="OpenTelemetry collector that takes spans by OTLP over HTTP, such as http://127.0.0.1:4318; without it none are made",
    )
    otel_exporter_otlp_headers: OtlpHeaders = Field(default=None, description="headers for the collector: name=value, with commas between")
    otel_traces_sampler_arg: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="part of the requests whose traces are recorded; one that comes with a traceparent decides itself",
    )

    def endpoint_key_bytes(self) -> bytes | None:
        return None if self.endpoint_key is None else base64.b64decode(self.endpoint_key.get_secret_value())

    def request_keys(self) -> tuple[bytes, ...]:
        """Key the hashes by which repeats of requests are known; none: what is asked for here holds nothing that can be guessed."""
        return ()
