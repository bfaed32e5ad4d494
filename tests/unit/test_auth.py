"""Who may do what: a token is only what its signature says, and a scope is only what its codes cover."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt

from shared.principals import NATION, Forbidden, Principal, Role, require_county, require_party, system
from shared.web.auth import ISSUER, Unauthenticated, Verifier, issue, new_key, public_keys

KEY, STRANGER = new_key(), new_key()
CLERK = Principal("county-622427", Role.CLERK, ("622427",))
counties = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    (tmp_path / "jwks.json").write_text(json.dumps(public_keys([KEY])))
    return Verifier.load(tmp_path / "jwks.json")


def signed(**claims: Any) -> str:
    """A token of our key with any claims."""
    good = {"iss": ISSUER, "sub": "tester", "role": "clerk", "regions": ["CN"], "exp": 2**40}
    given_claims = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "kid": KEY.kid}, given_claims, KEY, algorithms=["Ed25519"])


# --- tokens ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SERVICE])
def test_a_token_says_who_it_was_issued_for(verifier: Verifier, role: Role) -> None:
    who = Principal("somebody", role, ("620000", "622427"), "a-party")
    assert verifier.principal(issue(KEY, who)) == who
    assert verifier.principal(issue(KEY, who)) == who, "and the second time from memory"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        issue(STRANGER, CLERK),
        issue(KEY, CLERK, seconds=-60),
        signed(iss=None),
        signed(iss="somebody else"),
        signed(exp=None),
        signed(sub=None),
        signed(role=None),
        signed(role="king"),
        signed(role="service"),
        signed(role=["clerk"]),
        signed(regions=7),
        issue(KEY, CLERK)[:-2],
        issue(KEY, CLERK).replace(".", ".x", 1),
    ],
)
def test_a_token_that_is_not_wholly_right_is_no_token(verifier: Verifier, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.principal(token)


def test_a_remembered_token_expires_too(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issue(KEY, CLERK, seconds=60)
    verifier.principal(token)
    now = time.time()
    monkeypatch.setattr("shared.web.auth.time.time", lambda: now + 61)
    with pytest.raises(Unauthenticated):
        verifier.principal(token)


def test_the_published_keys_are_public_halves_only() -> None:
    assert all("d" not in key for key in public_keys([KEY, STRANGER])["keys"])  # type: ignore[attr-defined]


# --- scope ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("region", "covered", "beyond"),
    [
        ("CN", ["110101", "622427"], []),
        ("620000", ["622427", "620102"], ["630102", "110101"]),
        ("622400", ["622427", "622421"], ["622301", "620102"]),
        ("622427", ["622427"], ["622428", "622400"]),
    ],
)
def test_a_region_covers_the_counties_below_it(region: str, covered: list[str], beyond: list[str]) -> None:
    who = Principal("x", Role.CLERK, (region,))
    for county in covered:
        require_county(who, county)
    for county in beyond:
        with pytest.raises(Forbidden):
            require_county(who, county)


@given(counties)
def test_nobody_without_a_region_covers_anything_but_a_reaction_covers_all(county: str) -> None:
    assert not Principal("x", Role.OFFICER).covers_county(county)
    assert system("docking").covers_county(county)


@given(counties, st.lists(st.just(NATION) | counties, max_size=4))
def test_the_prefixes_for_sql_say_the_same_as_the_check(county: str, regions: list[str]) -> None:
    who = Principal("x", Role.CLERK, tuple(regions))
    assert who.covers_county(county) == any(county.startswith(prefix) for prefix in who.county_prefixes())


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.TRAINER])
def test_a_party_acts_for_itself_only(role: Role) -> None:
    own = UUID(int=1)
    require_party(Principal("x", role, party=str(own)), own)
    for other in (Principal("x", role, party=str(UUID(int=2))), Principal("x", role)):
        with pytest.raises(Forbidden):
            require_party(other, own)


def test_a_refusal_by_scope_names_roles_and_codes_only() -> None:
    with pytest.raises(Forbidden, match="clerk:county-622427 does not cover county 110101"):
        require_county(CLERK, "110101")
