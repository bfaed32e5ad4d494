"""Golden samples: one recorded event per class and version, the very bytes of the value on the topic, kept for ever.

`python -m tests.contracts.samples` writes the samples of classes that have none. It never touches one that exists: an event of
that form may stand in a log somewhere, so a later build must still read it.
"""

from __future__ import annotations

import types
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin

from pydantic import BaseModel

from shared.events import EVENTS, Event, EventEnvelope, encode
from shared.values import CountyCode, Currency, Destination, Occupation, Period

FOLDER = Path(__file__).parent / "golden"
_NAMESPACE = uuid.UUID("b6f5a9d0-6a3c-7c1e-9f41-2b7c5d1e8a90")

BY_TYPE: Mapping[object, object] = {
    CountyCode: "622427",
    Destination: "JPN",
    Occupation: "7512",
    Currency: "JPY",
    Period: "2018-09",
    bool: True,
    date: date(2018, 9, 28),
    datetime: datetime(2018, 10, 17, 9, 30, tzinfo=UTC),
}
BY_FIELD: Mapping[str, object] = {
    "absorbed_no": "W00000417-1",
    "aggregate": "0190f3b0-5d1c-7c1e-9f41-2b7c5d1e8a90",
    "announcement_no": "A00000417-9",
    "approval": "MOFCOM-2018-0417",
    "approver": "officer:second-approver",
    "assignee": "officer-li-2",
    "birth_year": 1990,
    "certificate": "laowu.clearance.v1.0001",
    "centre": "centre-lanzhou-1",
    "checks": ("training", "insurance", "contract"),
    "company": "employer-osaka-17",
    "confirmed_by": "officer:second-approver",
    "contract_no": "GS-2018-000417",
    "criteria_version": "repatriation/1",
    "currency": "CNY",
    "cut": "county=622427,designation=national",
    "days_per_month": 26,
    "decision_no": "2018-0013",
    "definition": "dispatches/1",
    "designation_version": "poverty-counties-2012..2020/1",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "education": 3,
    "employer": "employer-osaka-17",
    "event_type": "docking.Dispatched.v1",
    "failed": ("training",),
    "filing_no": "E7-2018-0042",
    "generation": 2,
    "grounds": ("breach",),
    "insurer": "insurer-3",
    "key": "dispatches|county=622427|2018-09",
    "licence_no": "LW620020180007",
    "lag_seconds": 1,
    "linked_by": "clerk:county-622427",
    "measure": "dispatches",
    "minor": 18000000,
    "months_milli": 1250,
    "parked": 0,
    "pay_day": 15,
    "period": "2018-09",
    "programme": "2017-2020",
    "policy_version": "match/1",
    "plan_no": "E9-2018-0007",
    "port": "PVG",
    "positions": (("docking.events", 0, 1802),),
    "projection": (1750, 1802, 1840),
    "quota": "Q1",
    "quota_effect": "Q1 9.58 -> 9.59 %",
    "reason": "没有通知",  # beyond ASCII: the bytes are UTF-8, not escapes
    "reasons": ("occupation", "destination"),
    "registration_no": "0104-01-000417",
    "rule_version": "wages/1",
    "requested_by": "clerk:county-622427",
    "scope": "CN",
    "serial": "TC-2018-000093",
    "share": (146, 1802),
    "share_before": (150, 1802),
    "status": "breached",
    "survivor_no": "W00000093-5",
    "target": "dispatches",
    "taken_back": (FOLDER / "docking.JobOrderClosed.v1.json").read_text(encoding="utf-8").strip(),
    "terms_hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "topic": "docking.events",
    "wage_period": "month",
    "why_parked": "absurd_day",
    "worker_no": "LW00000417",
}


def sample(event: type[Event]) -> EventEnvelope[Event]:
    """One event of the class, the same every time, every field filled."""
    name = event.type_name()
    return EventEnvelope(
        id=_id(name),
        source=f"/{event.TOPIC.partition('.')[0]}",
        time=datetime(2018, 9, 28, 8, 15, 30, 123456, tzinfo=UTC),
        correlation_id="4bf92f3577b34da6a3ce929d0e0e4736",
        causation_id="request:0af7651916cd43dd8448eb211c80319c",
        actor="clerk:county-622427",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        data=event.model_validate(_fields(event)),
    )


def _id(name: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, name)


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {name: _value(name, field.annotation) for name, field in model.model_fields.items()}


def _value(name: str, kind: Any) -> object:
    """A plausible value for a field of this name and type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _value(name, next(one for one in arguments if one is not type(None)))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _fields(kind)
    if isinstance(kind, NewType) and kind not in BY_TYPE:
        return _id(f"{kind.__name__}.{name}")
    if origin is tuple and not isinstance(BY_FIELD.get(name), tuple):
        return (_value(name, arguments[0]),)
    return _plain(name, kind, arguments)


def _plain(name: str, kind: Any, arguments: tuple[Any, ...]) -> object:
    if get_origin(kind) is Literal:
        return arguments[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    if kind is int:
        number = BY_FIELD.get(name)
        return number if isinstance(number, int) else 12
    if kind is uuid.UUID:
        return _id(name)
    if name in BY_FIELD:
        return BY_FIELD[name]
    raise LookupError(f"no sample value for a field {name} of type {kind}: add one to BY_FIELD")


def path(event: type[Event]) -> Path:
    return FOLDER / f"{event.type_name()}.json"


def write_missing() -> list[Path]:
    """Write the samples that do not exist yet; returns them."""
    written = []
    for event in EVENTS:
        if not path(event).exists():
            path(event).write_bytes(encode(sample(event)) + b"\n")
            written.append(path(event))
    return written


if __name__ == "__main__":
    for file in write_missing():
        print(f"written: {file.name}")  # noqa: T201  # what a developer who ran this wants to know
