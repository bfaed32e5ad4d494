"""The AsyncAPI document says what the code does: it is generated, committed, whole, and true of the golden samples."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import shared.events
from shared.events import EVENTS, TOPICS, Event, asyncapi
from tests.contracts import samples

DOCUMENT: dict[str, Any] = json.loads(asyncapi.FILE.read_text(encoding="utf-8"))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_committed_document_is_fresh() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), "stale: python -m shared.events.asyncapi"


def test_every_topic_is_a_channel_and_every_event_a_message_of_its_topic() -> None:
    listed = {topic: set(channel["messages"]) for topic, channel in DOCUMENT["channels"].items()}
    assert listed == {topic: {event.type_name() for event in EVENTS if topic == event.TOPIC} for topic in TOPICS}


def test_every_event_class_is_part_of_the_contract_and_every_topic_has_events() -> None:
    """Also one of a file that nobody imports yet: what is not in EVENTS would be skipped by every reader as unknown."""
    found = {f"{module.name}.{event.__name__}" for module, event in classes()}
    listed = {f"{event.__module__}.{event.__name__}" for event in EVENTS}
    assert found == listed, "EVENTS of the topic's file, and that file in shared/events/envelope.py"
    assert not [topic for topic in TOPICS if not any(topic == event.TOPIC for event in EVENTS)]


def classes() -> Iterator[tuple[pkgutil.ModuleInfo, type[Event]]]:
    """Every public event class that a file of shared/events defines."""
    for module in pkgutil.iter_modules(shared.events.__path__, "shared.events."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_event = isinstance(value, type) and issubclass(value, Event) and value is not Event
            if is_event and value.__module__ == module.name and not name.startswith("_"):
                yield module, value


def test_every_topic_is_written_by_one_service() -> None:
    sending = [resolve(operation["channel"]["$ref"])["address"] for operation in DOCUMENT["operations"].values()]
    assert sorted(sending) == sorted(TOPICS)
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send"}


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        assert resolve(reference), reference


@pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_the_dataschema_of_an_event_names_the_schema_that_its_data_has(event: type[Event]) -> None:
    recorded = json.loads(samples.path(event).read_bytes())
    data = resolve(DOCUMENT["components"]["messages"][event.type_name()]["payload"]["allOf"][1]["properties"]["data"]["$ref"])
    assert recorded["dataschema"] == f"/asyncapi{data['$id']}"
    assert set(data["required"]) <= set(recorded["data"]) <= set(data["properties"])
