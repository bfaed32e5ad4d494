"""The AsyncAPI 3.0 document of every topic and event, generated from shared/events.

`python -m shared.events.asyncapi` writes asyncapi.json beside it, which every service serves at /asyncapi.json and as a page at
/asyncapi; a test fails when it is stale. The example of an event is its golden sample.
An event's `dataschema` attribute, "/asyncapi#docking.Dispatched.v1", names the `$id` of its data's schema in this document.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events import EVENTS, TOPICS, Envelope, Event

FILE = Path(__file__).with_suffix(".json")
_SAMPLES = FILE.parents[2] / "tests" / "contracts" / "golden"  # of the repository: what this module writes is committed
_SCHEMAS = "#/components/schemas/"


def document() -> dict[str, Any]:
    """The whole document, as plain values."""
    names, schemas = _schemas()
    by_topic = {topic: [event for event in EVENTS if topic == event.TOPIC] for topic in TOPICS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Laowu",
            "version": "1",
            "description": "Events of a labour-dispatch programme: CloudEvents 1.0, structured JSON, keyed by subject.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic: _channel(topic, events) for topic, events in by_topic.items()},
        "operations": {f"send.{topic}": _operation(topic, events) for topic, events in by_topic.items()},
        "components": {"messages": {event.type_name(): _message(event, names[event]) for event in EVENTS}, "schemas": schemas},
    }


def _schemas() -> tuple[dict[type[Event], str], dict[str, Any]]:
    """Component name of every event's data, and every component by name, as JSON Schema draft 7, which AsyncAPI builds on."""
    wanted: list[Any] = [(event, "serialization") for event in EVENTS]
    references, definitions = models_json_schema([*wanted, (Envelope, "validation")], ref_template=_SCHEMAS + "{model}")
    names = {event: references[event, "serialization"]["$ref"].removeprefix(_SCHEMAS) for event in EVENTS}
    schemas: dict[str, Any] = _draft_7(definitions["$defs"])
    for event, name in names.items():
        schemas[name] = {"$id": f"#{event.type_name()}", **schemas[name]}
    return names, schemas


def _draft_7(schema: Any) -> Any:
    """Pydantic writes draft 2020-12; of the keywords used here only `prefixItems` has another name in draft 7."""
    if isinstance(schema, list):
        return [_draft_7(part) for part in schema]
    if isinstance(schema, dict):
        return {"items" if word == "prefixItems" else word: _draft_7(part) for word, part in schema.items()}
    return schema


def _channel(topic: str, events: list[type[Event]]) -> dict[str, Any]:
    return {
        "address": topic,
        "messages": {event.type_name(): {"$ref": f"#/components/messages/{event.type_name()}"} for event in events},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _operation(topic: str, events: list[type[Event]]) -> dict[str, Any]:
    """Only the service that a topic is named for writes to it."""
    channel = f"#/channels/{topic}"
    return {
        "action": "send",
        "title": f"{topic.partition('.')[0]} publishes its events",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.type_name()}"} for event in events],
    }


def _message(event: type[Event], schema: str) -> dict[str, Any]:
    summary = {"summary": " ".join(event.__doc__.split())} if "__doc__" in vars(event) and event.__doc__ else {}
    return {
        "name": event.type_name(),
        "title": event.__name__,
        **summary,
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "required": ["content-type", "sequence"],
            "properties": {
                "content-type": {"const": "application/cloudevents+json"},
                "sequence": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+$", "description": "epoch.number, without gaps in a partition"},
            },
        },
        "payload": {
            "allOf": [
                {"$ref": f"{_SCHEMAS}{Envelope.__name__}"},
                {
                    "properties": {
                        "type": {"const": event.type_name()},
                        "subject": {"description": f"data.{event.SUBJECT}"},
                        "data": {"$ref": f"{_SCHEMAS}{schema}"},
                    }
                },
            ]
        },
        "examples": [{"payload": json.loads((_SAMPLES / f"{event.type_name()}.json").read_bytes())}],
        "bindings": {"kafka": {"key": {"type": "string", "description": f"data.{event.SUBJECT}"}, "bindingVersion": "0.5.0"}},
    }


def text() -> str:
    """The document as committed."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
