"""What schemathesis makes of each OpenAPI document is answered as the document says, never by a 5xx.

`python -m tests.fuzz.schemas` asks more, and what the documents do not describe.
"""

from __future__ import annotations

import asyncio
import uuid

import pytest
from schemathesis import GenerationMode

from console.services import SERVICES
from shared.principals import NATION, Principal, Role
from shared.web.auth import issue
from tests.contracts import openapi
from tests.fuzz.schemas import ENDLESS, ask
from tests.support.http import SIGNING_KEY, Start


@pytest.mark.parametrize("service", SERVICES)
async def test_whatever_is_asked_is_answered_as_the_document_says(service: str, client: Start) -> None:
    caller = await client(service)

    def token(role: Role) -> str:
        return issue(SIGNING_KEY, Principal("tester", role, (NATION,), str(uuid.UUID(int=7))))

    asked = await asyncio.to_thread(ask, service, caller.base, token, examples=1, number=7, modes=[GenerationMode.POSITIVE])
    assert not asked.wrong
    document = openapi.document(service)
    there = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods if path not in ENDLESS}
    assert not there - asked.operations
    assert {200, 422} <= asked.statuses.keys()
