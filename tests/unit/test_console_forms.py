"""What is sent of a posted form: values as their types, and what is none of its type as it was typed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.web import forms
from console.web.documents import Operation

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
