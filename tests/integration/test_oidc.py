"""Tokens of an OpenID Connect issuer: its keys are followed over HTTP, and nobody but the issuer decides who is let in."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey

from shared.db import Database
from shared.principals import Principal, Role
from shared.web.auth import Verifier, issue
from shared.web.claims import Unauthenticated
from shared.web.issuer import LARGEST_ANSWER, Issuer, IssuerFailed
from shared.web.issuer_keys import RETRY_SECONDS, IssuerUnavailable
from shared.web.trusted_keys import read_keys
from tests.support.http import SIGNING_KEY, Client, serving
from tests.support.openid import DISCOVERY, JWKS, OpenIdIssuer, new_key, openid_issuer
from tests.support.wait import until

REFRESH, OUTAGE_HOURS = 300.0, 2.0


@dataclass(slots=True)
class Later:
    """A clock that the test moves."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def issuer() -> AsyncIterator[OpenIdIssuer]:
    async with openid_issuer() as one:
        yield one


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def verifier(issuer: OpenIdIssuer, clock: Later) -> Verifier:
    return Verifier.from_settings(issuer.settings(auth_refresh_seconds=REFRESH, auth_outage_hours=OUTAGE_HOURS), now=clock)


# --- who is let in --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
async def test_a_token_of_the_issuer_says_who_its_bearer_is(issuer: OpenIdIssuer, verifier: Verifier, algorithm: str) -> None:
    issuer.keys = [new_key(algorithm)]
    clerk = await verifier.principal(issuer.token())
    assert clerk == Principal("5d1f3c1e-0000-4000-8000-000000000001", Role.CLERK, ("620000",))


async def test_a_role_is_found_wherever_keycloak_nests_it(issuer: OpenIdIssuer, verifier: Verifier) -> None:
    of_the_client = {"laowu": {"roles": ["labour-officer"]}, "account": {"roles": ["view-profile"]}}
    who = await verifier.principal(issuer.token(realm_access={"roles": ["offline_access"]}, resource_access=of_the_client))
    assert who.role is Role.OFFICER


@pytest.mark.parametrize(
    ("changes", "claim", "code"),
    [
        ({"aud": "account"}, "aud", "CLAIM_INVALID"),
        ({"aud": ["account", "laowu-console"]}, "aud", "CLAIM_INVALID"),
        ({"aud": None}, "aud", "CLAIM_INVALID"),
        ({"aud": {"laowu": True}}, "aud", "CLAIM_INVALID"),
        ({"exp": 1}, "exp", "TOKEN_EXPIRED"),
        ({"exp": None}, "exp", "CLAIM_INVALID"),
        ({"nbf": 2**40}, "nbf", "TOKEN_EARLY"),
        ({"realm_access": {"roles": ["clerk"]}}, "realm_access.roles or resource_access.laowu.roles", "ROLE_MISSING"),
        (
            {"realm_access": {"roles": ["labour-clerk", "labour-officer"]}},
            "realm_access.roles or resource_access.laowu.roles",
            "ROLE_AMBIGUOUS",
        ),
        ({"realm_access": ["labour-clerk"]}, "realm_access.roles", "CLAIM_INVALID"),
        ({"realm_access": {"roles": {"labour-clerk": True}}}, "realm_access.roles", "CLAIM_INVALID"),
        ({"realm_access": {"roles": ["labour-clerk", 7]}}, "realm_access.roles", "CLAIM_INVALID"),
        ({"labour": "620000"}, "labour.regions", "CLAIM_INVALID"),
        ({"labour": {"regions": "620000"}}, "regions", "CLAIM_INVALID"),
        ({"labour": {"regions": ["62"]}}, "regions.0", "CLAIM_INVALID"),
        ({"labour": {"party": ["a"]}}, "party", "CLAIM_INVALID"),
        ({"sub": None}, "sub", "CLAIM_INVALID"),
        ({"jti": 7}, "jti", "CLAIM_INVALID"),
    ],
    ids=repr,
)
async def test_field_case_f1_what_the_issuer_signs_in_another_shape_is_refused_by_its_name(
    issuer: OpenIdIssuer, verifier: Verifier, changes: dict[str, Any], claim: str, code: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier.principal(issuer.token(**changes))
    assert (refused.value.claim, refused.value.code) == (claim, code)


async def test_nothing_but_the_key_decides_how_a_token_is_checked(issuer: OpenIdIssuer, verifier: Verifier) -> None:
    key, stranger = issuer.keys[-1], new_key("EdDSA")
    await verifier.principal(issuer.token())
    public = json.dumps(key.as_dict(private=False)).encode()
    as_secret = OctKey.import_key(public)
    forged = {
        "a stranger's key under its id": issuer.token(stranger, {"kid": key.kid}),
        "a key in the header": issuer.token(stranger, {"kid": key.kid, "jwk": stranger.as_dict(private=False)}),
        "keys elsewhere": issuer.token(stranger, {"kid": key.kid, "jku": "http://127.0.0.1:1/keys"}),
        "the public key as a secret": jwt.encode({"alg": "HS256", "kid": key.kid}, issuer.claims(), as_secret, algorithms=["HS256"]),
        "an algorithm of another type": issuer.token(new_key("ES256"), {"kid": key.kid}),
        "no key named": issuer.token(header={"kid": None}),
        "a refresh token": issuer.token(header={"typ": "logout+jwt"}),
        "another issuer": issuer.token(iss="https://elsewhere.example"),
        "no issuer": issuer.token(iss=None),
        "our own issuer, which is not believed here": issue(SIGNING_KEY, Principal("x", Role.CLERK)),
    }
    assert {name for name, token in forged.items() if not await refused(verifier, token)} == set()


async def test_an_unsigned_token_and_one_that_demands_more_are_refused(issuer: OpenIdIssuer, verifier: Verifier) -> None:
    head, body, signature = issuer.token().split(".")
    none = "eyJhbGciOiJub25lIiwia2lkIjoieCJ9"  # {"alg":"none","kid":"x"}
    deep = "W" * 12_000  # brackets
    for token in (f"{none}.{body}.", f"{head}.{body}.", f"{none}.{body}.{signature}", f"{deep}.{body}.{signature}", f"{head}.{deep}.x"):
        with pytest.raises(Unauthenticated):
            await verifier.principal(token)


# --- its keys -------------------------------------------------------------------------------------------------------------
async def test_a_rotation_is_followed_at_the_first_token_of_the_new_key(issuer: OpenIdIssuer, verifier: Verifier, clock: Later) -> None:
    old = issuer.token()
    await verifier.principal(old)
    clock.at += RETRY_SECONDS
    issuer.rotate("RS256")
    await verifier.principal(issuer.token())
    await verifier.principal(old)
    assert issuer.asked[JWKS] == 2


async def test_a_key_that_is_withdrawn_lets_nobody_in_after_the_next_refresh(
    issuer: OpenIdIssuer, verifier: Verifier, clock: Later
) -> None:
    old = issuer.token()
    await verifier.principal(old)
    issuer.rotate()
    issuer.withdraw()
    await verifier.principal(old)
    clock.at += REFRESH
    await verifier.principal(old)  # the refresh begins beside this request
    await until(lambda: issuer.asked[JWKS] == 2)
    await until(lambda: refused(verifier, old), what="the token of the withdrawn key is refused")


async def refused(verifier: Verifier, token: str) -> bool:
    try:
        await verifier.principal(token)
    except Unauthenticated:
        return True
    return False


async def test_tokens_with_keys_nobody_knows_make_us_ask_once_in_a_while_only(
    issuer: OpenIdIssuer, verifier: Verifier, clock: Later
) -> None:
    await verifier.principal(issuer.token())
    clock.at += RETRY_SECONDS
    hostile = [issuer.token(header={"kid": f"unknown-{number}"}) for number in range(50)]
    answers = await asyncio.gather(*(verifier.principal(token) for token in hostile), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unauthenticated}
    assert issuer.asked[JWKS] == 2
    await verifier.principal(issuer.token())


async def test_many_first_requests_share_one_reading_of_the_keys(issuer: OpenIdIssuer, verifier: Verifier) -> None:
    await asyncio.gather(*(verifier.principal(issuer.token()) for _ in range(20)))
    assert issuer.asked == {DISCOVERY: 1, JWKS: 1}


async def test_an_outage_is_outlived_by_the_known_keys_for_the_hours_of_the_setting(
    issuer: OpenIdIssuer, verifier: Verifier, clock: Later
) -> None:
    known = issuer.token()
    await verifier.principal(known)
    issuer.fail()
    clock.at += OUTAGE_HOURS * 3600 - 1
    await verifier.principal(known)
    await verifier.principal(issuer.token())
    await until(lambda: issuer.asked[DISCOVERY] == 2)
    clock.at += RETRY_SECONDS
    for token in (known, issuer.token()):
        with pytest.raises(IssuerUnavailable):
            await verifier.principal(token)
    assert issuer.asked[DISCOVERY] <= 3, "requests do not make us ask an issuer that is away"
    issuer.recover()
    clock.at += RETRY_SECONDS
    await verifier.principal(known)


async def test_a_new_key_of_an_issuer_that_is_away_is_not_known_rather_than_wrong(
    issuer: OpenIdIssuer, verifier: Verifier, clock: Later
) -> None:
    await verifier.principal(issuer.token())
    issuer.rotate()
    issuer.fail()
    clock.at += RETRY_SECONDS
    with pytest.raises(IssuerUnavailable):
        await verifier.principal(issuer.token())


async def test_who_starts_while_the_issuer_is_away_lets_people_in_once_it_is_back(
    issuer: OpenIdIssuer, verifier: Verifier, clock: Later
) -> None:
    issuer.fail()
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            await verifier.principal(issuer.token())
    assert issuer.asked[DISCOVERY] == 1
    issuer.recover()
    clock.at += RETRY_SECONDS
    await verifier.principal(issuer.token())


WEAK = {"kid": "weak", "kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xc1" * 128).decode().rstrip("=")}  # of 1,024 bits


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (DISCOVERY, b""),
        (DISCOVERY, b"<html>"),
        (DISCOVERY, b"[" * 100_000),
        (DISCOVERY, b"{}"),
        (DISCOVERY, b'{"issuer": "https://elsewhere.example", "jwks_uri": "https://elsewhere.example/keys"}'),
        (DISCOVERY, b'{"issuer": 7, "jwks_uri": []}'),
        (JWKS, b"null"),
        (JWKS, b'{"keys": {}}'),
        (JWKS, b'{"keys": []}'),
        (JWKS, json.dumps({"keys": [WEAK, 7, None, [], {"kid": 1}, {"kid": "x", "kty": "oct", "k": "AAAA"}]}).encode()),
        (JWKS, b'{"keys": [' + b"{}," * 100 + b"{}]}"),
        (JWKS, b" " * (LARGEST_ANSWER + 1)),
    ],
    ids=lambda value: str(value[:40]),
)
async def test_an_answer_that_is_none_is_an_outage(issuer: OpenIdIssuer, verifier: Verifier, clock: Later, path: str, body: bytes) -> None:
    token = issuer.token()
    await verifier.principal(token)
    issuer.answer(web.Response(body=body, content_type="application/json"), path)
    clock.at += REFRESH
    await verifier.principal(token)
    await until(lambda: issuer.asked[path] == 2)
    await verifier.principal(token)
    with pytest.raises(IssuerFailed):
        await Issuer(url=issuer.url).read()


@pytest.mark.parametrize("to", ["http://keys.example/certs", "ftp://127.0.0.1/certs", "file:///etc/passwd", "http://127.0.0.1.example/"])
async def test_keys_are_fetched_from_nowhere_that_could_be_read_on_the_way(issuer: OpenIdIssuer, to: str) -> None:
    issuer.answer(web.json_response({"issuer": issuer.url, "jwks_uri": to}), DISCOVERY)
    with pytest.raises(IssuerFailed, match="https"):
        await Issuer(url=issuer.url).read()


async def test_no_redirect_is_followed_and_nobody_is_waited_for_long(issuer: OpenIdIssuer) -> None:
    issuer.answer(web.Response(status=302, headers={"Location": issuer.origin + JWKS}), JWKS)
    with pytest.raises(IssuerFailed, match="302"):
        await Issuer(url=issuer.url).read()
    ended = asyncio.Event()

    async def silence() -> web.StreamResponse:
        await ended.wait()
        return web.Response()

    issuer.answering[JWKS] = silence
    with pytest.raises(IssuerFailed, match="TimeoutError"):
        await Issuer(url=issuer.url, seconds=0.1).read()
    ended.set()


def test_keys_for_other_purposes_are_left_out_and_private_halves_are_not_kept() -> None:
    key, other = new_key("RS256"), new_key("ES256")
    document = {
        "keys": [
            {**other.as_dict(private=False), "use": "enc"},
            {**other.as_dict(private=False), "alg": "ES512"},
            {**other.as_dict(private=False), "kid": None},
            {**other.as_dict(private=False), "x": "AAAA"},
            {**other.as_dict(private=False), "kid": "cut", "y": None},
            key.as_dict(private=True),
        ]
    }
    found = read_keys(json.dumps(document).encode())
    assert list(found) == [key.kid]
    assert not found[str(key.kid)].key.is_private


# --- over HTTP ------------------------------------------------------------------------------------------------------------
def bearing(service: Client, token: str) -> Client:
    return replace(service, token=token)


async def test_a_service_answers_by_its_issuer(issuer: OpenIdIssuer, make_database: Callable[[str], Awaitable[Database]]) -> None:
    async with serving("registration", await make_database("registration"), **issuer.environment()) as service:
        issuer.fail()
        away = await bearing(service, issuer.token()).get("/workers")
        assert (away.status, away.code, away.headers["retry-after"]) == (503, "ISSUER_UNAVAILABLE", "10")
        assert (await service.get("/workers")).status == 200, "tokens of its own key file need no issuer"
    issuer.recover()
    async with serving("registration", await make_database("registration"), **issuer.environment()) as service:
        assert (await bearing(service, issuer.token()).get("/workers")).status == 200
        wrong = await bearing(service, issuer.token(labour={"regions": "CN"})).get("/workers")
        assert (wrong.status, wrong.code) == (401, "UNAUTHENTICATED")
        assert [(one["field"], one["code"]) for one in wrong.body["errors"]] == [("regions", "CLAIM_INVALID")]
        assert "CN" not in json.dumps(wrong.body), "nothing of a token is answered"
