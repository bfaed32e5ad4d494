"""Charts are well-formed, say what they show to those who do not see them, and take any text for text."""

from __future__ import annotations

import re
from datetime import date
from itertools import combinations
from xml.etree import ElementTree as ET

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from console.board.replay import Known
from console.web import drawings
from console.web.charts import axes, bar_charts, figures, lines, maps, naming, tracks
from console.web.charts.outlines import read_map, shown_as
from console.web.charts.svg import Words
from shared import reference
from shared.texts import texts

HOSTILE = '"><script>alert(1)</script>'
WORDS = Words(key="chart", title=HOSTILE, description=HOSTILE)
MONTHS = [f"2018-{month:02d}" for month in range(1, 13)]


def show(value: float) -> str:
    return f"{value:,.0f}"


def every_chart() -> dict[str, Markup]:
    """One of each kind, all its texts hostile."""
    layers = [bar_charts.Layer(HOSTILE, [1.0] * 12), bar_charts.Layer(HOSTILE, [None, *[2.0] * 11])]
    series = [
        lines.Series(name=HOSTILE, kind="actual", values=[5.0, None, 3.0]),
        lines.Series(name=HOSTILE, kind="before", values=[1.0] * 12),
    ]
    ranked = [bar_charts.Ranked(HOSTILE, 5.0, f"/x?{HOSTILE}"), bar_charts.Ranked(HOSTILE, None)]
    marks = [tracks.Mark(HOSTILE, 10), tracks.Mark(HOSTILE, 11)]
    areas = {"370000": maps.Area(HOSTILE, 5.0, f"/x?{HOSTILE}"), "620000": maps.Area(HOSTILE, None)}
    return {
        "line": lines.line_chart(WORDS, MONTHS, series, show, lines.Band(name=HOSTILE, low=1, likely=2, high=9)),
        "bar": bar_charts.bar_chart(WORDS, MONTHS, layers, show, bar_charts.Layer(HOSTILE, [3.0, None])),
        "ranked": bar_charts.ranked_chart(WORDS, ranked, show, left_out=HOSTILE),
        "gauge": tracks.gauge(WORDS, 9.58, marks, show, tone="bad"),
        "progress": tracks.progress(WORDS, 9, marks, show, tone="good", heading=(8, 12)),
        "china": maps.china_map(WORDS, areas, show, HOSTILE),
        "province": maps.province_map(WORDS, "620000", {"621126": maps.Area(HOSTILE, 3.0, HOSTILE)}, show, HOSTILE),
        "flows": maps.flow_map(WORDS, {"JPN": maps.Area(HOSTILE, 3.0), "MAC": maps.Area(HOSTILE, 9.0)}, show, HOSTILE),
    }


@pytest.mark.parametrize("kind", every_chart())
def test_a_chart_is_named_and_holds_neither_script_nor_style(kind: str) -> None:
    drawing = str(every_chart()[kind])
    root = ET.fromstring(drawing)  # noqa: S314  # our own
    found = list(root.iter())
    assert root.find("title") is not None
    assert (root.find("title").text, root.find("desc").text) == (HOSTILE, HOSTILE)  # type: ignore[union-attr]
    assert not [one.tag for one in found if one.tag == "script" or "style" in one.attrib]
    assert not [name for one in found for name in one.attrib if name.startswith("on")]
    ids = {one.attrib["id"] for one in found if "id" in one.attrib}
    assert all(one.startswith("chart-") for one in ids)
    assert {root.attrib["aria-labelledby"], root.attrib["aria-describedby"]} <= ids
    assert set(re.findall(r"url\(#([^)]*)\)", drawing)) <= ids
    links = [one for one in found if one.tag == "a"]
    assert root.attrib["role"] == ("group" if links else "img"), "an image has no parts that can be reached"


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    empty = [
        lines.line_chart(WORDS, [], [lines.Series(name="a", kind="actual", values=[])], show),
        lines.line_chart(
            WORDS, MONTHS, [lines.Series(name="a", kind="actual", values=[None] * 12)], show, lines.Band(name="b", low=0, likely=0, high=0)
        ),
        bar_charts.bar_chart(WORDS, [], [], show),
        bar_charts.ranked_chart(WORDS, [], show),
        tracks.gauge(WORDS, 0, [], show, tone="open"),
        tracks.progress(WORDS, 0, [], show, tone="open", heading=None),
        maps.china_map(WORDS, {}, show, "none"),
        maps.flow_map(WORDS, {}, show, ""),
    ]
    for drawing in empty:
        ET.fromstring(str(drawing))  # noqa: S314
        assert "nan" not in drawing
        assert "inf" not in drawing


@given(st.floats(-1e12, 1e12, allow_nan=False), st.floats(-1e12, 1e12, allow_nan=False))
def test_ticks_are_round_and_hold_the_values(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    found = axes.ticks(low, high)
    assert 2 <= len(found) <= 13
    assert found == sorted(found)
    size = max(abs(low), abs(high), 1e-9)
    assert found[0] <= low + size * 1e-6
    assert found[-1] >= high - size * 1e-6


def test_the_day_that_is_looked_at_is_ringed_on_the_line() -> None:
    known = [Known(date(2018, month, 28), month) for month in (1, 2, 3)]
    drawn = str(drawings.replay(texts("en"), known, 2018, date(2018, 2, 28)))
    assert drawn.count('r="7" class="spot line-chosen"') == 2, "on the line, in the legend"


def test_a_replay_ends_at_now_which_is_looked_at_unless_a_day_is_chosen() -> None:
    drawn = str(drawings.replay(texts("en"), [Known(date(2018, month, 28), month) for month in (1, 2, 3)], 2018, None))
    assert "the day looked at, now: 3" in drawn


def test_a_table_stands_behind_a_chart() -> None:
    table = figures.data_table("Dispatches", ["Month", "2018"], [["January", "5"], [HOSTILE, "6"]])
    whole = ET.fromstring(str(figures.figure("Dispatches", Markup("<svg/>"), table, open_table="As a table")))  # noqa: S314
    assert [cell.text for cell in whole.iter("th")] == ["Month", "2018", "January", HOSTILE]
    assert [cell.text for cell in whole.iter("td")] == ["5", "6"]


def test_every_destination_is_named_on_the_map_or_beneath_it_and_no_two_names_run_into_each_other() -> None:
    countries = [one.alpha_3 for one in pycountry.countries if read_map("world").point(one.alpha_3) is not None and one.alpha_3 != "CHN"]
    areas = {code: maps.Area(code, float(number)) for number, code in enumerate(countries[:60], 1)}
    drawn = ET.fromstring(str(maps.flow_map(WORDS, areas, show, "Not named: ")))  # noqa: S314
    on_map = [one.text or "" for one in drawn.iter("text") if one.attrib["class"] == "on-map"]
    lines = [one.text or "" for one in drawn.iter("text") if one.attrib["class"] == "tick"]
    beneath = " · ".join(lines).removeprefix("Not named: ").split(" · ")
    assert sorted([*on_map, *beneath]) == sorted(f"{area.name} {show(area.value or 0)}" for area in areas.values())
    assert lines[0].startswith("Not named: ")


def a_crowd(number: int) -> list[tuple[str, naming.Point]]:
    """Points nearer to each other than their names are high."""
    return [(f"Place {one:02d} {one}", (300.0 + one % 8 * 14, 120.0 + one // 8 * 14)) for one in range(number)]


def test_names_run_neither_into_each_other_nor_over_dots_and_the_first_ones_are_all_there() -> None:
    points = a_crowd(40)
    names, beneath = naming.place_names(points, [], (620.0, 300.0))
    assert [one.text for one in names[: naming.LARGEST]] == [text for text, _ in points[: naming.LARGEST]]
    assert beneath
    for one, other in combinations((one.box for one in names), 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
    for left, top, right, bottom in (one.box for one in names):
        assert not [at for _, at in points if left < at[0] < right and top < at[1] < bottom]


def test_a_name_keeps_off_flows_and_a_line_leads_to_one_that_is_not_beside_its_dot() -> None:
    flows = [[(300.0 + x, 120.0 + y) for x in range(-20, 21, 3) for y in range(-20, 21, 3)]]
    alone, _ = naming.place_names(a_crowd(1), [], (620.0, 300.0))
    crossed, _ = naming.place_names(a_crowd(1), flows, (620.0, 300.0))
    assert alone[0].leads_from is None
    assert crossed[0].leads_from == (300.0, 120.0)
    left, top, right, bottom = crossed[0].box
    assert not [at for at in flows[0] if left < at[0] < right and top < at[1] < bottom]


def test_the_flows_of_a_province_begin_in_it() -> None:
    areas = {"JPN": maps.Area("Japan", 3.0)}
    starts = {place: re.search(r"M([0-9.]+) [0-9.]+Q", maps.flow_map(WORDS, areas, show, "", place)) for place in ("650000", "370000")}
    west, east = (float(found[1]) for found in starts.values() if found)
    assert west < east - 40


def test_a_legend_says_from_what_to_what_and_a_single_value_is_not_the_darkest() -> None:
    values = dict(zip(reference.provinces(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], strict=False))
    drawn = str(maps.china_map(WORDS, {code: maps.Area(code, value) for code, value in values.items()}, show, "none"))
    assert all(f">{name}</text>" in drawn for name in ("none", "1–2", "3–4", "9–10"))
    single = str(maps.china_map(WORDS, {"370000": maps.Area("Shandong", 4)}, show, "none"))
    assert "step-3" in single
    assert "step-5" not in single


def test_of_equal_values_all_or_none_are_written_on_a_map() -> None:
    areas = {code: maps.Area(code, 100.0 if code in {"650000", "370000"} else 7.0) for code in reference.provinces()}
    drawn = str(maps.china_map(WORDS, areas, show, "none"))
    assert drawn.count('class="on-map">100<') == 2
    assert 'class="on-map">7<' not in drawn


def test_two_numbers_that_could_be_read_as_each_others_are_both_left_away() -> None:
    areas = {code: maps.Area(code, value) for code, value in (("310000", 9.0), ("320000", 8.0), ("650000", 7.0))}
    drawn = str(maps.china_map(WORDS, areas, show, "none"))
    assert re.findall(r'class="on-map">([0-9]+)<', drawn) == ["7"]


# --- the maps -----------------------------------------------------------------------------------------------------------------
def test_every_province_has_an_outline_under_its_code() -> None:
    outlines = read_map("china")
    assert set(outlines.outlines) == set(reference.provinces())
    assert outlines.sea.count("M") >= 9, "the maritime boundary as the package has it"
    width, height = outlines.size
    for code, outline in outlines.outlines.items():
        assert 0 <= outline.at[0] <= width, code
        assert 0 <= outline.at[1] <= height, code


def test_nearly_every_county_has_an_outline_and_the_others_are_known() -> None:
    missing = sorted(code for code in reference.counties() if shown_as(code) is None)
    assert len(reference.counties()) == 2859
    assert missing == ["130521", "140202", "140203", "140211", "140411", "330104", "511521", "632857"], "their land was divided"
    assert all(read_map(f"{code[:2]}0000").outlines for code in reference.provinces())
    assert shown_as("621126") == "621126"
    assert shown_as("620200") == "620200", "a city without counties"
    assert shown_as("230702") == shown_as("230708") == "230717", "two that were merged"


def test_counties_that_were_merged_share_an_outline_and_those_whose_land_was_divided_are_named_beside_the_map() -> None:
    merged = str(drawings.counties(texts("en"), "230000", {"230702": 3, "230708": 4}, 2018)[0])
    assert "Yichun District, Yichun, Heilongjiang, Meixi District, Yichun, Heilongjiang: 7</title>" in merged
    assert "Not on the map" not in merged
    divided = str(drawings.counties(texts("en"), "140000", {"140202": 3}, 2018)[0])
    assert "the land of these counties had been divided: Chengqu District, Datong, Shanxi 3" in divided


def test_every_destination_that_can_be_chosen_has_a_place_on_the_world_map() -> None:
    world = read_map("world")
    assert [one.alpha_3 for one in pycountry.countries if world.point(one.alpha_3) is None] == ["ATA"]
    assert {"HKG", "MAC", "TWN"} <= set(world.within)
    assert "TWN" not in world.outlines


def test_there_is_no_map_of_anything_else() -> None:
    for name in ("../china", "999999", "", "successors"):
        with pytest.raises(KeyError):
            read_map(name)


def test_names_of_marks_that_lie_close_together_stand_below_each_other() -> None:
    words = Words(key="one", title="Dispatches", description="451 of 450")
    marks = [tracks.Mark("expected", 450), tracks.Mark("floor", 450), tracks.Mark("stretch", 460)]
    drawn = str(tracks.progress(words, 451, marks, lambda value: f"{value:.0f}", tone="good", heading=None))
    heights = re.findall(r'<text[^>]* y="([0-9.]+)"[^>]*class="tick"', drawn) or re.findall(r'class="tick"[^>]* y="([0-9.]+)"', drawn)
    assert len(set(heights)) == 2
    assert "expected / floor 450" in drawn, "equal ones are one"
