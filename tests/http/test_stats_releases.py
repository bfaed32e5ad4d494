"""The ministry's releases: closed figures in their published form, cell by cell those of the API, with what was restated since."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from shared.principals import Role
from shared.texts import LANGUAGES
from shared.values import Channel, Destination, Occupation
from tests.support.http import Client
from tests.support.papers import read_paper
from tests.support.stats import POOR_WEST, RICH_EAST, UNKNOWN, came_back, counted, departure, dispatched, recorded, voided

EAST, WEST = RICH_EAST, POOR_WEST
BY = ("channel", "province", "destination", "occupation")


async def closed_2018(stats: Client) -> None:
    """Two years of departures, some returns; 2018 and its September closed on 31 January 2019, one more learned of later, one voided."""
    events = []
    for year, counts in ((2017, (3, 1, 2)), (2018, (5, 2, 4))):
        for county, channel, destination, occupation, count in zip(
            (EAST, WEST, UNKNOWN),
            (Channel.CONTRACTED_PROJECT, Channel.LABOUR_COOPERATION, Channel.SEAFARER),
            ("DZA", "JPN", "SGP"),
            ("7112", "5", "8350"),
            counts,
            strict=True,
        ):
            for number in range(count):
                fact = departure(
                    county,
                    date(year, 1 + number * 2, 5),
                    channel=channel,
                    destination=Destination(destination),
                    occupation=Occupation(occupation),
                )
                events.append(dispatched(fact))
    back = [came_back(events[0], date(2018, 3, 2)), came_back(events[-1], date(2018, 12, 24))]
    await counted(stats.database, [recorded(one) for one in (*events, *back)])
    stats.at = datetime(2019, 1, 31, tzinfo=UTC)
    for period in ("2018", "2018-09"):
        assert (await stats.post("/periods/close", {"period": period})).status == 201
    late = dispatched(departure(WEST, date(2018, 5, 9)))
    await counted(stats.database, [recorded(late, date(2019, 3, 1)), recorded(voided(events[-1], date(2018, 12, 24)), date(2019, 4, 1))])
    stats.at = datetime(2019, 5, 1, tzinfo=UTC)


async def figures(stats: Client, measure: str, by: str, *, to: str, known: str | None = "2019-01-31") -> dict[str, Counter[str]]:
    """By code and month, as the API answers it; "" for all codes together."""
    query = {"from": "2017-01", "to": to, **({"as_known_at": known} if known else {})}
    answer = await stats.get(f"/figures/{measure}?by=month&by={by}", **query)
    assert answer.status == 200, answer.body
    found: dict[str, Counter[str]] = {"": Counter()}
    for point in answer.body["points"]:
        for code in ("", point["of"][by]):
            found.setdefault(code, Counter())[point["of"]["month"]] += point["value"]
    if by == "channel" and Channel.SEAFARER in found:
        found.setdefault(Channel.LABOUR_COOPERATION, Counter()).update(found[Channel.SEAFARER])
    return found


def cumulated(months: Counter[str], last: str) -> int:
    return sum(value for month, value in months.items() if month[:4] == last[:4] and month <= last)


@pytest.mark.parametrize("period", ["2018", "2018-09"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_workbook_is_the_api_s_figures_cell_by_cell(stats: Client, period: str, language: str) -> None:
    await closed_2018(stats)
    answer = await stats.get(f"/releases/{period}.xlsx", language=language)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store"), answer.body
    workbook = CalamineWorkbook.from_object(io.BytesIO(answer.body))
    last, before = ("2018-12", "2017-12") if period == "2018" else ("2018-09", "2017-09")
    for sheet, by in zip(workbook.sheet_names, BY, strict=False):
        rows = workbook.get_sheet_by_name(sheet).to_python()[2:]
        flows, levels = [await figures(stats, measure, by, to=last) for measure in ("dispatches", "stock")]
        now, levels_now = [await figures(stats, measure, by, to=last, known=None) for measure in ("dispatches", "stock")]
        assert {str(row[1]) for row in rows} == set(flows) | set(levels) | set(now)
        for _, found, *cells in rows:
            code = str(found)
            flow, level = flows.get(code, Counter()), levels.get(code, Counter())
            expected = [] if period == "2018" else compared(flow[last], flow[before])
            expected += compared(cumulated(flow, last), cumulated(flow, before))
            expected += compared(level[last], level[before])
            expected += [
                cumulated(now.get(code, Counter()), last) - cumulated(flow, last),
                levels_now.get(code, Counter())[last] - level[last],
            ]
            assert cells == pytest.approx(expected), (sheet, code)


def compared(value: int, before: int) -> list[Any]:
    return [value, before, value - before, round((value - before) / before, 4)] if before else [value, before, "", ""]


async def test_the_release_is_the_published_form_and_marks_what_was_restated(stats: Client) -> None:
    await closed_2018(stats)
    release = (await stats.get("/releases/2018")).body
    monthly = (await stats.get("/figures/monthly", year=2018, as_known_at="2019-01-31")).body["months"]
    assert [(one["month"], one["cumulative"]["value"], one["stock"]["value"]) for one in release["months"]] == [
        (one["month"], one["dispatches"], one["stock"]) for one in monthly
    ]
    total = release["tables"][0]["rows"][0]
    assert (total["cumulative"], total["restated"]) == ({"value": 11, "before": 6}, 0)
    by_province = {row["of"]: row["restated"] for row in release["tables"][1]["rows"]}
    assert by_province == {"": 0, "370000": 0, "620000": 1, "990000": -1}
    assert sorted((one["measure"], one["kind"], one["new"] - one["old"]) for one in release["restatements"]) == [
        ("dispatches", "correction", -1),
        ("dispatches", "late", 1),
        ("returns", "correction", -1),
    ]
    assert release["small"] is True


async def test_the_paper_has_every_figure_in_each_language(stats: Client) -> None:
    await closed_2018(stats)
    shown = {
        "zh": ("2018年我国对外劳务合作业务简明统计", "承包工程", "山东省", "阿尔及利亚", "其中：海员", "关账后修订", "不得公开", "+83.3%"),
        "en": (
            "Brief statistics on foreign labour service cooperation, 2018",
            "Shandong",
            "Algeria",
            "recorded late",
            "Not for publication",
        ),
        "ja": ("対外労務合作業務簡明統計（2018年）", "アルジェリア", "労務合作（船員を含む）", "公表不可"),
    }
    for language, texts in shown.items():
        answer = await stats.get("/releases/2018.pdf", language=language)
        assert answer.status == 200, answer.body
        paper = read_paper(answer.body)
        assert [text for text in texts if not paper.shows(text)] == []
        assert paper.tagged
    month = read_paper((await stats.get("/releases/2018-09.pdf", language="zh")).body)
    assert month.shows("2018年1月至2018年9月")
    assert month.shows("2018年9月末在外各类劳务人员")


async def test_the_same_release_is_the_same_bytes(stats: Client) -> None:
    await closed_2018(stats)
    for form in ("xlsx", "pdf"):
        first = await stats.get(f"/releases/2018.{form}")
        stats.at = datetime(2019, 6, 1, tzinfo=UTC)
        assert (await stats.speaking_as(Role.AUDITOR).get(f"/releases/2018.{form}")).body == first.body


async def test_no_cell_of_the_workbook_is_a_formula_or_a_link(stats: Client) -> None:
    """A county that no list knows, a reopening explained with a formula: whatever comes in goes out as text."""
    await closed_2018(stats)
    second = stats.speaking_as(Role.OFFICER, subject="=cmd|' /C calc'!A0")
    second.at = stats.at
    assert (await second.post("/periods/reopen", {"period": "2018", "reason": "late_reports", "explanation": "=1+1"})).status == 200
    assert (await second.post("/periods/close", {"period": "2018"})).status == 201
    answer = await stats.get("/releases/2018.xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert 'quotePrefix="1"' in archive.read("xl/styles.xml").decode(), (
            "a text stays one when the sheet is saved as CSV and opened again"
        )
        assert not [name for name in archive.namelist() if "external" in name.lower() or "vba" in name.lower()]
    assert not any(re.search(r"<f\b|<hyperlink", sheet) for sheet in sheets)
    assert not any(re.search(r"<v>[=+@-]", strings) for strings in sheets), "numbers only, and places in the list of texts"


async def test_only_closed_periods_are_released_and_only_to_whoever_reads_figures(stats: Client) -> None:
    await closed_2018(stats)
    for form in ("", ".xlsx", ".pdf"):
        open_one = await stats.get(f"/releases/2017{form}")
        assert (open_one.status, open_one.code) == (409, "PERIOD_NOT_CLOSED")
        for bad in ("18", "2018-13", "2018-09-01", "..%2f2018", "2018%00"):
            assert (await stats.get(f"/releases/{bad}{form}")).status in (404, 422), bad
        for role in (Role.PUBLIC, Role.CLERK, Role.ENTERPRISE, Role.TRAINER, Role.ASSESSOR):
            assert (await stats.speaking_as(role).get(f"/releases/2018{form}")).status == 403
    assert (await stats.get("/releases/2018.pdf", language="fr")).status == 422
