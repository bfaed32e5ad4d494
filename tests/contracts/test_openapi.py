"""The OpenAPI documents are committed, so that a change of the HTTP contract is seen in review; they are what is served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from console.services import SERVICES
from shared.principals import Role
from shared.web.examples import EXAMPLES, fields
from tests.contracts import openapi
from tests.support.answers import mismatches
from tests.support.http import Start
from tests.support.routes import application, body_form, endpoints, permitted

BOUNDS = {
    "string": {"maxLength", "pattern", "enum", "const"},
    "integer": {"maximum", "exclusiveMaximum"},
    "array": {"maxItems"},
}

BOUNDED_FORMATS = {"date", "date-time", "uuid"}  # others, such as county, name a list and bound nothing

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


def is_bounded(schema: dict[str, Any]) -> bool:
    return bool(BOUNDS[schema["type"]] & schema.keys()) or schema.get("format") in BOUNDED_FORMATS


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
        if not is_bounded(schema)
    ]
    assert not unbounded


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of everything in the committed document."""
    document = json.loads(openapi.file(service).read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


@every_service
def test_an_operation_is_named_for_its_function_and_no_two_alike(service: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(service)]
    assert not [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)]
    assert len(names) == len(set(names))


@every_service
def test_every_operation_names_its_roles_and_its_tag(service: str) -> None:
    document = json.loads(openapi.file(service).read_text(encoding="utf-8"))
    tags = {tag["name"] for tag in document["tags"]}
    roles = {role.value for role in Role}
    for _, _, operation in operations(service):
        assert operation["x-roles"], operation["operationId"]
        assert set(operation["x-roles"]) <= roles
        assert set(operation["tags"]) <= tags


@every_service
def test_every_answer_and_every_error_has_its_form(service: str) -> None:
    """A schema by name, a list of named ones, or a file; errors are problem documents."""
    responses = openapi.document(service)["components"]["responses"]
    for _, _, operation in operations(service):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                assert answer["content"], operation["operationId"]
                for kind, content in answer["content"].items():
                    described = json.dumps(content["schema"])
                    assert "$ref" in described or kind != "application/json", operation["operationId"]
            else:
                problem = responses[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
                assert problem["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


@every_service
def test_no_schema_is_named_after_a_module_or_twice(service: str) -> None:
    document = json.loads(openapi.file(service).read_text(encoding="utf-8"))
    assert not [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Za-z0-9]+", name)]


@every_service
def test_every_query_parameter_says_what_it_is(service: str) -> None:
    silent = [
        f"{operation['operationId']} {parameter['name']}"
        for _, _, operation in operations(service)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert not silent


@every_service
async def test_a_post_takes_an_idempotency_key_where_the_document_says_so_and_nowhere_else(service: str, client: Start) -> None:
    caller = await client(service)
    document = application(caller).openapi()
    for endpoint in endpoints(application(caller)):
        if endpoint.method != "POST":
            continue
        form = body_form(document, endpoint)
        operation = document["paths"][endpoint.path]["post"]
        if "requestBody" in operation and form is None:
            continue  # a file, whose digest is its key
        answer = await permitted(caller, endpoint).send(
            "POST",
            endpoint.filled(),
            data=json.dumps(form.valid() if form else None),
            headers={"content-type": "application/json", "idempotency-key": ""},
        )
        if answer.status == 422 and answer.code == "INVALID":
            continue  # no form alone makes this body valid
        refused = answer.status == 400 and answer.code == "IDEMPOTENCY_KEY_MISSING"
        assert refused == any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())), (str(endpoint), answer)


@every_service
def test_every_text_of_a_body_or_an_answer_has_an_example_that_fits(service: str) -> None:
    schemas = json.loads(openapi.file(service).read_text(encoding="utf-8"))["components"]["schemas"]
    missing = {name for name, schema in fields(schemas) if schema["type"] == "string" and schema.get("format") not in BOUNDED_FORMATS}
    assert not missing, "EXAMPLES of shared/web/examples.py"


@every_service
def test_every_example_is_as_its_field_has_it(service: str) -> None:
    document = json.loads(openapi.file(service).read_text(encoding="utf-8"))
    wrong = [
        f"{name}.{field}{one}"
        for name, schema in document["components"]["schemas"].items()
        for field, part in schema.get("properties", {}).items()
        for option in part.get("anyOf", (part,))
        for exemplary in (option, option.get("items", {}))
        for example in exemplary.get("examples", ())
        for one in mismatches(document, exemplary, example)
    ]
    assert not wrong


def test_no_example_is_of_a_field_that_is_gone() -> None:
    documents = [json.loads(openapi.file(service).read_text(encoding="utf-8"))["components"]["schemas"] for service in SERVICES]
    present = {name for schemas in documents for schema in schemas.values() for name in schema.get("properties", ())}
    assert not EXAMPLES.keys() - present
