"""What the services' OpenAPI documents say of their answers and commands."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from console.web.documents import Operation, Schema, operations_of

OPENAPI = Path(__file__).parent / "openapi"


@cache
def operations(service: str) -> dict[str, Operation]:
    return operations_of(service, json.loads((OPENAPI / f"{service}.json").read_text()))


@cache
def answers(service: str) -> dict[str, Schema]:
    """Path -> what its GET answers."""
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    return {
        path: methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for path, methods in document["paths"].items()
        if "application/json" in methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    }


def has(operation: Operation, schema: Schema, path: str) -> bool:
    """Whether an answer of that schema has a value at the dotted path, as far as its schema says."""
    schema = operation.resolve(schema)
    name, _, rest = path.partition(".")
    if name.isdecimal() and schema.get("type") == "array":
        items = schema["prefixItems"][int(name)] if "prefixItems" in schema else schema["items"]
        return not rest or has(operation, items, rest)
    if "properties" not in schema:
        return "additionalProperties" in schema or not schema.get("type")
    found = schema["properties"].get(name)
    return found is not None and (not rest or has(operation, found, rest))


def rows_of(operation: Operation, at: str) -> Schema:
    schema = operation.resolve(answers(operation.service)[operation.path])
    if schema.get("type") == "array":
        return schema["items"]  # type: ignore[no-any-return]
    rows = operation.resolve(schema["properties"][at]) if at in schema.get("properties", {}) else schema
    return rows.get("items", rows)  # type: ignore[no-any-return]
