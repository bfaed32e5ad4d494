"""Bearer tokens with any claims, as another issuer with our key might sign them."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.web.auth import ISSUER

GOOD: dict[str, Any] = {"iss": ISSUER, "sub": "tester", "role": "clerk", "regions": ["CN"], "exp": 2**40}


def signed(key: OKPKey, **claims: Any) -> str:
    """A token whose claims are good but for those given; None leaves a claim out."""
    named = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, named, key, algorithms=["Ed25519"])


def signed_as_written(key: OKPKey, claims: str) -> str:
    """A token whose payload is exactly this text, for what no JSON encoder writes (NaN, a claim named twice)."""
    head = {"alg": "Ed25519", "kid": key.kid}
    signing = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (json.dumps(head), claims))
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    signature = private.sign(signing.encode())
    return f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
