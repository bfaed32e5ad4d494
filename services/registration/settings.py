"""What registration alone reads from the environment: its two keys and the programme's parameters, marked (p) in docs/settings.md."""

from __future__ import annotations

import base64
import binascii
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.registration.personal_data.master_keys import KEY_BYTES, KeyRing, LocalKeys, MasterKeys
from services.registration.personal_data.transit import NAME, TransitKeys
from services.registration.personal_data.vault import Vault
from shared.hosts import keeps_secrets
from shared.reread_file import RereadFile, secret_text
from shared.secret_files import SECRETS_DIR
from shared.settings import Settings

IMPORT_BODY_BYTES = 32 * 1024 * 1024  # 100,000 rows of csv take about 12 MB


def _key(secret: SecretStr) -> SecretStr:
    try:
        length = len(base64.b64decode(secret.get_secret_value(), validate=True))
    except binascii.Error:
        length = 0
    if length != KEY_BYTES:
        message = f"must be {KEY_BYTES} bytes in base64"
        raise ValueError(message)
    return secret


KeyField = Annotated[SecretStr, AfterValidator(_key)]
MOST_PREVIOUS_KEYS = 5


def _keys(secrets: SecretStr) -> SecretStr:
    keys = _several(secrets)
    if len(keys) > MOST_PREVIOUS_KEYS:
        message = f"must be {MOST_PREVIOUS_KEYS} keys at most"
        raise ValueError(message)
    for key in keys:
        _key(SecretStr(key))
    return secrets


def _several(secrets: SecretStr) -> list[str]:
    return [one.strip() for one in secrets.get_secret_value().split(",") if one.strip()]


class Policy(BaseSettings):
    """Values without a verified source are parameters, never constants."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=SECRETS_DIR)

    registration_key_provider: Literal["local", "vault"] = Field(
        default="local", description="what wraps data keys from now on: REGISTRATION_MASTER_KEY, or the transit engine of a Vault"
    )
    registration_master_key: KeyField | None = Field(
        default=None, description="wraps the data key of every worker (AES-256-GCM); where a Vault does, it opens what it wrapped before"
    )
    registration_previous_master_keys: Annotated[SecretStr, AfterValidator(_keys)] = Field(
        default=SecretStr(""),
        description="master keys before this one, with commas between, until `laowu keys rewrap` is done; they seal nothing",
    )
    registration_vault_address: str | None = Field(
        default=None,
        max_length=2000,
        description="of a Vault or an OpenBao; it opens what it wrapped, whoever wraps now",
    )
    registration_vault_mount: str = Field(default="transit", pattern=NAME, description="where its transit engine is")
    registration_vault_key: str = Field(default="laowu-registration", pattern=NAME, description="name of its key")
    registration_vault_token_file: Path | None = Field(default=None, description="file with the token, read again when it changes")
    registration_vault_cafile: Path | None = Field(default=None, description="who signs its certificate; without, the system's authorities")
    registration_vault_seconds: float = Field(
        default=3, gt=0, le=8, description="seconds that an answer may take; what needs a key is then 503 with Retry-After"
    )
    registration_lookup_key: KeyField = Field(description="keys the hashes by which people are found again (HMAC-SHA-256)")
    registration_second_lookup_key: KeyField | None = Field(
        default=None, description="another one that is valid beside it, while one takes over from the other (`laowu keys rehash`)"
    )
    registration_minimum_age: int = Field(default=18, ge=0, le=150, description="(p) years, on the effective day of the registration")
    registration_maximum_age: int = Field(default=60, ge=0, le=150, description="(p) years, on the effective day of the registration")
    registration_provisional_days: int = Field(default=90, ge=1, le=3650, description="(p) days that an unverified registration lasts")
    registration_willingness_days: int = Field(default=180, ge=1, le=3650, description="(p) days that a stated willingness counts")
    registration_erasure_days: int = Field(
        default=90, ge=0, le=36_500, description="(p) days after a return before which personal data are not erased: wages may be due"
    )
    registration_duplicates_per_key: int = Field(
        default=5, ge=1, le=100, description="earlier registrations that one is compared with, per key that both share"
    )
    registration_import_rows: int = Field(default=100_000, ge=1, le=150_000, description="rows one file may have")
    registration_import_chunk: int = Field(default=1000, ge=1, le=10_000, description="rows per transaction of an import")
    registration_import_process_bytes: int = Field(
        default=256 * 1024, ge=0, description="size of a file from which its rows are decided in a process of its own"
    )
    registration_import_processes: int = Field(
        default=2, ge=0, le=64, description="such processes at once; further files are decided in a thread"
    )
    registration_import_seconds: float = Field(
        default=20, gt=0, le=25, description="seconds in which a chunk of rows is decided, else the import is interrupted"
    )

    @model_validator(mode="after")
    def _have_a_provider(self) -> Self:
        address, token = self.registration_vault_address, self.registration_vault_token_file
        if address is not None and not keeps_secrets(address):
            raise ValueError("registration_vault_address must be https, or http on loopback")
        if (address is None) != (token is None):
            raise ValueError("registration_vault_address and registration_vault_token_file go together")
        if self.registration_key_provider == "local" and self.registration_master_key is None:
            raise ValueError("registration_master_key is missing")
        if self.registration_key_provider == "vault" and address is None:
            raise ValueError("registration_vault_address is missing")
        return self


class RegistrationSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first command that needs it."""

    def request_keys(self) -> tuple[bytes, ...]:
        """Of a request that holds little but a document number the possible ones can be tried out on a hash without a key."""
        return tuple(_bytes(key.get_secret_value()) for key in (self.registration_lookup_key, self.registration_second_lookup_key) if key)


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()


@cache
def vault() -> Vault:
    """The vault under the keys of this process. Raises OSError, ValueError: no token can be read."""
    rules = policy()
    known: dict[str, MasterKeys] = {}
    if rules.registration_master_key is not None:
        previous = [_bytes(key) for key in _several(rules.registration_previous_master_keys)]
        known["local"] = LocalKeys(_bytes(rules.registration_master_key.get_secret_value()), previous)
    if rules.registration_vault_address is not None and rules.registration_vault_token_file is not None:
        known["vault"] = TransitKeys(
            address=rules.registration_vault_address,
            mount=rules.registration_vault_mount,
            key=rules.registration_vault_key,
            token=RereadFile(rules.registration_vault_token_file, secret_text),
            cafile=rules.registration_vault_cafile,
            seconds=rules.registration_vault_seconds,
        )
    ring = KeyRing(known.pop(rules.registration_key_provider), tuple(known.values()))
    second = rules.registration_second_lookup_key
    return Vault(
        ring,
        lookup_key=_bytes(rules.registration_lookup_key.get_secret_value()),
        second_lookup_key=None if second is None else _bytes(second.get_secret_value()),
    )


def _bytes(key: str) -> bytes:
    return base64.b64decode(key)
