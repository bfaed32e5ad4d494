"""Tables in terminals of any width: a figure that is cut off is a wrong figure."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from console.commands import report, restatements
from console.commands.terminal import UNBOUNDED, figure_column, print_table, text_column
from shared.texts import texts

BILLIONS = 41_234_567_890


def share(of: str) -> dict[str, Any]:
    return {
        "num": 1_234_567, "den": 12_345_678, "percent": "10.00 %", "status": "breached", "rise": "not_comparable", "gap_heads": 1_234,
        "open_positions": 56_789, "infeasible": True, "quota": of, "title": "From poverty counties", "threshold": [1, 10], "year": 2018,
    }  # fmt: skip


YEAR = {
    "dispatches": 1_492_001, "persons": 1_478_002, "returns": 1_475_003, "stock": 9_997_004, "income_cny": BILLIONS * 100,
    "poverty_dispatches": 140_005, "q1": share("Q1"), "q2": share("Q2"), "indicator": share("indicator"),
    "quotas": {code: share(code) for code in ("Q1", "Q2", "indicator", "japan[1]")},
    "efforts": {
        effort: {name: 2_345_600 + 10 * number for number, (_, *names) in enumerate(lines) for name in names if name}
        for effort, lines in report.EFFORTS.items()
    },
}  # fmt: skip
DOCUMENT = {
    "programme": "2017-2020", "as_known_at": "2019-02-01", "years": {"2017": YEAR, "2018": YEAR}, "seed": 7,
    "targets": [
        {"target": "income", "actual": BILLIONS, "floor": BILLIONS + 100, "stretch": BILLIONS + 200, "state": "on_track",
         "projection": {"likely": BILLIONS + 300, "low": BILLIONS + 400, "high": BILLIONS + 500}},
    ],
    "total": {"dispatches": 1_802_001, "persons": 1_702_002, "poverty_dispatches": 146_003, "parked": 7},
    "fresh": {"complete_through": "2020-12-31T23:59:59Z", "lag_seconds": 3},
    "restated": [
        {"period": "2018", "closed_on": "2019-01-31", "figure": "income_cny", "published": BILLIONS, "changes": {"late": 123_456_700},
         "stands": BILLIONS + 123_456_700},
    ],
    "then": {"year": "2018", "known": "2019-02-01", **YEAR},
    "breached": [share("Q1")],
}  # fmt: skip


def shown(columns: int, language: str = "en") -> str:
    screen = io.StringIO()
    console = Console(file=screen, width=columns)
    report.show_figures(DOCUMENT, console, texts(language))
    restatements.show(DOCUMENT, console, texts(language))
    return screen.getvalue()


def figures(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", text))


@pytest.mark.parametrize("columns", [120, 100, 80, 60, 40, 30])
def test_field_case_f11_every_figure_of_the_report_is_shown_in_full(columns: int) -> None:
    narrow = shown(columns)
    assert {"412,345,678", "1,234,567", "12,345,678", "56,789"} <= figures(narrow)
    assert figures(shown(UNBOUNDED)) <= figures(narrow), narrow
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= columns


@pytest.mark.parametrize("columns", [UNBOUNDED, 80, 40])
@pytest.mark.parametrize("language", ["zh", "ja"])
def test_the_report_in_another_language_has_the_same_figures_and_no_english(language: str, columns: int) -> None:
    text = shown(columns, language)
    assert {one.rstrip(",") for one in figures(shown(UNBOUNDED))} <= {one.rstrip(",") for one in figures(text)}, text
    assert set(re.findall("[A-Za-z]{3,}", text)) <= {"indicator", "japan"}, "codes of quotas"
    assert max(cell_len(line) for line in text.splitlines()) <= columns


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "../../zh"}, "en"),
        ({}, "en"),
    ],
)
def test_the_report_speaks_the_language_of_the_terminal(variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert report.language_of_terminal() == language


def test_the_report_shows_every_quota_of_the_plan() -> None:
    assert shown(UNBOUNDED).count("japan[1]") == 2, "in both years"


@pytest.mark.parametrize("columns", [80, 60, 40, 20, 8])
def test_field_case_f11_figures_stay_whole_while_words_are_wrapped(columns: int) -> None:
    table = Table(box=None)
    figure_column(table, "id")
    for name in ("at", "reason"):
        text_column(table, name)
    table.add_row("12345", "docking.events/11@123456789012", "undecodable: Input should be less than or equal to 9007199254740991")
    screen = io.StringIO()
    print_table(Console(file=screen, width=columns), table)
    joined = re.sub(r"\s", "", screen.getvalue())
    assert "…" not in joined
    assert "12345" in screen.getvalue()
    if columns >= 40:
        assert {"123456789012", "9007199254740991"} <= figures(screen.getvalue())
