"""Where names, document numbers and phones live: one ciphertext per worker, under a key per worker.

    ciphertext   = 0x01 | nonce (12) | AES-256-GCM(data key,   personal data as JSON, AAD = worker id)
    wrapped key  = 0x01 | nonce (12) | AES-256-GCM(master key, data key,              AAD = worker id), or what a provider wrapped

Destroying the wrapped key destroys the data. The worker id as additional data keeps one worker's ciphertext from being
read as another's. The first byte is the format, so that keys can be rotated (master_keys.py). People are found
again by keyed hashes: without the lookup key nobody can try out the few billion possible document numbers.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from services.registration.personal_data.master_keys import KEY_BYTES, NONCE_BYTES, KeyRing, Unreadable, decrypt, encrypt
from shared.values import CountyCode, Sex, WorkerId


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


class Enclosed(NamedTuple):
    """Encrypted under a data key that is not wrapped yet: it may go from one process of a service to another, and is stored nowhere."""

    worker: WorkerId
    ciphertext: bytes
    data_key: bytes

    def __repr__(self) -> str:
        return "Enclosed(...)"


class Vault:
    """Seals, opens and looks up. Holds the keys; never shows them."""

    def __init__(self, keys: KeyRing, *, lookup_key: bytes, second_lookup_key: bytes | None = None) -> None:
        """`second_lookup_key`: valid beside it while one takes over from the other."""
        if len(lookup_key) != KEY_BYTES or (second_lookup_key is not None and len(second_lookup_key) != KEY_BYTES):
            message = f"keys must have {KEY_BYTES} bytes"
            raise ValueError(message)
        self.keys = keys
        self._lookup_keys = (lookup_key,) if second_lookup_key is None else (lookup_key, second_lookup_key)

    async def seal(self, worker: WorkerId, personal: PersonalData) -> Sealed:
        """Encrypt under a fresh data key. Raises KeysUnavailable."""
        [sealed] = await self.seal_all([enclose(worker, personal)])
        return sealed

    async def seal_all(self, enclosed: Sequence[Enclosed]) -> list[Sealed]:
        """Raises KeysUnavailable."""
        wrapped = await self.keys.wrap([(one.worker, one.data_key) for one in enclosed])
        return [Sealed(one.ciphertext, key) for one, key in zip(enclosed, wrapped, strict=True)]

    async def open(self, worker: WorkerId, sealed: Sealed) -> PersonalData:
        """The inverse of seal. Raises Unreadable, KeysUnavailable."""
        return (await self.open_all({worker: sealed}))[worker]

    async def open_all(self, sealed: Mapping[WorkerId, Sealed]) -> dict[WorkerId, PersonalData]:
        """Raises Unreadable, KeysUnavailable."""
        opened = await self.open_readable(sealed)
        for worker in sealed:
            if worker not in opened:
                raise Unreadable(f"personal data of worker {worker} do not open")
        return opened

    async def open_readable(self, sealed: Mapping[WorkerId, Sealed]) -> dict[WorkerId, PersonalData]:
        """Those that open; the others are absent. Raises KeysUnavailable."""
        opened = {}
        for worker, fields in (await self._open(sealed)).items():
            opened[worker] = PersonalData(**fields | {"birth_date": date.fromisoformat(fields["birth_date"])})
        return opened

    async def seal_change(self, worker: WorkerId, change: IdentityChange) -> Sealed:
        """Encrypt under a fresh data key. Raises KeysUnavailable."""
        fields = {
            "name": change.name,
            "name_pinyin": change.name_pinyin,
            "id_number": change.id_number,
            "birth_date": change.birth_date and change.birth_date.isoformat(),
            "sex": change.sex,
        }
        [sealed] = await self.seal_all([_enclose(worker, fields)])
        return sealed

    async def open_change(self, worker: WorkerId, sealed: Sealed) -> IdentityChange:
        """The inverse of seal_change. Raises Unreadable, KeysUnavailable."""
        fields = (await self._open({worker: sealed})).get(worker)
        if fields is None:
            raise Unreadable(f"a correction of worker {worker} does not open")
        born, sex = fields["birth_date"], fields["sex"]
        return IdentityChange(**fields | {"birth_date": born and date.fromisoformat(born), "sex": sex and Sex(sex)})

    async def _open(self, sealed: Mapping[WorkerId, Sealed]) -> dict[WorkerId, dict[str, Any]]:
        keys = await self.keys.unwrap([(worker, one.wrapped_key) for worker, one in sealed.items()])
        opened = {}
        for (worker, one), key in zip(sealed.items(), keys, strict=True):
            if key is not None:
                with contextlib.suppress(Unreadable):
                    opened[worker] = json.loads(decrypt(AESGCM(key), one.ciphertext, worker))
        return opened

    def id_hashes(self, id_number: str) -> tuple[bytes, ...]:
        """Find the same document again. The first is stored; the other is what a process that writes under the second key stores."""
        return self._hashes("id", id_number)

    def blocking_hashes(self, name_pinyin: str, birth_date: date, county: CountyCode) -> tuple[bytes, ...]:
        """Find whoever could be the same person: name as spelt in Latin letters, birth date, county. The first is stored."""
        name = "".join(name_pinyin.upper().split())
        if not name.isalnum():
            name = "".join(filter(str.isalnum, name))
        return self._hashes("person", name, birth_date.isoformat(), county)

    def _hashes(self, *parts: str) -> tuple[bytes, ...]:
        text = "\x1f".join(parts).encode()
        return tuple([hmac.digest(key, text, hashlib.sha256) for key in self._lookup_keys])


def enclose(worker: WorkerId, personal: PersonalData) -> Enclosed:
    """Encrypted under a fresh data key, which seal_all wraps."""
    fields = {
        "name": personal.name,
        "name_pinyin": personal.name_pinyin,
        "birth_date": personal.birth_date.isoformat(),
        "id_number": personal.id_number,
        "phone": personal.phone,
    }
    return _enclose(worker, fields)


def _enclose(worker: WorkerId, fields: dict[str, Any]) -> Enclosed:
    drawn = secrets.token_bytes(KEY_BYTES + NONCE_BYTES)  # at once: half of what two draws take
    data_key, nonce = drawn[:KEY_BYTES], drawn[KEY_BYTES:]
    return Enclosed(worker, encrypt(AESGCM(data_key), nonce, to_json(fields), worker), data_key)
