"""The demo's ending: restatements added up, a year then and now, quotas breached with their gap."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from console.commands import restatements
from shared.texts import texts

PERIOD = {"period": "2018", "version": 1, "closed_at": "2019-01-31T10:00:00Z", "reopened_by": None}


def a_restatement(
    measure: str, old: int, new: int, kind: str = "late", scope: str = "nation:CN", currency: str | None = None
) -> dict[str, Any]:
    return {"measure": measure, "scope": scope, "currency": currency, "old": old, "new": new, "kind": kind}


def test_restatements_of_the_nation_are_added_up_by_what_caused_them() -> None:
    events = [
        a_restatement("dispatches", 488, 489),
        a_restatement("dispatches", 300, 301, scope="province:370000"),
        a_restatement("dispatches", 489, 491, "correction"),
        a_restatement("income", 500_00, 700_00, currency="CNY"),
        a_restatement("dispatches", 491, 490, "correction"),
        a_restatement("dispatches", 490, 492),
        a_restatement("income", 7, 8, currency="JPY"),
        a_restatement("income", 900_00, 901_00, "fx", currency="CNY"),
        a_restatement("income_months", 7, 8),
    ]
    assert restatements.restated(PERIOD, events) == [
        {
            "period": "2018", "closed_on": "2019-01-31", "figure": "dispatches", "published": 488,
            "changes": {"correction": 1, "late": 3}, "stands": 492,
        },
        {
            "period": "2018", "closed_on": "2019-01-31", "figure": "income_cny", "published": 500_00,
            "changes": {"late": 200_00}, "stands": 700_00,
        },
    ]  # fmt: skip


def breached(year: int, num: int, den: int, gap: int) -> dict[str, Any]:
    share = {"num": num, "den": den, "percent": f"{100 * num / den:.2f} %", "gap_heads": gap}
    return {"quota": "Q1", "title": "From poverty counties", "threshold": [1, 10], "year": year, **share}


def test_a_breached_quota_says_by_how_many_heads() -> None:
    assert list(restatements.breaches([breached(2017, 42, 522, 12), breached(2018, 50, 490, 0)], texts("en"))) == [
        "[red]Quota Q1 breached[/]: From poverty counties, at least 1 in 10.",
        "  2017: 42 / 522 = 8.05 %, short by [bold]12[/]",
        "  2018: 50 / 490 = 10.20 %, not above the year before",
    ]


def year(dispatches: int) -> dict[str, Any]:
    q1 = {"percent": "8.1 %", "status": "breached"}
    return {**dict.fromkeys(restatements.FIGURES, 100), "dispatches": dispatches, "q1": q1}


def test_the_ending_is_shown_where_there_is_something_to_show() -> None:
    empty: dict[str, Any] = {
        "restated": [],
        "breached": [],
        "years": {"2018": year(0)},
        "then": {"year": "2018", "known": "2019-02-01", **year(0)},
    }
    full = {
        "restated": restatements.restated(PERIOD, [a_restatement("dispatches", 488, 492)]), "breached": [breached(2018, 40, 492, 11)],
        "years": {"2018": year(492)}, "then": {**empty["then"], **year(488)},
    }  # fmt: skip
    shown = []
    for document in (empty, full):
        screen = io.StringIO()
        restatements.show(document, Console(file=screen, width=120), texts("en"))
        shown.append(screen.getvalue())
    assert shown[0] == ""
    assert "Restated since publication" in shown[1]
    assert "2018 as known on 2019-02-01, and now" in shown[1]
    assert "+4" in shown[1]
    assert "short by 11" in shown[1]
