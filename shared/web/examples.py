"""An example of every field that is a text or a number, by its name: what /docs fills a body with, and what a reader sees of an answer.

Where a name stands for several things, the first that fits the field's bounds is its example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

EXAMPLES: Mapping[str, tuple[Any, ...]] = {
    "absorbed_numbers": ("W00000007-3",),
    "actor": ("officer:wang",),
    "address": ("https://example.org/laowu",),
    "age_band": ("20-29",),
    "announcement": ("A0000012-4",),
    "announcement_no": ("A0000012-4",),
    "approval": ("WH-2018-117",),
    "approver": ("officer:chen",),
    "arithmetic": ("2018: 100,000 of 500,000",),
    "assessor": ("wu-assessor",),
    "assessors": ("wu-assessor",),
    "assignee": ("wang",),
    "at": ("2018-09-28T08:15:30Z",),
    "birth_year": (1990,),
    "by": ("province",),
    "capacity": (200,),
    "caused_by": ("0190f3b0-5d1c-7c1e-9f41-2b7c5d1e8a90",),
    "centre": ("Dingxi Training Centre",),
    "clearance": ("eyJhbGciOiJFZDI1NTE5In0.e30.c2ln",),
    "closed_by": ("officer:wang",),
    "code": ("WORKER_NOT_FOUND", "2017-2020", "K7M2QX4PAB"),
    "column": ("id_number",),
    "columns": ("2018-01",),
    "compared_yuan_per_unit": ("0.0586",),
    "contract_no": ("C-2018-0042",),
    "contradictions": ("2018: more than the whole",),
    "county_name": ("通渭县",),
    "criteria_version": ("2018-1",),
    "currency": ("CNY",),
    "cut": ("county_month",),
    "days_per_month": (26,),
    "decided_by": ("officer:chen",),
    "decided_why": ("sent twice",),
    "decision_no": ("SHANGFA-2018-9",),
    "definition": ("Departures proven at the border, by day of departure.",),
    "detail": ("There is no such worker.",),
    "digest": ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081884c7d659a2feaa0c55ad015"),
    "digests": ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",),
    "distribution": ("linear",),
    "due": ("2018-10-17",),
    "education": (3,),
    "employer": ("Kansai Foods",),
    "en": ("The county is not on the list.",),
    "end_reason": ("Everybody else is home.",),
    "entered_by": ("operator:zhao",),
    "event_type": ("docking.Dispatched.v1",),
    "error": ("the receiver answered 500",),
    "evidence": ("CERT-2016-88",),
    "explanation": ("Reports of two counties came late.",),
    "fact": ("621121",),
    "fen": ("123456",),
    "field": ("wage.minor",),
    "figure": ("dispatches|nation:CN|2018",),
    "filing_no": ("F-2018-31",),
    "header": ("身份证号",),
    "hints": ("通渭县(621121)",),
    "id_number": ("62112619900517001X",),
    "insurer": ("PICC Lanzhou",),
    "k1": ("621121",),
    "k2": ("JPN",),
    "key": ("621121",),
    "key_base64": ("Z3JvdXA=",),
    "kind": ("year",),
    "kid": ("4Zr8xVdYf4mJ0oE8X0M9yZbqk0mQ1yWc6v3m5x1qJtA",),
    "licence_no": ("LW370020150001", "62001"),
    "language": ("zh",),
    "linked_by": ("clerk:li",),
    "measure": ("dispatches",),
    "message": ("There is no such worker.",),
    "method": ("seasonal, average of 3 years",),
    "minimum_minutes": (9600,),
    "minor": (180000,),
    "minutes": (480,),
    "month": ("2018-09",),
    "name": ("Li Ming",),
    "name_pinyin": ("li ming",),
    "next": ("q1wErTyU.WyJhIl0",),
    "number": ("4711",),
    "of": ("JPN",),
    "pay_day": (10,),
    "owner": ("enterprise:1473de78-0db3-55b9-bf3f-03e81fecc468",),
    "per_thousand": ("4.2",),
    "percent": ("9.58",),
    "period": ("2018-09", "2018"),
    "phone": ("13800000000",),
    "place": ("Lanzhou Second Hospital",),
    "policy_no": ("P-2018-7788",),
    "port": ("CNPVG", "PVG"),
    "positions": (20,),
    "previous": ("621126",),
    "programme": ("2017-2020",),
    "province": ("620000",),
    "published_by": ("clerk:li",),
    "quota": ("Q1",),
    "quota_effect": ("national poor-county share 9.583 -> 9.584 %",),
    "reader": ("clerk:li",),
    "reason": ("entered from the ministry's letter",),
    "reasons": ("willingness recorded 12 days ago (+140)",),
    "recorded_by": ("clerk:li",),
    "redirected_from": ("W00000007-3",),
    "reference": ("PAY-2018-09-0042",),
    "region": ("620000", "Kansai"),
    "registration_no": ("1200-01-077777",),
    "reopened_by": ("officer:chen",),
    "requested_by": ("clerk:li",),
    "scope": ("nation:CN",),
    "score": (82,),
    "seats": (30,),
    "secret": ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
    "sequence": ("1.4711",),
    "serial": ("TC201900000012",),
    "sheet": ("Sheet1",),
    "shown": ("9.58",),
    "source": ("State Administration of Foreign Exchange",),
    "statement": ("eyJhbGciOiJFZDI1NTE5In0.e30.c2ln",),
    "subject": ("1473de78-0db3-55b9-bf3f-03e81fecc468",),
    "system": ("mis-2009",),
    "target": ("dispatches",),
    "term_months": (36,),
    "terms_hash": ("9f86d081884c7d65",),
    "text": ("The September wage has not been paid.",),
    "title": ("Work in Japan: an evening for families", "Not Found"),
    "token_id": ("6f1c2a9e4b7d4c0f8a35d21e0b9c7f64",),
    "topic": ("docking.events",),
    "trainer": ("li-trainer",),
    "trainers": ("li-trainer",),
    "type": (
        "Dispatched",
        "docking.Dispatched.v1",
    ),
    "types": ("docking.PlacementCancelled.v1",),
    "unit": ("dispatches",),
    "value": ("6221**********0017",),
    "value_base64": ("e30=",),
    "value_text": ("{}",),
    "warnings": ("LICENCE_PROVINCE_UNKNOWN",),
    "why": ("sent twice by the predecessor",),
    "worker_no": ("W00000001-X",),
    "x": ("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",),
    "year": (2018,),
    "yuan_per_unit": ("0.0603",),
    "zh": ("名单上没有这个县。",),
}


def add_examples(schemas: Mapping[str, Any]) -> None:
    """To every field that has no list of values and no example yet."""
    for name, field in fields(schemas):
        fitting = [one for one in EXAMPLES.get(name, ()) if fits(one, field)]
        if fitting:
            field["examples"] = fitting[:1]


def fields(schemas: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, schema) of every text and number in the fields of the schemas: also within a list, or beside null."""
    for schema in schemas.values():
        for name, part in schema.get("properties", {}).items():
            for option in part.get("anyOf", (part,)):
                inner = option.get("items", option) if option.get("type") == "array" else option
                if inner.get("type") in {"string", "integer"} and not inner.keys() & {"enum", "const", "examples"}:
                    yield name, inner


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether the value is within the bounds of the schema."""
    if schema["type"] == "integer":
        return isinstance(value, int) and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if not isinstance(value, str) or schema.get("format") in {"uuid", "date", "date-time"}:
        return False
    within = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return within and bool(re.search(schema.get("pattern", ""), value))
