"""What registration alone reads from the environment: its two keys and the programme's parameters, marked (p) in the rules."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from services.registration.domain import Rules
from services.registration.vault import KEY_BYTES, Vault
from shared.settings import Settings as SharedSettings

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


class Settings(SharedSettings):
    registration_master_key: KeyField = Field(description="wraps the data key of every worker (AES-256-GCM)")
    registration_lookup_key: KeyField = Field(description="keys the hashes by which people are found again (HMAC-SHA-256)")
    registration_minimum_age: int = Field(default=18, ge=0, le=150, description="(p) on the effective day of the registration")
    registration_maximum_age: int = Field(default=60, ge=0, le=150, description="(p)")
    registration_provisional_days: int = Field(default=90, ge=1, le=3650, description="(p) how long a registration stands unverified")
    registration_willingness_days: int = Field(default=180, ge=1, le=3650, description="(p) how long a stated willingness counts")
    registration_import_rows: int = Field(default=100_000, ge=1, le=150_000, description="rows one file may have")
    registration_import_chunk: int = Field(default=1000, ge=1, le=10_000, description="rows per transaction of an import")


@dataclass(frozen=True, slots=True)
class Programme:
    """What a command needs beside its transaction: the rules in force and the vault."""

    rules: Rules
    vault: Vault
    import_rows: int
    import_chunk: int


@cache
def programme(settings: Settings) -> Programme:
    return Programme(
        rules=Rules(
            minimum_age=settings.registration_minimum_age,
            maximum_age=settings.registration_maximum_age,
            provisional_days=settings.registration_provisional_days,
            willingness_days=settings.registration_willingness_days,
        ),
        vault=Vault(
            master_key=base64.b64decode(settings.registration_master_key.get_secret_value()),
            lookup_key=base64.b64decode(settings.registration_lookup_key.get_secret_value()),
        ),
        import_rows=settings.registration_import_rows,
        import_chunk=settings.registration_import_chunk,
    )
