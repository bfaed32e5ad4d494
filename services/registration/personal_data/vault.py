"""Where names, document numbers and phones live: one ciphertext per worker, under a key per worker.

    ciphertext   = 0x01 | nonce (12) | AES-256-GCM(data key,   personal data as JSON, AAD = worker id)
    wrapped key  = 0x01 | nonce (12) | AES-256-GCM(master key, data key,              AAD = worker id)

Destroying the wrapped key destroys the data. The worker id as additional data keeps one worker's ciphertext from being
read as another's. The first byte is the format, so that keys can be rotated. People are found again by keyed hashes: without the
lookup key nobody can try out the few billion possible document numbers.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from shared.values import CountyCode, Sex, WorkerId

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


class Unreadable(Exception):
    """The ciphertext or its key was altered, belongs to another worker, or was sealed under another master key."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonalData:
    """What identifies a person. Its repr is empty: a traceback or a log line may hold one."""

    name: str
    name_pinyin: str
    birth_date: date
    id_number: str | None
    phone: str | None

    def __repr__(self) -> str:
        return "PersonalData(...)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdentityChange:
    """What somebody asks to change of a person's identity; None: stays."""

    name: str | None = None
    name_pinyin: str | None = None
    id_number: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None

    def __repr__(self) -> str:
        return "IdentityChange(...)"


@dataclass(frozen=True, slots=True)
class Sealed:
    ciphertext: bytes
    wrapped_key: bytes


class Vault:
    """Seals, opens and looks up. Holds the keys; never shows them."""

    def __init__(self, *, master_key: bytes, lookup_key: bytes, previous_master_keys: Sequence[bytes] = ()) -> None:
        """`previous_master_keys`: open what was sealed before the master key was changed, and seal nothing."""
        if any(len(key) != KEY_BYTES for key in (master_key, lookup_key, *previous_master_keys)):
            message = f"keys must have {KEY_BYTES} bytes"
            raise ValueError(message)
        self._master = AESGCM(master_key)
        self._previous = [AESGCM(key) for key in previous_master_keys]
        self._lookup_key = lookup_key

    def seal(self, worker: WorkerId, personal: PersonalData) -> Sealed:
        """Encrypt under a fresh data key."""
        fields = {
            "name": personal.name,
            "name_pinyin": personal.name_pinyin,
            "birth_date": personal.birth_date.isoformat(),
            "id_number": personal.id_number,
            "phone": personal.phone,
        }
        return self._seal(worker, fields)

    def open(self, worker: WorkerId, sealed: Sealed) -> PersonalData:
        """The inverse of seal. Raises Unreadable."""
        fields = self._open(worker, sealed)
        return PersonalData(**fields | {"birth_date": date.fromisoformat(fields["birth_date"])})

    def seal_change(self, worker: WorkerId, change: IdentityChange) -> Sealed:
        """Encrypt under a fresh data key."""
        fields = {
            "name": change.name,
            "name_pinyin": change.name_pinyin,
            "id_number": change.id_number,
            "birth_date": change.birth_date and change.birth_date.isoformat(),
            "sex": change.sex,
        }
        return self._seal(worker, fields)

    def open_change(self, worker: WorkerId, sealed: Sealed) -> IdentityChange:
        """The inverse of seal_change. Raises Unreadable."""
        fields = self._open(worker, sealed)
        born, sex = fields["birth_date"], fields["sex"]
        return IdentityChange(**fields | {"birth_date": born and date.fromisoformat(born), "sex": sex and Sex(sex)})

    def _seal(self, worker: WorkerId, fields: dict[str, Any]) -> Sealed:
        drawn = secrets.token_bytes(KEY_BYTES + 2 * _NONCE_BYTES)  # at once: a third of what three draws take
        data_key, nonce, wrapping_nonce = drawn[:KEY_BYTES], drawn[KEY_BYTES:-_NONCE_BYTES], drawn[-_NONCE_BYTES:]
        return Sealed(_encrypt(AESGCM(data_key), nonce, to_json(fields), worker), _encrypt(self._master, wrapping_nonce, data_key, worker))

    def _open(self, worker: WorkerId, sealed: Sealed) -> dict[str, Any]:
        data_key = self._unwrap(worker, sealed.wrapped_key)
        fields: dict[str, Any] = json.loads(_decrypt(AESGCM(data_key), sealed.ciphertext, worker))
        return fields

    def _unwrap(self, worker: WorkerId, wrapped_key: bytes) -> bytes:
        """The data key. Raises Unreadable."""
        *others, last = self._master, *self._previous
        for cipher in others:
            with contextlib.suppress(Unreadable):
                return _decrypt(cipher, wrapped_key, worker)
        return _decrypt(last, wrapped_key, worker)

    def rewrap(self, worker: WorkerId, wrapped_key: bytes) -> bytes | None:
        """The same data key under the present master key; None where it is so already. Raises Unreadable."""
        with contextlib.suppress(Unreadable):
            _decrypt(self._master, wrapped_key, worker)
            return None
        data_key = self._unwrap(worker, wrapped_key)
        return _encrypt(self._master, secrets.token_bytes(_NONCE_BYTES), data_key, worker)

    def id_hash(self, id_number: str) -> bytes:
        """Finds the same document again."""
        return self._hash("id", id_number)

    def blocking_hash(self, name_pinyin: str, birth_date: date, county: CountyCode) -> bytes:
        """Finds whoever could be the same person: name as spelt in Latin letters, birth date, county."""
        name = "".join(name_pinyin.upper().split())
        if not name.isalnum():
            name = "".join(filter(str.isalnum, name))
        return self._hash("person", name, birth_date.isoformat(), county)

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._lookup_key, "\x1f".join(parts).encode(), hashlib.sha256)


def _encrypt(cipher: AESGCM, nonce: bytes, plain: bytes, worker: WorkerId) -> bytes:
    return _FORMAT + nonce + cipher.encrypt(nonce, plain, worker.bytes)


def _decrypt(cipher: AESGCM, sealed: bytes, worker: WorkerId) -> bytes:
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
        raise Unreadable(f"personal data of worker {worker}: unknown format")
    try:
        return cipher.decrypt(nonce, body, worker.bytes)
    except InvalidTag as error:
        raise Unreadable(f"personal data of worker {worker} do not open") from error
