"""No event can carry a person's data: no field is named for it, and every field that could hold free text is accounted for here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.events import EVENTS, Event

# Words of field names, after splitting at "_".
PERSONAL = frozenset(
    {
        "name",
        "names",
        "fullname",
        "surname",
        "forename",
        "given",
        "family_name",
        "pinyin",
        "nickname",
        "alias",
        "id_no",
        "idno",
        "identity",
        "document",
        "passport",
        "ssn",
        "hukou",
        "photo",
        "face",
        "fingerprint",
        "phone",
        "mobile",
        "tel",
        "telephone",
        "email",
        "mail",
        "wechat",
        "contact",
        "address",
        "street",
        "bank",
        "account",
        "iban",
        "swift",
        "card",
        "birthday",
        "birthdate",
        "dob",
        "relative",
        "spouse",
        "note",
        "notes",
        "remark",
        "comment",
    }
)
ALLOWED = frozenset({"birth_year"})

# Every field that is a string without a format, a pattern or an enumeration, and what it holds.
TEXT = {
    "aggregate": "an id",
    "announcement_no": "the programme's own number, without meaning",
    "actor": "role and account name",
    "approval": "the number of a written approval: a code without spaces",
    "approver": "role and account name",
    "assignee": "an account name",
    "causationid": "an id",
    "centre": "a training centre",
    "certificate": "the clearance's signed token",
    "checks": "slugs of rules",
    "company": "a company",
    "contract_no": "the contract's number in the register",
    "correlationid": "an id",
    "counties": "GB/T 2260",
    "county": "GB/T 2260",
    "criteria_version": "version of a list of criteria",
    "currency": "ISO 4217",
    "cut": "codes",
    "dataschema": "a link into the AsyncAPI document",
    "decision_no": "number of a decision of the authority",
    "definition": "a measure's definition and version",
    "designation_version": "version of a list",
    "destination": "ISO 3166-1",
    "destinations": "ISO 3166-1",
    "digest": "sha-256",
    "employer": "a company",
    "event_type": "CloudEvents type of a class of the contract",
    "failed": "slugs of rules",
    "grounds": "slugs of reasons",
    "insurer": "a company",
    "filing_no": "number of a filing with the authority",
    "plan_no": "number of a filing with the authority",
    "key": "the figure's codes",
    "licence_no": "an enterprise's licence",
    "measure": "a measure's slug",
    "programme": "the code of a plan",
    "occupation": "ISCO-08",
    "occupations": "ISCO-08",
    "period": "a month or a year",
    "policy_version": "version of a rule",
    "port": "a border crossing point",
    "positions": "topics",
    "quota": "a quota's slug",
    "quota_effect": "a quota and two shares",
    "reason": "why an officer or a rule ended something: about the case, never about the person",
    "reasons": "slugs of what the match was ranked by",
    "region": "GB/T 2260",
    "registration_no": "a company's number in the host state's register",
    "requested_by": "role and account name",
    "rule_version": "version of a rule",
    "scope": "codes",
    "seat": "GB/T 2260",
    "serial": "a certificate's serial number",
    "source": "the producing service",
    "status": "a quota's status",
    "subject": "an id",
    "taken_back": "the event that is taken back, which holds none either",
    "target": "a target's slug",
    "terms_hash": "a hash",
    "to_province": "GB/T 2260",
    "topic": "a topic",
    "traceparent": "W3C trace context",
    "type": "CloudEvents type",
    "why_parked": "slug of a refusal",
    "absorbed_no": "the programme's own number, without meaning",
    "survivor_no": "the programme's own number, without meaning",
    "confirmed_by": "role and account name",
    "linked_by": "role and account name",
    "worker_no": "the programme's own number, without meaning",
}


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, schema) of every property at every depth."""
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {}).items()


def is_free_text(schema: dict[str, Any]) -> bool:
    parts = [*schema.get("anyOf", []), *schema.get("prefixItems", [])]
    parts += [schema["items"]] if isinstance(schema.get("items"), dict) else []
    unbounded = schema.get("type") == "string" and not schema.keys() & {"format", "enum", "const", "pattern"}
    return unbounded or any(is_free_text(part) for part in parts)


@pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_no_field_of_an_event_is_named_for_personal_data(event: type[Event]) -> None:
    named = {name for name, _ in fields(event.model_json_schema()) if name not in ALLOWED}
    assert not {name for name in named if name in PERSONAL or PERSONAL.intersection(name.split("_"))}


@pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_every_text_field_of_an_event_is_accounted_for(event: type[Event]) -> None:
    free = {name for name, schema in fields(event.model_json_schema()) if is_free_text(schema)}
    assert free <= TEXT.keys(), "describe the new field in TEXT, and why it cannot hold a name, a document number, a phone or an account"


@pytest.mark.parametrize("event", EVENTS, ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_events_carry_only_the_year_of_birth(event: type[Event]) -> None:
    born = {name: schema for name, schema in fields(event.model_json_schema()) if "birth" in name}
    assert all(name == "birth_year" and schema["type"] == "integer" for name, schema in born.items())
