"""Whatever an issuer signs, a claim is read as it is or refused: never another exception, never more than it says."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.principals import Role
from shared.token_settings import TokenSettings
from shared.web.auth import Verifier, new_key, public_keys
from shared.web.claims import ClaimPaths, TokenClaims, Unauthenticated, path_of, read_claims, value_at
from tests.support.tokens import signed_as_written

PATHS = ClaimPaths(
    audience="laowu",
    roles=[("realm_access", "roles"), ("resource_access", "laowu", "roles")],
    regions=("regions",),
    party=("labour", "party"),
    names={"labour-clerk": Role.CLERK, "labour-officer": Role.OFFICER},
)
ISSUER = "https://id.example/realms/labour"
KNOWN = ["laowu", "labour-clerk", "labour-officer", "620000", "CN", "roles", "party", "622427", 2**31, None, True]
json_values = st.recursive(
    st.sampled_from(KNOWN) | st.integers() | st.floats() | st.text("abc é中\n\x00.", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["roles", "laowu", "party", "x"]), inner, max_size=3),
    max_leaves=8,
)
roles = st.fixed_dictionaries({"roles": st.lists(st.sampled_from(["labour-clerk", "offline_access", "labour-officer"])) | json_values})
claims_of_a_kind = st.fixed_dictionaries(
    {"aud": st.just("laowu") | json_values, "exp": st.just(2**40) | json_values, "sub": st.just("somebody") | json_values},
    optional={
        "realm_access": roles | json_values,
        "resource_access": st.fixed_dictionaries({"laowu": roles | json_values}) | json_values,
        "regions": st.lists(st.sampled_from(["620000", "CN"])) | json_values,
        "labour": json_values,
        "iat": json_values,
        "nbf": json_values,
        "jti": json_values,
    },
)


def read(claims: dict[str, Any]) -> TokenClaims | None:
    try:
        found = read_claims(PATHS.mapped(claims))
        found.principal(time.time(), 5)
    except Unauthenticated:
        return None
    return found


@given(claims_of_a_kind)
@settings(suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
def test_field_case_f1_claims_of_any_shape_are_read_as_they_stand_or_refused(claims: dict[str, Any]) -> None:
    found = read(claims)
    if found is not None:
        assert claims["aud"] == "laowu" or "laowu" in claims["aud"]
        assert found.sub == claims["sub"]
        assert found.regions == (claims.get("regions") or [])
        assert f"labour-{found.role}" in json.dumps([claims.get("realm_access"), claims.get("resource_access")])


@given(st.text() | st.lists(st.binary(max_size=30), min_size=3, max_size=3))
def test_field_case_f1_text_that_is_no_token_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str | list[bytes]) -> None:
    token = text if isinstance(text, str) else b".".join(text).decode("latin-1")
    with pytest.raises(Unauthenticated):
        asyncio.run(own_verifier(tmp_path_factory).principal(token))


KEY = new_key()
MADE: list[Verifier] = []


def own_verifier(folders: pytest.TempPathFactory) -> Verifier:
    if not MADE:
        file = folders.mktemp("keys") / "jwks.json"
        file.write_text(json.dumps(public_keys([KEY])))
        MADE.append(Verifier.load(file))
    return MADE[0]


@given(st.sampled_from(["[" * 5000, "{", "null", "7", '"x"', '{"iss": "laowu"}', '{"iss": "laowu", "iss": ["laowu"]}', "1" * 5000]))
def test_field_case_f1_what_our_own_key_signed_and_is_no_set_of_claims_is_refused(
    tmp_path_factory: pytest.TempPathFactory, payload: str
) -> None:
    with pytest.raises(Unauthenticated):
        asyncio.run(own_verifier(tmp_path_factory).principal(signed_as_written(KEY, payload)))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("role", ("role",)),
        ("realm_access.roles", ("realm_access", "roles")),
        (r"https://laowu\.example/roles", ("https://laowu.example/roles",)),
        (r"resource_access.laowu\.example.roles", ("resource_access", "laowu.example", "roles")),
    ],
)
def test_a_path_leads_to_a_claim_and_a_dot_may_stand_in_a_name(path: str, names: tuple[str, ...]) -> None:
    assert path_of(path) == names
    claims: Any = "found"
    for name in reversed(names):
        claims = {name: claims}
    assert value_at(claims, path_of(path)) == "found"


# --- settings -------------------------------------------------------------------------------------------------------------
GOOD: dict[str, Any] = {"auth_issuer": ISSUER, "auth_audience": "laowu", "auth_jwks": None}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"auth_issuer": None, "auth_audience": None}, "auth_jwks"),
        ({"auth_audience": None}, "auth_audience"),
        ({"auth_issuer": None, "auth_jwks": "keys.json"}, "auth_audience"),
        ({"auth_issuer": "http://id.example/realms/labour"}, "auth_issuer"),
        ({"auth_issuer": "id.example"}, "auth_issuer"),
        ({"auth_issuer": "http://127.0.0.1.example"}, "auth_issuer"),
        ({"auth_roles": {"labour-clerk": "king"}}, "auth_roles"),
        ({"auth_roles": {"reaction": "service"}}, "auth_roles"),
        ({"auth_role_claims": ""}, "auth_role_claims"),
        ({"auth_role_claims": "a,,b"}, "auth_role_claims"),
        ({"auth_cafile": "/nowhere"}, "auth_cafile"),
    ],
    ids=repr,
)
def test_settings_that_would_let_the_wrong_people_in_are_refused(changes: dict[str, Any], named: str) -> None:
    assert TokenSettings(**GOOD)
    with pytest.raises(ValidationError) as error:
        TokenSettings(**{**GOOD, **changes})
    assert named in {str(one["loc"][0]) for one in error.value.errors()}


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_CAFILE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AUTH_JWKS", str(tmp_path / "keys.json"))
    assert TokenSettings().auth_issuer is None
