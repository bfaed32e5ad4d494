"""The OpenAPI documents are committed, so that a change of the HTTP contract is seen in review; they are what is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from console.local.home import SERVICES
from tests.contracts import openapi
from tests.support.http import Start

BOUNDS = {
    "string": {"maxLength", "pattern", "format", "enum", "const"},
    "integer": {"maximum", "exclusiveMaximum"},
    "array": {"maxItems"},
}

every_service = pytest.mark.parametrize("service", SERVICES)


@every_service
def test_the_committed_document_is_fresh(service: str) -> None:
    assert openapi.file(service).read_text(encoding="utf-8") == openapi.text(service), "stale: python -m tests.contracts.openapi"


@every_service
async def test_the_committed_document_is_the_one_that_is_served(service: str, client: Start) -> None:
    caller = await client(service)
    assert (await caller.get("/openapi.json")).body == json.loads(openapi.file(service).read_text(encoding="utf-8"))


def strings(document: dict[str, Any], node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every string of a request body, with the path to it."""
    if "$ref" in node:
        yield from strings(document, document["components"]["schemas"][node["$ref"].rpartition("/")[2]], path)
    decimal = any(part.get("type") == "number" for part in node.get("anyOf", []))  # its text form has the number's bounds
    for part in (*([] if decimal else node.get("anyOf", [])), *([node["items"]] if isinstance(node.get("items"), dict) else [])):
        yield from strings(document, part, path)
    for name, part in node.get("properties", {}).items():
        yield from strings(document, part, f"{path}.{name}")
    if node.get("type") in {"string", "integer", "array"}:
        yield path, node


@every_service
def test_every_value_a_command_takes_is_bounded(service: str) -> None:
    """No text without a longest, no number without a largest, no list without an end."""
    document = json.loads(openapi.file(service).read_text(encoding="utf-8"))
    unbounded = [
        f"{verb} {path}{where}"
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
        for where, schema in strings(document, content["schema"], "")
        if not BOUNDS[schema["type"]] & schema.keys()
    ]
    assert not unbounded
