"""Who may do what: bearer tokens (JWT, EdDSA), roles, and the scope an aggregate is checked against where it is loaded.

Deny by default: a route that names no role serves nobody. A token carries `role`, `regions` (codes, "CN" = everywhere) and,
for an enterprise or a training centre, `party`: whose it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

NATION = "CN"
ISSUER = "laowu"


class Role(StrEnum):
    CLERK = "clerk"  # county clerk: workers of the regions in the token
    OFFICER = "officer"  # commerce authority: enterprises, corrections, everything in its regions
    ENTERPRISE = "enterprise"  # a dispatching enterprise: its own orders, placements, payroll
    TRAINER = "trainer"  # a training centre: sessions, attendance, certificates
    ASSESSOR = "assessor"  # assesses; never the trainer of the same session
    OPERATOR = "operator"  # runs the system: sweeps, dead letters, delivery state
    AUDITOR = "auditor"  # reads every figure and every history, changes nothing
    PUBLIC = "public"  # anybody: what is published, and nothing else
    SERVICE = "service"  # a reaction to an event; never issued as a token


class Unauthenticated(Exception):
    """The bearer token is missing, expired, or not signed by a key we trust."""


class Forbidden(Exception):
    """The token's role or scope does not cover this."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. `subject` is an account name, never a person's data."""

    subject: str
    role: Role
    regions: tuple[str, ...] = ()
    party: str | None = None

    def __str__(self) -> str:
        return f"{self.role}:{self.subject}"

    def covers_county(self, county: str) -> bool:
        """A region code covers the counties below it: 620000 all of Gansu, 622400 a prefecture, 622427 one county."""
        return self.role is Role.SERVICE or county.startswith(self.county_prefixes())

    def county_prefixes(self) -> tuple[str, ...]:
        """What the codes of the covered counties begin with, for SQL; the empty prefix is everywhere."""
        return tuple("" if region == NATION else _significant(region) for region in self.regions)


def _significant(region: str) -> str:
    return region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region


def system(service: str) -> Principal:
    """The principal of a reaction: the service itself."""
    return Principal(subject=service, role=Role.SERVICE, regions=(NATION,))


def require_county(who: Principal, county: str) -> None:
    """Raises Forbidden unless one of the principal's regions covers the county."""
    if not who.covers_county(county):
        raise Forbidden(f"{who} does not cover county {county}")


def require_party(who: Principal, party: object) -> None:
    """Raises Forbidden when an enterprise or centre acts on what is not its own; other roles are bound by region instead."""
    if who.role in (Role.ENTERPRISE, Role.TRAINER) and who.party != str(party):
        raise Forbidden(f"{who} does not act for {party}")


# --- tokens -------------------------------------------------------------------------------------------------------
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
