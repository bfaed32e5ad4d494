"""Documents signed with Ed25519 (compact JWS): checked offline by anyone with the public key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"


def sign(key: OKPKey, kind: str, payload: bytes) -> str:
    """A compact JWS. `kind` is its `typ`: a document of one kind never passes for one of another."""
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": kind, "kid": key.thumbprint()}
    return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


@cache
def signing_key(path: Path) -> OKPKey:
    """The Ed25519 key of a PEM file."""
    return OKPKey.import_key(path.read_bytes())


def public_key(path: Path) -> Mapping[str, Any]:
    """The JWKS document that signatures are checked against."""
    key = signing_key(path)
    return {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]}
