"""Deny by default: every route names the roles it serves, and refuses all others."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from console.services import SERVICES
from shared.principals import NATION, Principal, Role
from shared.web.auth import issue, new_key
from tests.support.http import SIGNING_KEY, Client, Start
from tests.support.routes import OPEN, Endpoint, application, endpoints

WHO = Principal("tester", Role.OFFICER, (NATION,), "a-party")

every_service = pytest.mark.parametrize("service", SERVICES)


def unsigned() -> str:
    """A token that claims the algorithm "none"."""
    parts: list[dict[str, Any]] = [{"alg": "none"}, {"iss": "laowu", "sub": "tester", "role": "officer", "regions": ["CN"], "exp": 2**40}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def tampered() -> str:
    head, _, signature = issue(SIGNING_KEY, WHO).split(".")
    _, claims, _ = issue(SIGNING_KEY, Principal("tester", Role.OPERATOR, (NATION,))).split(".")
    return f"{head}.{claims}.{signature}"


UNTRUSTED = {
    "no token": "",
    "another scheme": "Basic dGVzdGVyOnRlc3Rlcg==",
    "no token after the scheme": "Bearer ",
    "garbage": "Bearer garbage",
    "three parts of garbage": "Bearer a.b.c",
    "expired": f"Bearer {issue(SIGNING_KEY, WHO, seconds=-60)}",
    "a stranger's key": f"Bearer {issue(new_key(), WHO)}",
    "no signature": f"Bearer {unsigned()}",
    "another's signature": f"Bearer {tampered()}",
    "the role of a reaction": f"Bearer {issue(SIGNING_KEY, Principal('docking', Role.SERVICE, (NATION,)))}",
    "beyond ASCII": "Bearer \u00e9\u00e9\u00e9",
}


async def status(client: Client, endpoint: Endpoint, authorization: str) -> tuple[int, str, str]:
    """(status, content type, code) of an empty request with this Authorization header."""
    headers = {"authorization": authorization} if authorization else {}
    async with client.session.request(endpoint.method, client.base + endpoint.filled(), headers=headers) as response:
        body = await response.json(content_type=None)
        return response.status, response.content_type, body.get("code", "") if isinstance(body, dict) else ""


@every_service
async def test_every_route_names_the_roles_it_serves(service: str, client: Start) -> None:
    known = endpoints(application(await client(service)))
    assert len(known) > 2
    assert not [str(endpoint) for endpoint in known if not endpoint.roles or Role.SERVICE in endpoint.roles]


@every_service
async def test_requests_without_a_valid_token_are_unauthenticated(service: str, client: Start) -> None:
    caller = await client(service)
    known = [endpoint for endpoint in endpoints(application(caller)) if not endpoint.anybody]
    cases = [(known[0], what) for what in UNTRUSTED] + [(endpoint, what) for endpoint in known for what in ("no token", "a stranger's key")]
    answers = {(str(endpoint), what): await status(caller, endpoint, UNTRUSTED[what]) for endpoint, what in cases}
    assert not {case: answer for case, answer in answers.items() if answer != (401, "application/problem+json", "UNAUTHENTICATED")}


# Everything that is answered without a token, reads only. What is added here is open to the whole world.
PUBLIC = {
    "docking": {"GET /clearance/keys", "GET /public/clearances/{placement}", "GET /public/enterprises", "GET /public/notices"},
    "training": {"GET /public/certificate-keys", "GET /public/certificates/{serial}"},
    "stats": {"GET /public/figures/{measure}", "GET /public/years"},
}


@every_service
async def test_only_what_is_published_is_answered_without_a_token(service: str, client: Start) -> None:
    caller = await client(service)
    public = [endpoint for endpoint in endpoints(application(caller)) if endpoint.anybody]
    assert {str(endpoint) for endpoint in public} == {*PUBLIC.get(service, set()), "GET /token-locks"}, (
        "the locks are digests, which the console reads"
    )
    for endpoint in public:
        for what in ("no token", "a stranger's key", "another scheme"):
            code, kind, _ = await status(caller, endpoint, UNTRUSTED[what])
            assert code in {200, 404, 422}, (str(endpoint), what)
            assert kind.endswith("json")


@every_service
async def test_other_roles_are_forbidden_before_the_body_is_read(service: str, client: Start) -> None:
    caller = await client(service)
    tokens = {role: issue(SIGNING_KEY, Principal("tester", role, (NATION,), "a-party")) for role in Role if role is not Role.SERVICE}
    answers = {
        (str(endpoint), role.value): await status(caller, endpoint, f"Bearer {tokens[role]}")
        for endpoint in endpoints(application(caller))
        for role in tokens
        if role not in (endpoint.roles or ())
    }
    assert answers
    assert not {case: answer for case, answer in answers.items() if answer != (403, "application/problem+json", "FORBIDDEN")}


@every_service
async def test_only_health_metrics_and_documents_are_open(service: str, client: Start) -> None:
    caller = await client(service)
    for path in sorted(OPEN):
        async with caller.session.get(caller.base + path.replace("{asset}", "start.js")) as response:
            assert response.status == 200, path
    async with caller.session.get(f"{caller.base}/redoc") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
