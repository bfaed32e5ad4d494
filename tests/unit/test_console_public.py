"""Figures of the public tables: their order, and what is left out of them."""

from __future__ import annotations

from datetime import date

from console.web.public import figures
from console.web.public.sources import ClosedYear, PublicMeasure, Row, Table
from shared.texts import texts


def a_table(by: str, totals: dict[str, int | None]) -> Table:
    rows: tuple[Row, ...] = tuple((code, (), total) for code, total in totals.items())
    measure = PublicMeasure("dispatches", "people", "…", (by,))
    closed = ClosedYear(2020, 1, date(2021, 2, 1))
    return Table(measure=measure, closed=closed, by=by, smallest=5, columns=(), rows=rows, column_totals=(), total=99, left_out=1)


def test_ages_stand_from_the_youngest_on_and_what_is_left_out_is_named_in_the_chart() -> None:
    table = a_table("age_band", {"16_24": None, "25_34": 30, "35_44": 60})
    assert [code for code, *_ in figures.ranked(table)] == ["16_24", "25_34", "35_44"]
    chart = str(figures.of_table(texts("zh"), table)[1])
    assert chart.index("不公布") < chart.index(">30<") < chart.index(">60<")


def test_places_stand_from_the_largest_on_and_those_left_out_last() -> None:
    table = a_table("destination", {"DEU": 7, "JPN": None, "SGP": 90})
    assert [code for code, *_ in figures.ranked(table)] == ["SGP", "DEU", "JPN"]


def test_a_drawing_of_places_shows_what_is_published_counts_the_others_and_cuts_nothing_off_in_silence() -> None:
    codes = ["AUS", "DEU", "DZA", "GBR", "HKG", "IDN", "JPN", "KOR", "LAO", "MAC", "MYS", "PAK", "PAN", "SAU", "SGP", "THA", "VNM"]
    totals: dict[str, int | None] = {code: 10 + number for number, code in enumerate(codes)}
    chart = str(figures.of_table(texts("zh"), a_table("destination", {**totals, "AGO": None, "ARE": None}))[1]).partition("<details>")[0]
    assert "其他 2 个" in chart
    assert "另有 2 个目的地不公布。" in chart
    assert ">不公布<" not in chart
