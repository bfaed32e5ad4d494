"""Documents signed with Ed25519 (compact JWS): checked offline by anyone with the public key."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel

ALGORITHM = "Ed25519"


def sign(key: OKPKey, kind: str, payload: bytes) -> str:
    """A compact JWS. `kind` is its `typ`: a document of one kind never passes for one of another."""
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": kind, "kid": key.thumbprint()}
    return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


class SignatureInvalid(Exception):
    """None of the keys has signed this, or it was altered."""


class Signed(NamedTuple):
    """What one of the keys has signed, and as what."""

    kind: str
    payload: bytes


def verify(token: str, keys: Iterable[OKPKey]) -> Signed:
    """Of a compact JWS; the keys need only their public half. Raises SignatureInvalid."""
    for key in keys:
        try:
            found = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError):  # TypeError: its header is JSON, but no object
            continue
        return Signed(str(found.headers().get("typ")), found.payload)
    raise SignatureInvalid("not signed by any of these keys")


@cache
def signing_key(path: Path) -> OKPKey:
    """The Ed25519 key of a PEM file."""
    return OKPKey.import_key(path.read_bytes())


class PublicKey(BaseModel):
    """An Ed25519 key as RFC 8037 writes it; `kid` is its RFC 7638 thumbprint."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str


class PublicKeys(BaseModel):
    """The JWKS document that signatures are checked against."""

    keys: tuple[PublicKey, ...]


def public_keys(path: Path) -> PublicKeys:
    key = signing_key(path)
    return PublicKeys.model_validate({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]})
