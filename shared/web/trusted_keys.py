"""Public keys that tokens are checked against: a JWKS document, read with distrust."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import BaseModel, Field

RSA_BITS = range(2048, 8193)
EDDSA = frozenset({"EdDSA", "Ed25519"})  # the name of RFC 8037, and the one of RFC 9864
PUBLIC_PARTS = frozenset({"kty", "crv", "x", "y", "n", "e"})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key, and the algorithms it may be used with: those of its type, never what a token asks for."""

    thumbprint: str
    algorithms: frozenset[str]
    key: OKPKey | ECKey | RSAKey = field(compare=False)


TrustedKeys = Mapping[str, PublicKey]  # by key id


class _Jwks(BaseModel):
    keys: Annotated[list[Any], Field(max_length=100)]


def read_keys(document: bytes) -> TrustedKeys:
    """Every key in it that can check a signature here: Ed25519, P-256, or RSA of 2048 bits and more, with an id. Others are left out, as
    an issuer has keys for other purposes too.

    Raises ValueError for what is no JWKS, and where no key is left.
    """
    found = {}
    for entry in _Jwks.model_validate_json(document).keys:
        if (key := _public_key(entry)) is not None:
            found[str(entry["kid"])] = key
    if not found:
        raise ValueError("no key for signatures: Ed25519, P-256 or RSA, with a kid")
    return found


def _public_key(entry: Any) -> PublicKey | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    parts = {name: value for name, value in entry.items() if name in PUBLIC_PARTS and isinstance(value, str)}
    try:
        algorithms, key = _imported(parts)
        named = entry.get("alg")
        allowed = algorithms if named is None or named in algorithms else frozenset()
        return PublicKey(key.thumbprint(), allowed, key) if allowed else None
    except (JoseError, ValueError, TypeError, KeyError):  # parts that are missing, no base64, or no point of the curve
        return None


def _imported(parts: dict[str, Any]) -> tuple[frozenset[str], OKPKey | ECKey | RSAKey]:
    """Raises KeyError, ValueError for a type that is none of ours, and whatever the library raises."""
    kind = (parts["kty"], parts.get("crv"))
    key: OKPKey | ECKey | RSAKey
    if kind == ("OKP", "Ed25519"):
        key, algorithms = OKPKey.import_key(parts), EDDSA
    elif kind == ("EC", "P-256"):
        key, algorithms = ECKey.import_key(parts), frozenset({"ES256"})
    elif parts["kty"] == "RSA" and _bits(parts["n"]) in RSA_BITS:
        key, algorithms = RSAKey.import_key(parts), frozenset({"RS256"})
    else:
        raise ValueError("a key of another type, or too short")
    key.raw_value  # noqa: B018  # the library builds the key only now: a wrong one is refused here, not at a token
    return algorithms, key


def _bits(number: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(number + "=="), "big").bit_length()
