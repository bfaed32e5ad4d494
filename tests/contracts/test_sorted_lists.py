"""Every list that comes page by page can be sorted, but those whose one order is what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.services import SERVICES
from tests.contracts import openapi

every_service = pytest.mark.parametrize("service", SERVICES)

# Lists with one order, and why. What ends so is the same in every service.
A_HISTORY = "what happened to one thing, in the order in which it did"
NEWEST_FIRST = "an inbox or a log that is looked at from its newest entry on"
ONE_ORDER = {
    "/history": A_HISTORY,
    "/versions": A_HISTORY,
    "/enterprises/{enterprise}/reserve": "a ledger: every entry follows from the balance before it",
    "/notifications": NEWEST_FIRST,
    "/endpoints/{endpoint}/deliveries": NEWEST_FIRST,
    "/endpoints": "a few receivers of the caller's own",
    "/orders/{order}/matches": "a ranking: the order is the answer",
    "/imports/{import_id}": "findings in the order of the file's rows, to be mended row by row",
    "/supply": "read along its index by county, occupation and destination; any other order counts the willing of the whole nation anew",
    "/surveys/coverage": "the counties of the caller's regions in the order of their codes, whole provinces together",
    "/cells": "a dump of counted cells by key, to be compared with another",
    "/designations": "a code list by code",
    "/divisions": "a code list by code",
    "/figures/{measure}": "a table by its dimensions: the whole of it comes in one page but for the largest",
}


def lists(service: str) -> Iterator[tuple[str, set[str], dict[str, Any]]]:
    """(path, names in the query, operation) of everything that answers page by page."""
    for path, methods in openapi.document(service)["paths"].items():
        operation = methods.get("get", {})
        asked = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        if "limit" in asked:
            yield path, asked, operation


def has_one_order(path: str) -> bool:
    return path in ONE_ORDER or path.endswith(("/history", "/versions"))


@every_service
def test_a_list_is_sorted_as_asked_or_has_its_reason_not_to_be(service: str) -> None:
    unsorted = {path for path, asked, _ in lists(service) if "sort" not in asked and asked & {"after", "before"}}
    assert {path for path in unsorted if not has_one_order(path)} == set()
    assert {path for path, asked, _ in lists(service) if "sort" in asked and has_one_order(path)} == set(), "its reason is gone"


@every_service
def test_what_has_a_longest_answer_leads_on_from_there(service: str) -> None:
    """A list that takes `limit` and no cursor shows its beginning alone."""
    beginnings = {"/imports", "/explanations"}  # the caller's latest; the newest events behind a figure
    assert {path for path, asked, _ in lists(service) if not asked & {"after", "before"}} <= beginnings


def test_no_reason_is_of_a_list_that_is_gone() -> None:
    present = {path for service in SERVICES for path, *_ in lists(service)}
    assert {path for path in ONE_ORDER if not any(one.endswith(path) for one in present)} == set()
