"""Currencies of ISO 4217: those in force, and those withdrawn since, whose amounts stay readable for ever.

The table of withdrawn ones is ours (shared/reference/SOURCES.md), since the list in force loses a currency with its country's last day
of it. Codes only: shared/values.py has the types.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import iso4217

TABLE = Path(__file__).parent / "reference" / "historic_currencies.csv"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`exponent`: digits after the decimal point. `legal_tender_to`: the last day on which somewhere one could pay with it."""

    exponent: int
    legal_tender_to: date


@cache
def withdrawn() -> dict[str, Withdrawn]:
    """Currencies that were money once, by code. One that is in force again, or still, is not among them."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Withdrawn(int(row["exponent"]), date.fromisoformat(row["legal_tender_to"]))
            for row in csv.DictReader(file)
            if row["code"] not in in_force()
        }


@cache
def in_force() -> frozenset[str]:
    """Today's list."""
    return frozenset(currency.value for currency in iso4217.Currency)


@cache
def codes() -> tuple[str, ...]:
    """Every code an amount may carry, sorted."""
    return tuple(sorted(in_force() | withdrawn().keys()))


@cache
def exponent(code: str) -> int:
    """Digits after the decimal point: JPY 0, CNY 2, KWD 3. Raises ValueError for a code of no currency."""
    gone = withdrawn().get(code)
    return gone.exponent if gone is not None else int(iso4217.Currency(code).exponent or 0)


def was_legal_tender(code: str, first_of_month: date) -> bool:
    """Whether one could pay with the currency on a day of that month, or later. What is in force today passes for every month."""
    gone = withdrawn().get(code)
    return gone is None or first_of_month <= gone.legal_tender_to
