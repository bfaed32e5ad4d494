"""What a page says of its rows: scores with units, sources without their partitions, counties once each."""

from __future__ import annotations

from typing import Any

from console.board import sentences
from console.web.pages import in_facts
from console.web.screens.delivery import by_topic
from console.web.screens.docking_sentences import as_agreed
from console.web.screens.operations import newest_close_first
from console.web.screens.scorecard import in_words
from console.web.screens.supply import by_county, numbered
from shared.texts import texts


def score(name: str, value: int | None, of: int | None, unit: str) -> dict[str, Any]:
    return {"score": name, "value": value, "of": of, "unit": unit, "definition": "Returns in distress, of all of the span."}


def test_a_score_is_a_value_with_its_unit_and_what_it_is_compared_with() -> None:
    scores = [
        score("fill_rate", 99, 100, "positions"),
        score("deaths", 1, 20, "returns"),
        score("complaints", 2, 30, "cases"),
        score("reserve", 300_000_000, 300_000_000, "fen"),
        score("suspensions", 0, None, "suspensions"),
        score("days_to_dispatch", None, None, "days"),
    ]
    assert [one["value"] for one in in_words(scores, texts("zh"))] == [
        "99 个岗位，共 100 个岗位",
        "全部回国 20 人次中 1 人",
        "2 件，同期派出 30 人次",
        "¥3,000,000.00，最低须为 ¥3,000,000.00",
        "0 次暂停",
        None,
    ]
    assert in_words(scores, texts("zh"))[0]["definition"] == "期内遇险回国，与全部回国比较。"


def test_a_placement_says_once_what_its_departure_has_in_common_with_it() -> None:
    same = {"county": "622427", "destination": "JPN", "occupation": "5120", "channel": "labour_cooperation"}
    dispatch = {**same, "destination": "KOR", "port": "CNSHA"}
    shown = as_agreed({**same, "contract": None, "dispatch": dispatch})
    assert shown["dispatch"] == {"destination": "KOR", "port": "CNSHA"}
    assert as_agreed({**same, "contract": None, "dispatch": None})["dispatch"] is None


def test_only_a_close_in_force_leads_to_its_release() -> None:
    closes: list[dict[str, Any]] = [
        {"period": "2019", "closed_at": "2020-01-05", "reopened_at": "2020-02-01"},
        {"period": "2019", "closed_at": "2020-02-03", "reopened_at": None},
    ]
    assert [one["in_force"] for one in newest_close_first(closes, texts("en"))] == ["2019", None]


def test_delivery_is_a_row_for_each_source_with_the_partitions_that_lag() -> None:
    lags = [
        {"partition": "docking.events/0", "lag": 0},
        {"partition": "docking.events/1", "lag": 7},
        {"partition": "stats.snapshot/0", "lag": 0},
    ]
    assert by_topic(lags, texts("en")) == [
        {"topic": "Docking", "lag": 7, "partition": ["1: 7"]},
        {"topic": "Statistics: stats.snapshot", "lag": "no backlog", "partition": []},
    ]


def test_the_reach_of_an_announcement_is_a_row_for_each_county() -> None:
    reach = [
        {"county": county, "channel": channel, "records": 1, "reached": reached, "converted": 2}
        for county, channel, reached in (("622427", "radio", 40), ("622427", "poster", 2), ("370102", "radio", 5))
    ]
    assert by_county(reach, texts("en")) == [
        {"county": "622427", "records": 2, "reached": 42, "converted": 4},
        {"county": "370102", "records": 1, "reached": 5, "converted": 2},
    ]


def test_a_long_list_among_facts_is_folded() -> None:
    short = in_facts(texts("en"), "counties", ["370102"] * 8)
    assert "<details" not in short
    long = in_facts(texts("en"), "counties", ["370102"] * 11)
    assert "<summary>3 more</summary>" in long
    assert long.count("370102") == 11


def test_states_have_other_signs_on_a_page_than_in_a_terminal() -> None:
    text = texts("en")
    assert sentences.state(text, "met").startswith("+ ")
    assert sentences.shown_state(text, "met").startswith("✓ ")
    assert sentences.shown_state(text, "missed").startswith("✗ ")
    assert sentences.shown_state(text, "at_risk") == sentences.state(text, "at_risk")


def test_a_version_is_named_as_one() -> None:
    assert numbered([{"version": 2}], texts("zh")) == [{"version": "第 2 版"}]
