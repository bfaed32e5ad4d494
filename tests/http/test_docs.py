"""The documents as pages: served by the service alone, without a token, under a policy that runs no foreign script."""

from __future__ import annotations

import re

import pytest
from yarl import URL

from console.services import SERVICES
from shared.events import EVENTS
from tests.support.http import Client, Start

every_service = pytest.mark.parametrize("service", SERVICES)


async def page(client: Client, path: str, accept: str = "text/html") -> tuple[int, str, str, str]:
    """(status, content type, policy, text), asked for without a token."""
    async with client.session.get(client.base + path, headers={"accept": accept}) as answer:
        return answer.status, answer.content_type, answer.headers.get("content-security-policy", ""), await answer.text()


@every_service
async def test_the_operations_are_a_page_of_the_service_alone(service: str, client: Start) -> None:
    caller = await client(service)
    status, kind, policy, text = await page(caller, "/docs")
    assert (status, kind) == (200, "text/html")
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", text)
    assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=", text)
    for asset in re.findall(r"(?:src|href)=\"(docs/[^\"]+)\"", text):
        status, _, _, content = await asset_of(caller, asset)
        assert (status, len(content) > 100) == (200, True), asset


async def asset_of(client: Client, path: str) -> tuple[int, str, str, bytes]:
    async with client.session.get(f"{client.base}/{path}") as answer:
        return answer.status, answer.content_type, answer.headers["x-content-type-options"], await answer.read()


async def test_a_page_gives_out_no_other_file(client: Start) -> None:
    caller = await client("docking")
    for path in ("docs/../docs.py", "docs/..%2fdocs.py", "docs/redoc.standalone.js", "docs/docs.html", "docs/asyncapi.html"):
        async with caller.session.get(URL(f"{caller.base}/{path}", encoded=True)) as answer:
            assert answer.status in {404, 422}, path


async def test_every_event_is_on_the_page_under_the_name_that_its_dataschema_leads_to(client: Start) -> None:
    caller = await client("stats")
    status, kind, policy, text = await page(caller, "/asyncapi")
    assert (status, kind) == (200, "text/html")
    assert "default-src 'none'" in policy
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert {event.type_name() for event in EVENTS} <= anchors
    assert "fact.origin.county" in text
    assert '"departed_on": "2018-09-28"' in text.replace("&#34;", '"')


async def test_a_program_gets_the_document_of_the_events_from_either_address(client: Start) -> None:
    caller = await client("stats")
    whole = await page(caller, "/asyncapi.json", "*/*")
    assert whole[:2] == (200, "application/json")
    assert await page(caller, "/asyncapi", "*/*") == whole
