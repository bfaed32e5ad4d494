"""What was once published can be read for ever: every event class and version has a sample, and every sample still decodes to itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.events import BY_TYPE, EVENTS, Event, EventEnvelope, Unknown, decode, encode
from tests.contracts import samples

FILES = sorted(samples.FOLDER.glob("*.json"))


def value_of(file: Path) -> bytes:
    return file.read_bytes().removesuffix(b"\n")


def as_then(again: Any, then: Any) -> Any:
    """`again` without the fields that did not exist when `then` was written."""
    if isinstance(again, dict) and isinstance(then, dict):
        return {name: as_then(value, then[name]) for name, value in again.items() if name in then}
    if isinstance(again, list) and isinstance(then, list) and len(again) == len(then):
        return [as_then(one, other) for one, other in zip(again, then, strict=True)]
    return again


def with_unknown_fields(value: Any) -> Any:
    """The same document from a newer producer, which has added a field to every object but an amount: money is a closed pair."""
    if isinstance(value, dict):
        if value.keys() == {"minor", "currency"}:
            return value
        return {**{name: with_unknown_fields(part) for name, part in value.items()}, "added_later": {"n": [1]}}
    if isinstance(value, list):
        return [with_unknown_fields(part) for part in value]
    return value


@pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_every_event_has_a_sample(event: type[Event]) -> None:
    assert samples.path(event).exists(), "python -m tests.contracts.samples"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_sample_decodes_to_its_class_and_back_to_the_same_bytes(file: Path) -> None:
    event = decode(value_of(file))
    assert isinstance(event, EventEnvelope), "the class of a published event must stay: a breaking change is a new class"
    assert type(event.data).type_name() == file.stem
    again = as_then(json.loads(encode(event)), json.loads(value_of(file)))
    assert json.dumps(again, ensure_ascii=False, separators=(",", ":")).encode() == value_of(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_fields_that_a_newer_producer_added_are_ignored(file: Path) -> None:
    newer = with_unknown_fields(json.loads(value_of(file)))
    assert decode(json.dumps(newer).encode()) == decode(value_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_later_version_of_the_type_is_unknown_and_no_error(file: Path) -> None:
    later = json.loads(value_of(file)) | {"type": f"{file.stem.rpartition('.v')[0]}.v9000", "data": {"another": "form"}}
    assert decode(json.dumps(later).encode()) == Unknown(later["type"], later["subject"])


def test_writing_samples_touches_none_that_exists() -> None:
    before = {file: file.read_bytes() for file in FILES}
    assert samples.write_missing() == []
    assert {file: file.read_bytes() for file in FILES} == before


def test_no_two_events_share_a_type() -> None:
    assert len(BY_TYPE) == len(EVENTS)
