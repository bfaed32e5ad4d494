"""How values of the APIs read on the console's pages and in its tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from console.board import sentences
from console.board.figures import in_steps, restatement_row
from console.web import forms
from console.web.documents import operations_of
from console.web.pages import columns_in, filled_in, in_cell, is_long, show
from console.web.screen import in_order_of
from console.web.screens.operations import by_name, in_money, newest_close_first
from console.web.screens.rights import in_days, may_be_accounted_for
from shared.texts import texts

ROOT = Path(__file__).parents[2]

ZH, EN = texts("zh"), texts("en")


def test_a_moment_is_shown_in_the_programmes_time_to_the_minute() -> None:
    assert ">2018年11月26日 23:59<" in show(ZH, "due_at", "2018-11-26T15:59:59Z")


def test_an_actor_is_a_role_with_its_account_if_there_is_one_and_else_a_word() -> None:
    assert show(ZH, "recorded_by", "clerk:wang") == "县级经办人员：wang"
    assert show(ZH, "actor", "officer:") == "主管部门官员"
    assert show(ZH, "actor", "officer") == "主管部门官员"
    assert show(ZH, "reported_by", "embassy") == "驻外使领馆"


def test_a_certificate_leads_to_itself_and_a_digest_is_shortened() -> None:
    assert 'href="/certificates/TC201800000012"' in show(EN, "serial", "TC201800000012")
    assert "href" not in show(EN, "serial", "TC2018<script>")
    assert ">aaaaaaaaaaaa…<" in show(EN, "terms_digest", "a" * 64)
    assert f">{'a' * 64}<" in show(EN, "digest", "a" * 64), "whoever has the paper compares it"


def test_a_trainers_account_is_a_person_and_no_centre() -> None:
    assert show(ZH, "trainer", "local-trainer") == "本机账户（培训教师）"
    assert show(ZH, "trainers", ["local-trainer", "wang"]) == "本机账户（培训教师）、wang"


def test_a_period_is_shown_in_words_with_its_code_where_the_pointer_rests() -> None:
    assert show(ZH, "period", "2019-03") == '<span title="2019-03" class="nowrap">2019年3月</span>'
    assert ">March 2019<" in show(EN, "compared_month", "2019-03")
    assert "&lt;b&gt;" in show(EN, "period", "<b>")


def test_a_fact_with_nothing_in_it_stands_there_only_where_that_says_something() -> None:
    licence: dict[str, Any] = {"destinations": [], "revoked_on": None, "note": "", "voided": False, "count": 0}
    assert filled_in(tuple(licence), licence, {"destinations": "Every destination"}) == ["destinations", "voided", "count"]


def test_a_value_whose_own_word_says_too_little_is_said_as_its_list_has_it() -> None:
    assert ">To be decided<" in in_cell(EN, "state", "open", says={"open": "To be decided"})
    assert ">Upheld<" in in_cell(EN, "state", "upheld", says={"open": "To be decided"})


def test_the_newest_close_of_a_period_stands_first() -> None:
    closes: list[dict[str, Any]] = [
        {"period": str(year), "closed_at": f"{year + 1}-01-31T00:00:00Z", "reopened_at": "2019-02-01T00:00:00Z" if year == 2018 else None}
        for year in (2017, 2019, 2018)
    ]
    shown = newest_close_first(closes, EN)
    assert [one["period"] for one in shown] == ["2019", "2018", "2017"]
    assert [one["in_force"] for one in shown] == ["2019", None, "2017"]


def test_a_table_has_no_column_that_is_empty_in_all_rows_and_numbers_are_known() -> None:
    rows = [{"county": None, "reached": 401, "wage": {"minor": 100, "currency": "CNY"}, "reason": None, "education": 3}, {"county": None}]
    shown = columns_in(EN, ("county", "reached", "wage", "reason", "education"), rows)
    assert [column.at for column in shown] == ["county", "reached", "wage", "education"]
    assert [column.is_number for column in shown] == [False, True, True, False]


def test_a_column_stands_beneath_the_one_that_it_is_put_under_and_by_itself_where_that_one_is_not() -> None:
    rows: list[dict[str, Any]] = [{"employer": "Sakura", "enterprise": "Longyuan", "opened_on": None, "expires": "2019-03-01"}]
    beneath = {"enterprise": "employer", "expires": "opened_on"}
    shown = columns_in(EN, ("employer", "enterprise", "opened_on", "expires"), rows, beneath=beneath)
    assert [(column.at, [one.at for one in column.beneath]) for column in shown] == [("employer", ["enterprise"]), ("expires", [])]


def test_a_long_list_is_shortened_in_a_cell_and_whole_among_facts() -> None:
    counties = ["621126", "620421", "620422", "620423", "620503"]
    cell = in_cell(ZH, "counties", counties)
    assert "等 5 个县（市、区、旗）</span>" in cell
    assert "甘肃省白银市" in cell
    assert in_cell(ZH, "counties", counties[:2]) == show(ZH, "counties", counties[:2])
    assert is_long(counties)
    assert not is_long(counties[:2])
    assert not is_long({"minor": 1, "currency": "CNY"})


def test_an_object_of_one_value_is_that_value() -> None:
    assert show(ZH, "fields", [{"field": "phone"}, {"field": "county"}]) == "手机号码、县（市、区、旗）"
    assert show(ZH, "offer", {"expires_on": "2027-05-25"}) == show(ZH, "expires_on", "2027-05-25")


def test_the_digest_of_a_file_is_computed_from_the_file() -> None:
    document = json.loads((ROOT / "tests/contracts/openapi/rights.json").read_text())
    fields = {one.name: one for one in forms.draw(operations_of("rights", document)["add_evidence"], EN)}
    assert fields["digest"].of_file
    assert not fields["kind"].of_file


def test_whose_a_figure_is_and_what_the_system_did_are_read_by_name() -> None:
    assert show(EN, "scope", "province:620000").striptags() == "Gansu"
    assert show(EN, "actor", "service:docking").striptags() == "Service: Docking"


def test_a_port_and_an_account_of_the_own_machine_are_read_by_name() -> None:
    assert show(EN, "port", "CNDLC").striptags() == "Dalian"
    assert show(EN, "port", "JPTYO").striptags() == "JPTYO"
    assert show(EN, "actor", "officer:local-officer").striptags() == EN.word("role", "officer")
    assert EN.word("role", "clerk") in show(EN, "assignee", "local-clerk").striptags()
    assert show(EN, "assignee", "wang").striptags() == "wang"


def test_the_ages_of_cases_are_read_as_days_from_and_to() -> None:
    bands: list[dict[str, Any]] = [
        {"from_days": 0, "to_days": 2, "open": 1, "late": 0},
        {"from_days": 366, "to_days": None, "open": 0, "late": 0},
    ]
    assert [show(EN, "from_days", one["from_days"]) for one in in_days(bands, EN)] == ["0 to 2 days", "366 days and more"]


def restated(measure: str, counted: str | None, *, old: int, new: int, currency: str | None = None) -> dict[str, Any]:
    event = {"measure": measure, "old": old, "new": new, "currency": currency, "key": f"{measure}/nation:CN/2018", "scope": "nation:CN"}
    event |= {"period": "2018", "kind": "late", "causes_total": 1, "effective": "2019-03-20"}
    return {"id": 1, "counted": counted, "unit": "departures", "restated": event}


def test_a_restatement_says_what_its_figure_is_and_shows_a_change_with_its_sign() -> None:
    days = restated("match_to_departure", "durations", old=7, new=8)
    level = restated("willing", "level", old=-3, new=4)
    money = restated("income", "flow", old=100, new=200, currency="CNY")
    shown = {one["restated"]["measure"]: one for one in in_money([days, level, money], EN)}
    assert show(EN, "counted", shown["match_to_departure"]["counted"]) == "how many were counted, not the days"
    assert (show(EN, "unit", "departures"), show(EN, "old", shown["match_to_departure"]["restated"]["old"])) == ("departures", "7")
    assert [show(EN, name, shown["willing"]["restated"][name]) for name in ("old", "new")] == ["-3", "+4"]
    assert columns_in(EN, ("key", "restated.new"), [shown["willing"]])[1].is_number
    assert (shown["income"]["unit"], show(EN, "new", shown["income"]["restated"]["new"])) == (None, "CN¥2.00")
    earlier = {**days, "id": 0}
    assert [one["id"] for one in in_money([earlier, level, days], EN)] == [1, 0, 1], "steps of one figure, the newest first"
    assert [row.number for row in in_steps([restatement_row(one) for one in (earlier, level, days)])] == [1, 0, 1], "on the board, too"
    rows = [restatement_row(one) for one in (days, level, restated("dispatches", "flow", old=1, new=2))]
    assert [sentences.restated_figure(EN, row) for row in rows] == [
        f"{EN.word('measure', 'match_to_departure')}: how many were counted",
        f"{EN.word('measure', 'willing')}: change in the period",
        EN.word("measure", "dispatches"),
    ]
    assert [sentences.restated_amount(EN, row, row.new) for row in rows] == ["8", "+4", "2"]


def test_only_who_was_not_accounted_for_is_still_asked_for_after_an_emergency() -> None:
    conditions = ("pending", "safe", "injured", "missing", "dead", "left", "returned", "not_abroad")
    during = [one for one in conditions if may_be_accounted_for({"condition": one, "ended_at": None})]
    after = [one for one in conditions if may_be_accounted_for({"condition": one, "ended_at": "2018-07-01T00:00:00Z"})]
    assert (set(conditions) - set(during), after) == ({"returned", "not_abroad"}, ["pending", "missing"])


def test_a_programme_is_called_by_its_name_in_each_language_and_else_as_its_plan_has_it() -> None:
    programmes: list[dict[str, Any]] = [
        {"plan": {"code": code, "title": "As planned"}, "version": 1} for code in ("2017-2020", "2099-2100")
    ]
    assert [one["plan"]["title"] for one in by_name(programmes, ZH)] == ["对外劳务合作（2017—2020年）", "As planned"]
    assert by_name(programmes, ZH)[0]["version"] == 1


def test_rows_that_have_no_order_of_their_own_stand_by_day_and_place() -> None:
    rows: list[dict[str, Any]] = [
        {"on": "2020-01-05", "county": "620421"},
        {"on": "2020-01-05", "county": None},
        {"on": "2020-01-04", "county": "621126"},
    ]
    assert in_order_of("on", "county")(rows, EN) == [rows[2], rows[1], rows[0]]
