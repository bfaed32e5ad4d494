"""How a process reaches Kafka and who it is there, from the environment; the names are those of Kafka's own clients.

KAFKA_SECURITY_PROTOCOL and KAFKA_SASL_MECHANISM say which of the other settings are needed; one that is set and not used is refused,
since whoever set it believes in a protection that is not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, FilePath, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.hosts import is_loopback, keeps_secrets
from shared.secret_files import SECRETS_DIR

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


def absent_if_empty(value: object) -> object:
    """A variable that docker compose passes on without a value is not set."""
    return None if value == "" else value


OptionalPath = Annotated[FilePath | None, BeforeValidator(absent_if_empty)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(absent_if_empty)]
OptionalText = Annotated[str | None, BeforeValidator(absent_if_empty)]


class KafkaSettings(BaseSettings):
    """The part of every process's settings that a tool which only reads the log needs."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True, secrets_dir=SECRETS_DIR
    )

    kafka_bootstrap_servers: str = Field(description="host:port of one broker or several, separated by commas")
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL (TLS, with a certificate of its own: mutual), SASL_SSL or SASL_PLAINTEXT"
    )
    kafka_ssl_cafile: OptionalPath = Field(
        default=None, description="PEM file with the authorities that sign the brokers' certificates; without it the system's"
    )
    kafka_ssl_certfile: OptionalPath = Field(
        default=None, description="PEM file with this process's certificate, for mutual TLS; read again when it changes"
    )
    kafka_ssl_keyfile: OptionalPath = Field(default=None, description="PEM file with the key of KAFKA_SSL_CERTFILE")
    kafka_ssl_key_password: OptionalSecret = Field(default=None, description="password of KAFKA_SSL_KEYFILE, where it is encrypted")
    kafka_sasl_mechanism: Annotated[Mechanism | None, BeforeValidator(absent_if_empty)] = Field(
        default=None, description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, where the protocol is SASL_"
    )
    kafka_sasl_username: OptionalText = Field(default=None, description="who this process is, for PLAIN and SCRAM")
    kafka_sasl_password: OptionalSecret = Field(default=None, description="the password of KAFKA_SASL_USERNAME")
    kafka_oauth_token_url: OptionalText = Field(
        default=None, description="token endpoint of the issuer (client credentials grant), for OAUTHBEARER; https"
    )
    kafka_oauth_client_id: OptionalText = Field(default=None, description="who this process is at the issuer")
    kafka_oauth_client_secret_file: OptionalPath = Field(
        default=None, description="file with the secret of KAFKA_OAUTH_CLIENT_ID, read again when it changes"
    )
    kafka_oauth_client_secret: OptionalSecret = Field(default=None, description="the secret itself, where it is in no file")
    kafka_oauth_scope: OptionalText = Field(default=None, description="scope that is asked for, where the issuer wants one")
    topic_prefix: str = Field(
        default="", pattern=r"^[a-z0-9_.-]{0,60}$", description="before the name of every topic, for several programmes on one cluster"
    )
    topic_partitions: int = Field(default=6, ge=1, le=1000, description="partitions of a topic that is created at start")
    topic_replication: Annotated[int | None, BeforeValidator(absent_if_empty)] = Field(
        default=None, ge=1, le=10, description="replicas that every topic must have; without it 3 where there are three brokers, else 1"
    )

    @field_validator("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_ssl_keyfile", "kafka_ssl_key_password")
    @classmethod
    def _used_with_tls(cls, value: Any, info: ValidationInfo) -> Any:
        _refuse_unused(value, info.data.get("kafka_security_protocol") in {"SSL", "SASL_SSL"}, "KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL")
        return value

    @field_validator("kafka_ssl_keyfile")
    @classmethod
    def _with_its_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("kafka_ssl_certfile") is None):
            raise ValueError("goes with KAFKA_SSL_CERTFILE: set both, or neither")
        return value

    @field_validator("kafka_sasl_mechanism")
    @classmethod
    def _named_with_sasl(cls, value: str | None, info: ValidationInfo) -> str | None:
        protocol = info.data.get("kafka_security_protocol")
        sasl = protocol in {"SASL_PLAINTEXT", "SASL_SSL"}
        _require(value, sasl, f"KAFKA_SECURITY_PROTOCOL is {protocol}")
        _refuse_unused(value, sasl, "KAFKA_SECURITY_PROTOCOL is SASL_SSL or SASL_PLAINTEXT")
        if value in {"PLAIN", "OAUTHBEARER"} and protocol == "SASL_PLAINTEXT" and not _on_loopback(info.data):
            raise ValueError(f"{value} sends what it proves itself with in the clear: KAFKA_SECURITY_PROTOCOL must be SASL_SSL")
        return value

    @field_validator("kafka_sasl_username", "kafka_sasl_password")
    @classmethod
    def _given_for_passwords(cls, value: Any, info: ValidationInfo) -> Any:
        mechanism = info.data.get("kafka_sasl_mechanism")
        used = mechanism in {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
        _require(value, used, f"KAFKA_SASL_MECHANISM is {mechanism}")
        _refuse_unused(value, used, "KAFKA_SASL_MECHANISM is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
        return value

    @field_validator(
        "kafka_oauth_token_url", "kafka_oauth_client_id", "kafka_oauth_client_secret_file", "kafka_oauth_client_secret", "kafka_oauth_scope"
    )
    @classmethod
    def _given_for_tokens(cls, value: Any, info: ValidationInfo) -> Any:
        used = info.data.get("kafka_sasl_mechanism") == "OAUTHBEARER"
        optional = {"kafka_oauth_scope", "kafka_oauth_client_secret_file"}
        if info.data.get("kafka_oauth_client_secret_file") is not None:
            optional.add("kafka_oauth_client_secret")
            _refuse_unused(value, info.field_name != "kafka_oauth_client_secret", "KAFKA_OAUTH_CLIENT_SECRET_FILE is not set")
        _require(value, used and info.field_name not in optional, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
        _refuse_unused(value, used, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
        return value

    @field_validator("kafka_oauth_token_url")
    @classmethod
    def _secret_in_transit(cls, value: str | None) -> str | None:
        if value is not None and not keeps_secrets(value):
            raise ValueError("must be an https:// URL (http:// only on loopback)")
        return value


def _require(value: object, needed: bool, when: str) -> None:  # a condition, read beside its reason
    if needed and value is None:
        raise ValueError(f"must be set where {when}")


def _refuse_unused(value: object, used: bool, when: str) -> None:
    if value is not None and not used:
        raise ValueError(f"is used only where {when}")


def _on_loopback(found: dict[str, Any]) -> bool:
    servers = str(found.get("kafka_bootstrap_servers", "")).split(",")
    return all(is_loopback(server.strip().rpartition(":")[0].strip("[]")) for server in servers)
