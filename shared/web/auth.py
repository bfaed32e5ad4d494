"""Bearer tokens (JWT, EdDSA): what a caller's token says about who they are.

A route that names no role serves nobody. A token carries `role`, `regions` (codes, "CN" = everywhere) and, for an enterprise or a
training centre, `party`: whose it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from shared.principals import Principal, Role

ISSUER = "laowu"


class Unauthenticated(Exception):
    """The bearer token is missing, expired, or not signed by a key we trust."""


@dataclass(slots=True)
class Verifier:
    """Checks tokens against the public keys in a JWKS file; remembers good ones until they expire (a check costs ~0.1 ms)."""

    keys: KeySet
    _good: dict[str, tuple[float, Principal]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Verifier:
        return cls(KeySet.import_key_set(json.loads(path.read_text())))

    def principal(self, token: str) -> Principal:
        """Raises Unauthenticated."""
        known = self._good.get(token)
        if known and known[0] > time.time():
            return known[1]
        try:
            claims = jwt.decode(token, self.keys, algorithms=["Ed25519", "EdDSA"]).claims
            jwt.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER}, exp={"essential": True}).validate(claims)
            who = Principal(
                subject=str(claims["sub"]),
                role=Role(claims["role"]),
                regions=tuple(str(region) for region in claims.get("regions", ())),
                party=None if claims.get("party") is None else str(claims["party"]),
            )
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise Unauthenticated("the bearer token is not valid") from error
        if who.role is Role.SERVICE:
            raise Unauthenticated("the role service is never issued")
        if len(self._good) > 10_000:
            self._good.clear()
        self._good[token] = (float(claims["exp"]), who)
        return who


def new_key() -> OKPKey:
    """A fresh Ed25519 signing key with a key id."""
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def issue(key: OKPKey, who: Principal, *, seconds: int = 12 * 3600) -> str:
    """A signed token for `who`, valid for `seconds` from now."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": who.subject, "role": who.role.value, "regions": list(who.regions), "iat": now, "exp": now + seconds}
    if who.party is not None:
        claims["party"] = who.party
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])


def public_keys(keys: Sequence[OKPKey]) -> dict[str, object]:
    """The JWKS document that services read."""
    return {"keys": [key.as_dict(private=False) for key in keys]}
