"""What the page /asyncapi shows: the topics of the AsyncAPI document with their events, and each event's fields as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASYNCAPI = Path(__file__).parents[1] / "events" / "asyncapi.json"
_DEEPEST = 6  # parts within parts: no event has more
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventField:
    """`path`: within `data`, as `fact.wage.minor`; `[]` stands for every item of a list."""

    path: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    name: str
    title: str
    summary: str
    subject: str
    fields: tuple[EventField, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    service: str
    messages: tuple[Message, ...]


def topics(document: Schema) -> list[Topic]:
    """Every topic, with its events in the order of the document."""
    return [
        Topic(name, name.partition(".")[0], tuple(_message(document, message) for message in channel["messages"]))
        for name, channel in document["channels"].items()
    ]


def _message(document: Schema, name: str) -> Message:
    message = document["components"]["messages"][name]
    own = message["payload"]["allOf"][1]["properties"]
    return Message(
        name=name,
        title=message["title"],
        summary=message.get("summary", ""),
        subject=own["subject"]["description"],
        fields=tuple(_fields(document, _resolved(document, own["data"]), "", _DEEPEST)),
        examples=tuple(json.dumps(example["payload"], ensure_ascii=False, indent=2) for example in message.get("examples", ())),
    )


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _fields(document: Schema, schema: Schema, prefix: str, depth: int) -> Iterator[EventField]:
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield EventField(path, _type_of(document, part), name in schema.get("required", ()))
        inner, mark = _inner(document, part)
        if depth and inner.get("properties"):
            yield from _fields(document, inner, f"{path}{mark}.", depth - 1)


def _inner(document: Schema, part: Schema) -> tuple[Schema, str]:
    """The object within: also within a list, or beside null."""
    for option in part.get("anyOf", (part,)):
        found = _resolved(document, option)
        if found.get("type") == "array" and isinstance(found.get("items"), Mapping):
            return _resolved(document, found["items"]), "[]"
        if found.get("type") != "null":
            return found, ""
    return {}, ""


def _type_of(document: Schema, schema: Schema) -> str:
    """In words: "date", "county", "one of female, male", "list of text", "number or null"."""
    if "anyOf" in schema:
        return " or ".join(_type_of(document, option) for option in schema["anyOf"])
    schema = _resolved(document, schema)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"{'one of ' if len(values) > 1 else ''}{', '.join(map(str, values))}"
    kind = schema.get("type", "anything")
    if kind == "array":
        items = schema.get("items", {})
        several = ", ".join(_type_of(document, item) for item in items) if isinstance(items, list) else _type_of(document, items)
        return f"{'pair' if isinstance(items, list) else 'list'} of {several}"
    if kind == "string":
        return str(schema.get("format", "text"))
    return {"integer": "whole number", "boolean": "true or false"}.get(kind, str(kind))
