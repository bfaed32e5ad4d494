"""What a token's claims say of its bearer. A claim of another shape is refused, never converted: a string is also a sequence of characters,
and a code is also a prefix, so a conversion would widen what the caller sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.principals import REGION, Principal, Role
from shared.token_settings import TokenSettings
from shared.values import without_control_characters

ROLES = 500  # that an issuer may name in one token

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(without_control_characters)]
Region = Annotated[str, StringConstraints(pattern=REGION.pattern)]
NumericDate = Annotated[float, Field(ge=0, le=2**53, allow_inf_nan=False)]  # RFC 7519: seconds since 1970, not always whole
Path = tuple[str, ...]


ClaimCode = Literal["CLAIM_INVALID", "ROLE_MISSING", "ROLE_AMBIGUOUS", "TOKEN_EXPIRED", "TOKEN_EARLY", "TOKEN_LOCKED"]


class Unauthenticated(Exception):
    """The bearer token is missing, expired, or not signed by a key we trust. `claim`: the one that is wrong, `code`: in which way."""

    def __init__(self, message: str, *, claim: str | None = None, code: ClaimCode = "CLAIM_INVALID") -> None:
        super().__init__(message)
        self.claim, self.code = claim, code


class LockedOut(Unauthenticated):
    """Somebody has locked the token out: whoever bears it gets no other for it."""


class TokenClaims(BaseModel):
    """The claims of a token that are read here, each of exactly this type. An identity provider may add claims of its own."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    sub: Name
    role: Annotated[Role, Field(strict=False)]  # JSON has no enums: the text of one
    regions: Annotated[list[Region], Field(max_length=500)] = []
    party: Name | None = None
    exp: NumericDate
    iat: NumericDate = 0
    nbf: NumericDate = 0
    jti: Name | None = None

    def principal(self, now: float, leeway: float) -> Principal:
        """Who the token speaks for. Raises Unauthenticated outside the token's time and for a role that is never issued."""
        if self.exp <= now:
            raise Unauthenticated("the bearer token has expired", claim="exp", code="TOKEN_EXPIRED")
        if max(self.iat, self.nbf) > now + leeway:
            raise Unauthenticated("the bearer token is not valid yet", claim="nbf", code="TOKEN_EARLY")
        if self.role is Role.SERVICE:
            raise Unauthenticated("the role service is never issued", claim="role")
        return Principal(self.sub, self.role, tuple(self.regions), self.party)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPaths:
    """Where an issuer's tokens hold what is read here. `names`: our role by the issuer's name for it; empty: the names are the same."""

    audience: str
    roles: Sequence[Path]
    regions: Path
    party: Path
    names: Mapping[str, Role]

    @classmethod
    def from_settings(cls, settings: TokenSettings) -> ClaimPaths:
        return cls(
            audience=settings.auth_audience or "",
            roles=[path_of(one) for one in settings.auth_role_claims.split(",")],
            regions=path_of(settings.auth_regions_claim),
            party=path_of(settings.auth_party_claim),
            names=settings.auth_roles or {role.value: role for role in Role if role is not Role.SERVICE},
        )

    def mapped(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """The claims under the names of TokenClaims. Raises Unauthenticated for another audience, for no role of ours, and for several."""
        audience = claims.get("aud")
        if audience != self.audience and not (isinstance(audience, list) and self.audience in audience):
            raise Unauthenticated("the bearer token is meant for somebody else", claim="aud")
        regions = value_at(claims, self.regions)
        return {
            **{name: claims[name] for name in ("sub", "exp", "iat", "nbf", "jti") if name in claims},
            "role": self._role(claims),
            "regions": [] if regions is None else regions,
            "party": value_at(claims, self.party),
        }

    def _role(self, claims: Mapping[str, Any]) -> str:
        """The one role of ours. Of several none is chosen: whoever gives them out decides as what somebody acts."""
        ours = {self.names[name] for path in self.roles for name in _names_at(claims, path) if name in self.names}
        wanted = " or ".join(map(".".join, self.roles))
        if not ours:
            raise Unauthenticated("the bearer token names no role of this system", claim=wanted, code="ROLE_MISSING")
        if len(ours) > 1:
            raise Unauthenticated("the bearer token names several roles of this system", claim=wanted, code="ROLE_AMBIGUOUS")
        return ours.pop().value


def path_of(text: str) -> Path:
    r"""The names in a path: "realm_access.roles" is two, and "https://laowu\\.example/roles" one."""
    return tuple(name.replace("\\.", ".") for name in re.split(r"(?<!\\)\.", text))


def value_at(claims: Mapping[str, Any], path: Path) -> Any:
    """None where there is nothing. Raises Unauthenticated where the way leads through what is no object."""
    found: Any = claims
    for name in path:
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise Unauthenticated("a claim of the bearer token is not an object", claim=".".join(path))
        found = found.get(name)
    return found


def _names_at(claims: Mapping[str, Any], path: Path) -> list[str]:
    """Names of roles: a list of texts, or one text. Raises Unauthenticated for anything else."""
    found = value_at(claims, path)
    names = [] if found is None else [found] if isinstance(found, str) else found
    if not isinstance(names, list) or len(names) > ROLES or not all(isinstance(name, str) for name in names):
        raise Unauthenticated("a claim of the bearer token is not a list of names", claim=".".join(path))
    return names


def read_claims(claims: Mapping[str, Any]) -> TokenClaims:
    """Raises Unauthenticated that names the first claim of another shape, and not what it holds."""
    try:
        return TokenClaims.model_validate(dict(claims))
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(map(str, wrong["loc"]))
        raise Unauthenticated(f"a claim of the bearer token is not valid: {wrong['msg']}", claim=name) from None
