"""Whose bearer tokens are believed and what their claims mean, from the environment.

AUTH_ISSUER names an OpenID Connect issuer, AUTH_JWKS a file of public keys of one's own; a process may believe both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.hosts import keeps_secrets
from shared.kafka_settings import OptionalPath, OptionalText, absent_if_empty
from shared.principals import Role
from shared.secret_files import SECRETS_DIR

CLAIM_PATH = r"^[^,\s]{1,200}$"


class TokenSettings(BaseSettings):
    """The part of a service's and of the console's settings that says who a caller is."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True, secrets_dir=SECRETS_DIR
    )

    auth_issuer: OptionalText = Field(
        default=None, max_length=500, description="https:// URL of the OpenID Connect issuer whose tokens are believed, as in their `iss`"
    )
    auth_audience: OptionalText = Field(
        default=None, max_length=200, description="whom the issuer's tokens must be meant for, such as laowu: one of their `aud`"
    )
    auth_cafile: OptionalPath = Field(
        default=None, description="PEM file with the authorities that sign the issuer's certificate; without it the system's"
    )
    auth_role_claims: str = Field(
        default="role",
        pattern=r"^[^,\s]{1,200}(,[^,\s]{1,200}){0,9}$",
        description=r"where the issuer's tokens hold roles: paths with commas between, such as realm_access.roles; \. is a dot in a name",
    )
    auth_roles: dict[str, Role] = Field(
        default={}, max_length=100, description='JSON: role by the issuer\'s name for it, {"labour-clerk": "clerk"}; empty: the same names'
    )
    auth_regions_claim: str = Field(default="regions", pattern=CLAIM_PATH, description="where the issuer's tokens hold regions: a path")
    auth_party_claim: str = Field(default="party", pattern=CLAIM_PATH, description="where they hold the party: a path")
    auth_leeway_seconds: float = Field(
        default=5.0, ge=0, le=120, description="how far the issuer's clock may be ahead; an expired token gets no leeway"
    )
    auth_refresh_seconds: float = Field(default=300.0, ge=10, le=86400, description="seconds after which the issuer's keys are read again")
    auth_outage_hours: float = Field(
        default=24.0, gt=0, le=168, description="hours for which its keys are used on while the issuer does not answer; then 503"
    )
    auth_jwks: Annotated[Path | None, BeforeValidator(absent_if_empty)] = Field(
        default=None, description="file of public keys (JWKS) whose tokens are believed too, read again when it changes; `iss` is laowu"
    )

    @field_validator("auth_issuer")
    @classmethod
    def _reached_in_secret(cls, value: str | None) -> str | None:
        if value is not None and not keeps_secrets(value):
            raise ValueError("must be an https:// URL (http:// only on loopback)")
        return value

    @field_validator("auth_audience", "auth_cafile")
    @classmethod
    def _goes_with_the_issuer(cls, value: Any, info: ValidationInfo) -> Any:
        issuer = info.data.get("auth_issuer")
        if value is not None and issuer is None:
            raise ValueError("is used only where AUTH_ISSUER is set")
        if info.field_name == "auth_audience" and value is None and issuer is not None:
            raise ValueError("must be set where AUTH_ISSUER is: an issuer gives out tokens for others too")
        return value

    @field_validator("auth_roles")
    @classmethod
    def _never_a_reaction(cls, value: dict[str, Role]) -> dict[str, Role]:
        if Role.SERVICE in value.values():
            raise ValueError("the role service is never issued")
        return value

    @field_validator("auth_jwks")
    @classmethod
    def _one_at_least(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and "auth_issuer" in info.data and info.data["auth_issuer"] is None:
            raise ValueError("must be set where AUTH_ISSUER is not")
        return value
