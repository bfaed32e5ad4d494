"""What registration alone reads from the environment: its two keys and the programme's parameters, marked (p) in docs/settings.md."""

from __future__ import annotations

import base64
import binascii
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.registration.personal_data.vault import KEY_BYTES, Vault
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

    registration_master_key: KeyField = Field(description="wraps the data key of every worker (AES-256-GCM)")
    registration_previous_master_keys: Annotated[SecretStr, AfterValidator(_keys)] = Field(
        default=SecretStr(""),
        description="master keys before this one, with commas between, until `laowu keys rewrap` is done; they seal nothing",
    )
    registration_lookup_key: KeyField = Field(description="keys the hashes by which people are found again (HMAC-SHA-256)")
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


class RegistrationSettings(Settings, Policy):
    """What the process reads: a wrong parameter ends it at start, not at the first command that needs it."""

    def request_key(self) -> bytes:
        """Of a request that holds little but a document number the possible ones can be tried out on a hash without a key."""
        return base64.b64decode(self.registration_lookup_key.get_secret_value())


@cache
def policy() -> Policy:
    """The parameters in force in this process."""
    return Policy()


@cache
def vault() -> Vault:
    """The vault under the keys of this process."""
    return Vault(
        master_key=base64.b64decode(policy().registration_master_key.get_secret_value()),
        lookup_key=base64.b64decode(policy().registration_lookup_key.get_secret_value()),
        previous_master_keys=[base64.b64decode(key) for key in _several(policy().registration_previous_master_keys)],
    )
