"""Bearer tokens (JWT, EdDSA): who a caller is.

A route that names no role serves nobody. A token carries `role`, `regions` (a list of division codes; "CN" is everywhere) and, for
an enterprise or a training centre, `party`: whose it is. A claim of another shape is refused, never converted: a string is also a
sequence of characters, and a code is also a prefix, so a conversion would widen what the caller sees.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.principals import REGION, Principal, Role
from shared.values import without_control_characters

ISSUER = "laowu"
LEEWAY_SECONDS = 5  # how far the issuer's clock may be ahead of ours; an expired token gets no leeway
CACHED_TOKENS = 10_000

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(without_control_characters)]
Region = Annotated[str, StringConstraints(pattern=REGION.pattern)]
NumericDate = Annotated[float, Field(ge=0, le=2**53, allow_inf_nan=False)]  # RFC 7519: seconds since 1970, not always whole


class Unauthenticated(Exception):
    """The bearer token is missing, expired, or not signed by a key we trust."""


class TokenClaims(BaseModel):
    """The claims of a token that are read here, each of exactly this type. An identity provider may add claims of its own."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    iss: Literal["laowu"]
    sub: Name
    role: Annotated[Role, Field(strict=False)]  # JSON has no enums: the text of one
    regions: Annotated[list[Region], Field(max_length=500)] = []
    party: Name | None = None
    exp: NumericDate
    iat: NumericDate = 0
    nbf: NumericDate = 0

    def principal(self, now: float) -> Principal:
        """Who the token speaks for. Raises Unauthenticated outside the token's time and for a role that is never issued."""
        if self.exp <= now or max(self.iat, self.nbf) > now + LEEWAY_SECONDS:
            raise Unauthenticated("the bearer token has expired or is not valid yet")
        if self.role is Role.SERVICE:
            raise Unauthenticated("the role service is never issued")
        return Principal(self.sub, self.role, tuple(self.regions), self.party)


@dataclass(slots=True)
class Verifier:
    """Checks tokens against the public keys in a JWKS file; caches good ones until they expire (a check costs ~0.1 ms)."""

    keys: KeySet
    _cache: dict[str, tuple[float, Principal]] = field(default_factory=dict)  # token -> (expiry, who)

    @classmethod
    def load(cls, path: Path) -> Verifier:
        return cls(KeySet.import_key_set(json.loads(path.read_text())))

    def principal(self, token: str) -> Principal:
        """Raises Unauthenticated."""
        now = time.time()
        cached = self._cache.get(token)
        if cached and cached[0] > now:
            return cached[1]
        try:
            claims = TokenClaims.model_validate(jwt.decode(token, self.keys, algorithms=["Ed25519", "EdDSA"]).claims)
        except (JoseError, ValueError, TypeError) as error:  # pydantic's ValidationError is a ValueError
            raise Unauthenticated("the bearer token is not valid") from error
        who = claims.principal(now)
        if len(self._cache) > CACHED_TOKENS:
            self._cache.clear()
        self._cache[token] = (claims.exp, who)
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
