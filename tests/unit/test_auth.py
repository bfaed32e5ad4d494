"""Who may do what: only a signed token of the right shape authenticates, and a scope covers no more than its codes."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.principals import NATION, Forbidden, Principal, Role, require_county, require_party, system
from shared.web.auth import ISSUER, LEEWAY_SECONDS, Verifier, issue, new_key, public_keys
from shared.web.claims import Unauthenticated
from tests.support import tokens

KEY, STRANGER = new_key(), new_key()
CLERK = Principal("county-622427", Role.CLERK, ("622427",))
signed = partial(tokens.signed, KEY)
counties = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    (tmp_path / "jwks.json").write_text(json.dumps(public_keys([KEY])))
    return Verifier.load(tmp_path / "jwks.json")


def now() -> int:
    return int(time.time())


# --- tokens ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SERVICE])
async def test_a_token_says_who_it_was_issued_for(verifier: Verifier, role: Role) -> None:
    who = Principal("somebody", role, ("620000", "622427"), "a-party")
    assert await verifier.principal(issue(KEY, who)) == who
    assert await verifier.principal(issue(KEY, who)) == who, "and the second time from the cache"


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
async def test_a_token_with_anything_wrong_is_refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.principal(token)


@pytest.mark.parametrize(
    "regions",
    [
        "620000",
        "CN",
        "",
        [""],
        ["6"],
        ["62"],
        ["6200000"],
        ["620000\n"],
        ["020000"],
        ["cn"],
        ["CN", ""],
        [620000],
        [None],
        {"620000": 1},
        620000,
    ],
    ids=repr,
)
async def test_field_case_f1_regions_that_are_not_a_list_of_codes_make_no_token(verifier: Verifier, regions: object) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.principal(signed(regions=regions))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": 7},
        {"sub": ""},
        {"sub": "  "},
        {"sub": ["tester"]},
        {"sub": "a" * 201},
        {"sub": "tester\x00"},
        {"sub": "tester\nofficer:other"},
        {"party": ""},
        {"party": 7},
        {"party": ["a-party"]},
        {"party": {"id": "a-party"}},
        {"party": "a" * 201},
        {"role": "clerk "},
        {"role": 1},
        {"role": {"clerk": True}},
        {"iss": [ISSUER]},
        {"exp": str(2**40)},
        {"exp": True},
        {"exp": [2**40]},
        {"exp": 2**80},
        {"iat": "0"},
        {"iat": True},
        {"nbf": "0"},
    ],
    ids=repr,
)
async def test_field_case_f1_a_claim_of_another_type_or_content_makes_no_token(verifier: Verifier, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.principal(signed(**claims))


@pytest.mark.parametrize("exp", ["NaN", "Infinity", "1e400", "-1"])
async def test_field_case_f1_an_expiry_that_is_no_moment_makes_no_token(verifier: Verifier, exp: str) -> None:
    claims = f'{{"iss":"{ISSUER}","sub":"tester","role":"clerk","regions":["CN"],"exp":%s}}'
    assert (await verifier.principal(tokens.signed_as_written(KEY, claims % 2**40))).regions == (NATION,)
    with pytest.raises(Unauthenticated):
        await verifier.principal(tokens.signed_as_written(KEY, claims % exp))


async def test_field_case_f1_a_list_of_codes_is_read_as_it_stands(verifier: Verifier) -> None:
    who = await verifier.principal(signed(regions=["620000", "CN"], exp=now() + 60.5, azp="an identity provider's own claim"))
    assert who == Principal("tester", Role.CLERK, ("620000", NATION))
    assert (await verifier.principal(signed(regions=None))).regions == ()


@pytest.mark.parametrize("regions", [("",), ("6",), ("CN", ""), "620000"])
def test_field_case_f1_nobody_acts_for_a_region_that_is_no_code(regions: Any) -> None:
    with pytest.raises(ValueError, match="region"):
        Principal("x", Role.CLERK, regions)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_field_case_f22_a_clock_a_little_ahead_of_ours_is_forgiven_and_more_is_not(verifier: Verifier, claim: str) -> None:
    await verifier.principal(signed(**{claim: now() + 3, "exp": now() + 3600}))
    await verifier.principal(signed(**{claim: now() + LEEWAY_SECONDS, "exp": now() + 3600}))
    with pytest.raises(Unauthenticated):
        await verifier.principal(signed(**{claim: now() + LEEWAY_SECONDS + 2, "exp": now() + 3600}))


async def test_field_case_f22_an_expired_token_gets_no_leeway(verifier: Verifier) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.principal(signed(exp=now()))


async def test_a_cached_token_expires_too(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issue(KEY, CLERK, seconds=60)
    await verifier.principal(token)
    later = time.time() + 61
    monkeypatch.setattr("shared.web.auth.time.time", lambda: later)
    with pytest.raises(Unauthenticated):
        await verifier.principal(token)


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
def test_the_prefixes_for_sql_cover_what_the_check_covers(county: str, regions: list[str]) -> None:
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
