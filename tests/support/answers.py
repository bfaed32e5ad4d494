"""Holds answers to the OpenAPI document: every key is described, the required ones are there, values are of their type and in bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from tests.contracts import openapi

Schema = Mapping[str, Any]
READ: Mapping[str, Callable[[str], object]] = {"uuid": UUID, "date": date.fromisoformat, "date-time": datetime.fromisoformat}
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def wrong_in(service: str, method: str, path: str, status: int, body: Any) -> list[str]:
    """What an answer has that its operation does not describe, and lacks that it does. `path`: as it was asked for, without the query."""
    document = openapi.document(service)
    for template, pattern in _templates(service):
        if pattern.fullmatch(path) and method.lower() in document["paths"][template]:
            answers = document["paths"][template][method.lower()]["responses"]
            if str(status) not in answers:
                return [f"{method} {template} answers {status}"]
            schema = answers[str(status)]["content"]["application/json"]["schema"]
            return [f"{method} {template}{one}" for one in mismatches(document, schema, body)]
    return [f"{method} {path} is not described"]


@cache
def _templates(service: str) -> list[tuple[str, re.Pattern[str]]]:
    """Those without parts first: /surveys/coverage is no survey."""
    paths = sorted(openapi.document(service)["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path))) for path in paths]


def mismatches(document: Schema, schema: Schema, value: Any, at: str = "") -> Iterator[str]:
    """Where the value is not as the schema has it, and how."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            found = [list(mismatches(document, one, value, at)) for one in schema[several]]
            yield from min(found, key=len)
            return
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is no {kind}"
    elif value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{at}: {value!r} is none of its values"
    elif isinstance(value, str):
        yield from _in_text(schema, value, at)
    else:
        yield from _within(document, schema, value, at)


def _within(document: Schema, schema: Schema, value: Any, at: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from _in_list(document, schema, value, at)
    elif isinstance(value, dict):
        yield from _in_object(document, schema, value, at)
    elif value is not None and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value} is out of bounds"


def _in_text(schema: Schema, value: str, at: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at}: {len(value)} characters"
    if not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    try:
        READ.get(schema.get("format", ""), str)(value)
    except ValueError:
        yield f"{at}: {value!r} is no {schema['format']}"


def _in_list(document: Schema, schema: Schema, value: list[Any], at: str) -> Iterator[str]:
    parts = schema.get("prefixItems", ())
    if parts and len(parts) != len(value):
        yield f"{at}: {len(value)} values, not {len(parts)}"
    for number, item in enumerate(value):
        inner = parts[number] if number < len(parts) else schema.get("items", {})
        yield from mismatches(document, inner, item, f"{at}[]")


def _in_object(document: Schema, schema: Schema, value: dict[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", not known)
    for name, part in value.items():
        if name in known:
            yield from mismatches(document, known[name], part, f"{at}.{name}")
        elif isinstance(others, dict):
            yield from mismatches(document, others, part, f"{at}.*")
        elif not others:
            yield f"{at}.{name} is not described"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}.{name} is missing"
