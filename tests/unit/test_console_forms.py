"""What is sent of a posted form: values as their types, and what is none of its type as it was typed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from console.web import forms
from console.web.documents import Operation
from services.docking.commands.enterprises import QualifyEnterprise
from services.stats.commands import ClosePeriod
from services.training.commands import LicenseCentre
from shared.texts import texts

WAGE = {"type": "object", "properties": {"minor": {"type": "integer"}, "currency": {"type": "string"}}}
PAY = Operation(
    service="rights",
    name="pay",
    method="POST",
    path="/pay",
    summary="Pay",
    body={"type": "object", "properties": {"wage": WAGE, "days": {"type": "integer"}, "rate": {"type": "number"}}},
    query={},
    roles=frozenset(),
    components={},
)


def drawn(service: str, **properties: Any) -> dict[str, forms.Field]:
    operation = replace(PAY, service=service, body={"type": "object", "properties": properties})
    return {one.name: one for one in forms.draw(operation, texts("zh"))}


def sent(**posted: str) -> dict[str, Any]:
    body = forms.read(PAY, [(name.replace("_", "."), value) for name, value in posted.items()])
    json.dumps(body, allow_nan=False)
    return body


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1,234.50", "CNY", 123450),
        ("1，234.5", "CNY", 123450),
        ("98000", "JPY", 98000),
        ("-5", "CNY", -500),
        ("1.005", "KWD", 1005),
    ],
)
def test_an_amount_is_sent_in_minor_units(amount: str, currency: str, minor: int) -> None:
    assert sent(wage_amount=amount, wage_currency=currency) == {"wage": {"minor": minor, "currency": currency}}


@pytest.mark.parametrize("amount", ["1,5", "1e5", "1e999999", "9" * 5000, "0x10", "NaN", "Infinity", "1.005", "a lot"])
def test_what_is_no_amount_is_sent_as_it_was_typed(amount: str) -> None:
    assert sent(wage_amount=amount, wage_currency="CNY") == {"wage": {"minor": amount, "currency": "CNY"}}


@pytest.mark.parametrize("typed", ["nan", "inf", "1e400", "a lot"])
def test_what_is_no_number_is_sent_as_it_was_typed(typed: str) -> None:
    assert sent(days=typed, rate=typed) == {"days": typed, "rate": typed}
    assert sent(days="12", rate="0.5") == {"days": 12, "rate": 0.5}


def test_a_period_says_whether_a_year_alone_will_do() -> None:
    month = {"type": "string", "pattern": r"^20[0-9]{2}-(0[1-9]|1[0-2])$"}
    year_or_month = ClosePeriod.model_json_schema()["properties"]["period"]
    assert drawn("rights", period=month)["period"].hint == "年和月，如 2019-03"
    assert drawn("stats", period=year_or_month)["period"].hint == "年，或年和月：如 2019、2019-03"


def test_a_number_of_a_licence_says_what_it_is_like_where_it_is_asked_for() -> None:
    numbers = {
        "docking": QualifyEnterprise.model_json_schema()["properties"]["licence_no"],
        "training": LicenseCentre.model_json_schema()["properties"]["licence_no"],
    }
    hints = [drawn(service, licence_no=number)["licence_no"].hint for service, number in numbers.items()]
    assert hints == ["与证书一致：LW 加 12 位数字", "与证书一致：5 位数字"]
    assert not drawn("docking", licence_no={"type": "string"})["licence_no"].hint, "that of a foreign employer is like no other"


def test_a_firm_has_a_name_where_a_person_has_a_full_name() -> None:
    name = {"type": "string", "maxLength": 100}
    assert (drawn("docking", name=name)["name"].label, drawn("registration", name=name)["name"].label) == ("名称", "姓名或名称")


def test_an_answer_that_must_be_given_stands_at_neither_yes_nor_no() -> None:
    operation = replace(PAY, body={"type": "object", "properties": {"kept": {"type": "boolean"}}, "required": ["kept"]})
    (kept,) = forms.draw(operation, texts("en"))
    assert (kept.kind, kept.required, kept.value, [word for _, word in kept.options]) == ("select", True, "", ["Yes", "No"])
    assert [forms.read(operation, [("kept", typed)]) for typed in ("", "true", "false")] == [{}, {"kept": True}, {"kept": False}]


def test_the_first_row_of_what_may_be_left_out_may_stay_empty() -> None:
    row = {"type": "object", "required": ["people"], "properties": {"people": {"type": "integer"}}}
    skills = drawn("registration", skills={"type": "array", "items": row, "default": []})["skills"]
    assert [one.required for one in (*skills.rows[0], *skills.blank)] == [False, True], "but one that somebody adds is filled in"


def test_a_list_with_nothing_to_choose_from_says_why() -> None:
    operation = replace(PAY, body={"type": "object", "properties": {"case": {"type": "string"}, "days": {"type": "integer"}}})
    given = forms.Given(options={"case": [], "days": []}, unoffered={"case": "Open a case first."})
    case, days = forms.draw(operation, texts("en"), given=given)
    assert (case.kind, case.hint, days.hint) == ("select", "Open a case first.", forms.NOTHING_OFFERED)


def test_a_currency_is_offered_by_its_code_and_its_name() -> None:
    options = dict(drawn("rights", wage=WAGE)["wage"].options)
    assert (options["CNY"], options["JPY"]) == ("CNY 人民币", "JPY 日元")
    assert dict(forms.draw(PAY, texts("en"))[0].options)["CNY"] == "CNY Chinese Yuan"
