"""Bearer tokens (JWT): who a caller is. A route that names no role serves nobody.

A token is believed when one of the issuers of the settings has signed it: the OpenID Connect issuer AUTH_ISSUER, whose claims are mapped
(claims.py) and whose keys are read over HTTP (issuer_keys.py), or `laowu`, whose keys are in the file AUTH_JWKS and whose tokens carry
`role`, `regions` (a list of division codes; "CN" is everywhere) and, for an enterprise or a training centre, `party`: whose it is.

The algorithm is that of the key, EdDSA, ES256 or RS256; what a token's header says of keys is not followed.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from pydantic_core import from_json

from shared.principals import Principal
from shared.reread_file import RereadFile
from shared.token_settings import TokenSettings
from shared.web.claims import ClaimPaths, LockedOut, TokenClaims, Unauthenticated, read_claims
from shared.web.issuer import Issuer
from shared.web.issuer_keys import IssuerKeys
from shared.web.token_locks import TokenLocks
from shared.web.trusted_keys import TrustedKeys, read_keys

ISSUER = "laowu"
LEEWAY_SECONDS = 5.0
CACHED_TOKENS = 10_000
LONGEST_TOKEN = 16 * 1024
NOT_VALID = "the bearer token is not valid"
CLAIMS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class _Header(BaseModel):
    """What is read of a token's header. `crit` names what must be understood: nothing of it is."""

    alg: Literal["EdDSA", "Ed25519", "ES256", "RS256"]
    kid: Annotated[str, Field(max_length=500)]
    typ: Annotated[str, StringConstraints(pattern=r"(?i)^(jwt|(application/)?at\+jwt)$")] = "jwt"
    crit: None = None


class _Registry(jws.JWSRegistry):
    """Checks with the one algorithm that was found to be the key's. Header fields that are not read do not matter."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]  # not super(): it warns of the name EdDSA, under which most issuers sign with Ed25519


REGISTRY = _Registry(strict_check_header=False)


class Keys(Protocol):
    """Where an issuer's keys come from; `current` gives the same object while they are the same. Both raise IssuerUnavailable."""

    async def current(self) -> TrustedKeys: ...

    async def with_key(self, kid: str) -> TrustedKeys: ...


@dataclass(slots=True)
class KeyFile:
    """Keys in a file, read again when it changes."""

    file: RereadFile[TrustedKeys]

    async def current(self) -> TrustedKeys:
        return self.file.value

    async def with_key(self, kid: str) -> TrustedKeys:  # noqa: ARG002  # as Keys has it
        return self.file.value


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Whose tokens are believed. `paths`: where its claims are; None: named as TokenClaims has them."""

    keys: Keys
    paths: ClaimPaths | None = None

    def read(self, claims: Mapping[str, Any]) -> TokenClaims:
        """Raises Unauthenticated."""
        return read_claims(claims if self.paths is None else self.paths.mapped(claims))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A token that was good. `keys`: those it was checked against."""

    until: float
    principal: Principal
    token_id: str | None
    issuer: TrustedIssuer
    keys: TrustedKeys


@dataclass(slots=True)
class Verifier:
    """Checks tokens; remembers good ones until they expire or the keys change (a check costs ~0.1 ms). `issuers`: by their `iss`."""

    issuers: Mapping[str, TrustedIssuer]
    leeway: float = LEEWAY_SECONDS
    issuer_keys: IssuerKeys | None = None  # of AUTH_ISSUER, where there is one
    locks: TokenLocks | None = None  # None: where none can be locked out, as in a tool
    _cache: dict[str, _Known] = field(default_factory=dict, init=False)

    @classmethod
    def load(cls, path: Path) -> Verifier:
        """Of the keys in a file alone. Raises OSError, ValueError."""
        return cls({ISSUER: _own_issuer(path)})

    @classmethod
    def from_settings(cls, settings: TokenSettings, *, now: Callable[[], float] = time.monotonic) -> Verifier:
        """Raises OSError, ValueError for a file of keys that holds none; an issuer that does not answer yet is no error."""
        issuers = {} if settings.auth_jwks is None else {ISSUER: _own_issuer(settings.auth_jwks)}
        keys = None
        if settings.auth_issuer is not None:
            keys = IssuerKeys(
                Issuer(url=settings.auth_issuer, cafile=settings.auth_cafile),
                settings.auth_refresh_seconds,
                settings.auth_outage_hours * 3600,
                now=now,
            )
            issuers[settings.auth_issuer] = TrustedIssuer(keys, ClaimPaths.from_settings(settings))
        return cls(issuers, settings.auth_leeway_seconds, keys)

    async def principal(self, token: str) -> Principal:
        """Raises Unauthenticated, and IssuerUnavailable where it cannot be known."""
        known = self._cache.get(token)
        if known is None or known.until <= time.time() or await known.issuer.keys.current() is not known.keys:
            known = await self._known(token)
            if len(self._cache) > CACHED_TOKENS:
                self._cache.clear()
            self._cache[token] = known
        if known.token_id is not None:
            await self.require_unlocked(known.token_id)
        return known.principal

    async def require_unlocked(self, *token_ids: str) -> None:
        """Raises LockedOut, also for tokens that have expired."""
        for token_id in token_ids:
            if self.locks is not None and await self.locks.holds(token_id):
                raise LockedOut("the bearer token is locked out", claim="jti", code="TOKEN_LOCKED")

    async def _known(self, token: str) -> _Known:
        """Raises as `principal` does."""
        header, unverified = _unverified(token)
        issuer = self._named(unverified)
        if issuer is None:
            raise Unauthenticated(NOT_VALID)
        keys = await issuer.keys.with_key(header.kid)
        signed = _checked(token, header, keys)
        if self._named(signed) is not issuer:
            raise Unauthenticated(NOT_VALID)
        claims = issuer.read(signed)
        who = claims.principal(time.time(), self.leeway)
        return _Known(until=claims.exp, principal=who, token_id=claims.jti, issuer=issuer, keys=keys)

    def _named(self, claims: Mapping[str, Any]) -> TrustedIssuer | None:
        named = claims.get("iss")
        return self.issuers.get(named) if isinstance(named, str) else None


def _own_issuer(path: Path) -> TrustedIssuer:
    return TrustedIssuer(KeyFile(RereadFile(path, read_keys)))


async def signed_claims(token: str, keys: Keys) -> Mapping[str, Any]:
    """What these keys have signed, whoever it is meant for and until when. Raises Unauthenticated, IssuerUnavailable."""
    header, _ = _unverified(token)
    return _checked(token, header, await keys.with_key(header.kid))


def claimed(token: str) -> Mapping[str, Any]:
    """What a token says, whoever signed it: to name it, never to let anybody in. Raises Unauthenticated."""
    return _unverified(token)[1]


def _unverified(token: str) -> tuple[_Header, Mapping[str, Any]]:
    """What a token says of itself: nothing of it is believed yet. Raises Unauthenticated."""
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(NOT_VALID)
    try:
        head, body, _ = token.split(".")
        return _Header.model_validate_json(_decoded(head)), _object(_decoded(body))
    except ValueError as error:  # pydantic's ValidationError and binascii's Error are ValueErrors
        raise Unauthenticated(NOT_VALID) from error


def _checked(token: str, header: _Header, keys: TrustedKeys) -> Mapping[str, Any]:
    """The claims as they were signed. Raises Unauthenticated unless the key of that id, with an algorithm of its own, signed them."""
    key = keys.get(header.kid)
    if key is None or header.alg not in key.algorithms:
        raise Unauthenticated(NOT_VALID)
    try:
        return _object(jws.deserialize_compact(token, key.key, registry=REGISTRY).payload or b"")
    except (JoseError, ValueError, TypeError) as error:
        raise Unauthenticated(NOT_VALID) from error


def _object(text: bytes) -> dict[str, Any]:
    """JSON, however deep or long its numbers are. Raises ValueError."""
    return CLAIMS.validate_python(from_json(text), strict=True)


def _decoded(part: str) -> bytes:
    """Raises ValueError."""
    return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))


def new_key() -> OKPKey:
    """A fresh Ed25519 signing key with a key id."""
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def issue(key: OKPKey, who: Principal, *, seconds: int = 12 * 3600) -> str:
    """A signed token for `who`, valid for `seconds` from now."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": who.subject,
        "role": who.role.value,
        "regions": list(who.regions),
        "iat": now,
        "exp": now + seconds,
        "jti": uuid4().hex,
    }
    if who.party is not None:
        claims["party"] = who.party
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])


def public_keys(keys: Sequence[OKPKey]) -> dict[str, object]:
    """The JWKS document that services read."""
    return {"keys": [key.as_dict(private=False) for key in keys]}
