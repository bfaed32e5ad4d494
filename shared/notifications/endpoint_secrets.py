"""Secrets of endpoints: sealed in the database under the service's ENDPOINT_KEY, and the signatures made with them.

    sealed = 0x01 | nonce (12) | AES-256-GCM(ENDPOINT_KEY, secret, AAD = endpoint id)

A webhook is signed as Standard Webhooks 1.0 has it: HMAC-SHA-256 over `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "whsec_"
_FORMAT = b"\x01"
_NONCE_BYTES = 12
_LEAST_BYTES, _MOST_BYTES, _MADE_BYTES = 24, 64, 32  # of a secret, as the specification has it
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none is taken for another
_CODE_LENGTH = 10
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]+={0,2}", re.ASCII)


class SecretUnreadable(Exception):
    """The sealed secret was altered, belongs to another endpoint, or was sealed under another ENDPOINT_KEY."""


def seal(key: bytes, endpoint: UUID, secret: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, secret.encode(), endpoint.bytes)


def unseal(key: bytes, endpoint: UUID, sealed: bytes) -> str:
    """The inverse of seal. Raises SecretUnreadable."""
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], endpoint.bytes).decode()
    except (InvalidTag, ValueError) as error:  # a ValueError: cut off within its nonce
        raise SecretUnreadable(f"of endpoint {endpoint}") from error


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_MADE_BYTES)).decode()


def new_code() -> str:
    """What a mailbox is confirmed with."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))


def is_secret(text: str) -> bool:
    """whsec_ and 24 to 64 bytes in base64."""
    try:
        return bool(_SECRET.fullmatch(text)) and _LEAST_BYTES <= len(_bytes(text)) <= _MOST_BYTES
    except binascii.Error:
        return False


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature: one signature by each secret that is good now."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return " ".join(f"v1,{base64.b64encode(hmac.digest(_bytes(key), signed, hashlib.sha256)).decode()}" for key in keys)


def _bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
