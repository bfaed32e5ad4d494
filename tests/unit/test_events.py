"""The envelope: what is encoded decodes to itself, and bytes that are no event of this contract are reported, whatever they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import EVENTS, TOPICS, Dispatched, Event, EventEnvelope, Undecodable, Unknown, decode, encode
from tests.contracts.samples import sample

EVENT = sample(Dispatched)
WIRE: dict[str, Any] = json.loads(encode(EVENT))
every_event = pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]


def changed(**attributes: object) -> bytes:
    """The event's wire form with attributes replaced; None removes one."""
    return json.dumps({name: value for name, value in (WIRE | attributes).items() if value is not None}).encode()


@every_event
def test_an_event_decodes_to_what_was_encoded(event: type[Event]) -> None:
    recorded = sample(event)
    assert decode(encode(recorded)) == recorded


@every_event
def test_an_event_goes_to_a_known_topic_under_its_aggregate_and_knows_its_day(event: type[Event]) -> None:
    recorded = sample(event)
    assert event.TOPIC in TOPICS
    assert json.loads(encode(recorded))["subject"] == recorded.subject
    assert recorded.data.effective_on.year == 2018


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.text("0123456789abcdef-", min_size=1),
)
def test_the_envelope_keeps_who_when_and_why(actor: str, time: datetime, cause: str | None) -> None:
    recorded = EventEnvelope(
        id=EVENT.id,
        source=EVENT.source,
        time=time,
        correlation_id=actor,
        causation_id=cause,
        actor=actor,
        traceparent=cause,
        data=EVENT.data,
    )
    assert decode(encode(recorded)) == recorded


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_are_undecodable_and_never_another_error(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(value)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(plain, lambda part: st.lists(part) | st.dictionaries(st.text(), part)))
def test_json_that_is_no_event_is_undecodable_and_never_another_error(value: object) -> None:
    with pytest.raises(Undecodable):
        decode(json.dumps(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        encode(EVENT)[:-1],
        changed(specversion="0.3"),
        changed(id="no-uuid"),
        changed(id=None),
        changed(time="yesterday"),
        changed(time="2018-09-28T08:00:00"),
        changed(correlationid=None),
        changed(actor=None),
        changed(datacontenttype="text/plain"),
        changed(subject=str(UUID(int=1))),
        changed(data=[]),
        changed(data={}),
        changed(data=WIRE["data"] | {"fact": None}),
        encode(EVENT)[:-1] + b',"type":"docking.Returned.v1"}',
        b"[" * 100_000,
    ],
    ids=str,
)
def test_a_record_that_breaks_the_contract_is_undecodable(value: bytes | None) -> None:
    with pytest.raises(Undecodable):
        decode(value)


def test_what_is_undecodable_names_the_field_and_does_not_repeat_its_value() -> None:
    fact = WIRE["data"]["fact"] | {"birth_year": "张三 13800138000"}
    with pytest.raises(Undecodable, match=r"fact\.birth_year") as caught:
        decode(changed(data=WIRE["data"] | {"fact": fact}))
    assert "张三" not in str(caught.value)


def test_a_type_that_this_build_does_not_know_is_unknown_whatever_its_data() -> None:
    assert decode(changed(type="docking.Teleported.v1", data={"anything": 1})) == Unknown("docking.Teleported.v1", EVENT.subject)


def test_data_of_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        EVENT.data.placement = UUID(int=1)  # type: ignore[attr-defined]
