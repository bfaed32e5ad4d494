"""Deny by default: every route names the roles it serves, and answers nobody else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.principals import NATION, Principal, Role
from shared.web.auth import issue, new_key
from tests.support.http import SERVICES, SIGNING_KEY, Client, Start
from tests.support.routes import OPEN, Door, application, doors

WHO = Principal("tester", Role.OFFICER, (NATION,), "a-party")

every_service = pytest.mark.parametrize("service", SERVICES)


def unsigned() -> str:
    """What a token would be if "none" were a signature."""
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


async def status(client: Client, door: Door, authorization: str) -> tuple[int, str, str]:
    """(status, content type, code) of a request that is nothing but authorised or not."""
    headers = {"authorization": authorization} if authorization else {}
    async with client.session.request(door.method, client.base + door.filled(), headers=headers) as response:
        body = await response.json(content_type=None)
        return response.status, response.content_type, body.get("code", "") if isinstance(body, dict) else ""


@every_service
async def test_every_route_names_the_roles_it_serves(service: str, client: Start) -> None:
    known = doors(application(await client(service)))
    assert len(known) > 2
    assert not [str(door) for door in known if not door.roles or Role.SERVICE in door.roles]


@every_service
async def test_nobody_is_answered_without_a_good_token(service: str, client: Start) -> None:
    caller = await client(service)
    known = doors(application(caller))
    cases = [(known[0], what) for what in UNTRUSTED] + [(door, what) for door in known for what in ("no token", "a stranger's key")]
    answers = {(str(door), what): await status(caller, door, UNTRUSTED[what]) for door, what in cases}
    assert not {case: answer for case, answer in answers.items() if answer != (401, "application/problem+json", "UNAUTHENTICATED")}


@every_service
async def test_a_role_that_is_not_named_is_refused_before_anything_is_read(service: str, client: Start) -> None:
    caller = await client(service)
    tokens = {role: issue(SIGNING_KEY, Principal("tester", role, (NATION,), "a-party")) for role in Role if role is not Role.SERVICE}
    answers = {
        (str(door), role.value): await status(caller, door, f"Bearer {tokens[role]}")
        for door in doors(application(caller))
        for role in tokens
        if role not in (door.roles or ())
    }
    assert answers
    assert not {case: answer for case, answer in answers.items() if answer != (403, "application/problem+json", "FORBIDDEN")}


@every_service
async def test_health_metrics_and_documents_are_open_and_nothing_else_is(service: str, client: Start) -> None:
    caller = await client(service)
    for path in sorted(OPEN):
        async with caller.session.get(caller.base + path) as response:
            assert response.status == 200, path
    async with caller.session.get(f"{caller.base}/redoc") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
