"""Rows of the board as charts, each with its sentences and its table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

from markupsafe import Markup

from console.board import sentences
from console.board.replay import Known
from console.board.rows import MonthRow, QuotaRow, RankedRow, TargetRow
from console.web.charts.bar_charts import Layer, Ranked, bar_chart, ranked_chart
from console.web.charts.figures import data_table, figure
from console.web.charts.lines import Series, line_chart
from console.web.charts.maps import Area, china_map, flow_map, province_map
from console.web.charts.outlines import shown_as
from console.web.charts.svg import Words
from console.web.charts.tracks import Mark, gauge, progress
from shared import reference
from shared.texts import Texts

RANKED = 12
_NO_SLUG = re.compile(r"[^a-z0-9]+")


def slug(*parts: object) -> str:
    """For an id of the page."""
    return "-".join(_NO_SLUG.sub("-", str(part).lower()) for part in parts)


def why_link(key: str, known_on: date | None = None) -> str:
    """Where the events behind a figure are shown."""
    return "/board/why?" + urlencode({"key": key, **({"known_on": known_on.isoformat()} if known_on else {})})


# --- targets and quotas ---------------------------------------------------------------------------------------------------
def target(text: Texts, row: TargetRow, *, prefix: str = "target") -> Markup:
    """Actual against expected, floor and stretch, and between what it is heading for."""
    marks = [
        Mark(name, value)
        for name, value in ((text("expected"), row.expected), (text("floor"), row.floor), (text("stretch"), row.stretch))
        if value
    ]
    spoken = sentences.in_a_row(
        text, sentences.shown_state(text, row.state), sentences.run_rate(text, row), sentences.projection(text, row)
    )
    return progress(
        Words(key=slug(prefix, row.code), title=sentences.target_title(text, row.code), description=spoken),
        row.actual,
        marks,
        lambda value: sentences.amount(text, int(value), money=row.money),
        tone=sentences.TONES.get(row.state or "", "open"),
        heading=(row.projection.low, row.projection.high) if row.projection else None,
    )


def quota(text: Texts, row: QuotaRow, before: QuotaRow | None = None, *, prefix: str = "quota") -> Markup:
    """The share against its threshold and the year `before`, in per cent; empty where it is not judged."""
    if not row.percent or not row.share[1]:
        return Markup("")
    value, threshold = (100 * part / whole for part, whole in (row.share, row.threshold))
    marks = [Mark(text("threshold"), threshold)]
    if before is not None and before.share[1]:
        marks.append(Mark(str(before.year), 100 * before.share[0] / before.share[1]))
    return gauge(
        Words(
            key=slug(prefix, row.code, row.year),
            title=sentences.quota_title(text, row),
            description=f"{sentences.percent(text, row.share)} {sentences.shown_state(text, row.status)} {sentences.gap(text, row)}",
        ),
        value,
        marks,
        lambda shown: f"{text.number(shown, 2)}%",
        tone=sentences.tone(row),
        end=100.0,
    )


# --- a year ---------------------------------------------------------------------------------------------------------------
def months(text: Texts, rows: Sequence[MonthRow], year: int) -> list[Markup]:
    """By channel, month by month, and cumulated beside the year before."""
    labels = [str(int(row.month[-2:])) for row in rows]
    layers = [
        Layer(text.value("channel", "contracted_project"), [row.contracted_projects for row in rows]),
        Layer(text.value("channel", "labour_cooperation"), [row.labour_cooperation for row in rows]),
    ]
    before = Layer(str(year - 1), [row.dispatches_before for row in rows])
    monthly, cumulated = text("Dispatches by month, {year}", year=year), text("Dispatches from January on, {year}", year=year)
    spoken = "; ".join(f"{text.period(row.month)}: {text.number(row.dispatches)}" for row in rows)
    bars = bar_chart(Words(key="months", title=monthly, description=spoken), labels, layers, text.number, before)
    series = [
        Series(name=str(year), kind="actual", values=[row.cumulative for row in rows]),
        Series(name=str(year - 1), kind="before", values=[row.cumulative_before for row in rows]),
    ]
    spoken = "; ".join(f"{text.period(row.month)}: {text.number(row.cumulative)}" for row in rows)
    lines = line_chart(Words(key="cumulated", title=cumulated, description=spoken), labels, series, text.number)
    return [
        figure(monthly, bars, _months_table(text, rows, monthly), open_table=text("As a table")),
        figure(cumulated, lines, _cumulated_table(text, rows, cumulated), open_table=text("As a table")),
    ]


def _months_table(text: Texts, rows: Sequence[MonthRow], caption: str) -> Markup:
    columns = [text("Month"), text("Dispatches"), text("On the year before"), text("Abroad at the end")]
    cells = [
        [
            _why(text, row.key, text.period(row.month)),
            text.number(row.dispatches),
            sentences.change_in_percent(text, row.dispatches, row.dispatches_before),
            text.number(row.stock),
        ]
        for row in rows
    ]
    return data_table(caption, columns, cells)


def _cumulated_table(text: Texts, rows: Sequence[MonthRow], caption: str) -> Markup:
    columns = [text("Month"), text("From January on"), text("Year before"), text("Change")]
    cells = [
        [
            text.period(row.month),
            text.number(row.cumulative),
            "" if row.cumulative_before is None else text.number(row.cumulative_before),
            sentences.change_in_percent(text, row.cumulative, row.cumulative_before),
        ]
        for row in rows
    ]
    return data_table(caption, columns, cells)


def _why(text: Texts, key: str, shown: str) -> Markup:
    return Markup('<a href="{}" title="{}">{}</a>').format(why_link(key), text("The events behind it"), shown)


def replay(text: Texts, known: Sequence[Known], year: int, on: date | None) -> Markup:
    """How a year's figure came about: what was known at the end of each day, the last of which is now; the one looked at is marked."""
    title = text("Dispatches of {year}, as known at the end of each month", year=year)
    labels = [*(text.period(f"{one.on:%Y-%m}") for one in known[:-1]), text("now")]
    at = on or known[-1].on
    series = [
        Series(name=text("known by then"), kind="actual", values=[one.dispatches for one in known]),
        Series(name=text("the day looked at"), kind="chosen", values=[one.dispatches if one.on == at else None for one in known]),
    ]
    spoken = "; ".join(f"{text.day(one.on)}: {text.number(one.dispatches)}" for one in known)
    drawing = line_chart(Words(key="replay", title=title, description=spoken), labels, series, text.number)
    rows = [[text.day(one.on), text.number(one.dispatches)] for one in known]
    return figure(title, drawing, data_table(title, [text("Known by the end of"), text("Dispatches")], rows), open_table=text("As a table"))


# --- places ---------------------------------------------------------------------------------------------------------------
def provinces(text: Texts, rows: Sequence[RankedRow], year: int, query: str) -> Markup:
    """The map of China; every province leads to its counties."""
    title = text("Dispatches by province of the household register, {year}", year=year)
    known = {row.code: row for row in rows}
    areas = {
        code: Area(text.place(code), known[code].value if code in known else 0, f"/board/province/{code}{query}")
        for code in reference.provinces()
    }
    words = Words(key="provinces", title=title, description=_largest(text, [(text.place(row.code), row.value) for row in rows]))
    cells = [
        [
            _link(f"/board/province/{row.code}{query}", _province(text, row.code)),
            text.number(row.value),
            sentences.percent(text, row.share, 1),
        ]
        for row in rows
    ]
    table = data_table(title, [text("Province"), text("Dispatches"), text("Share")], cells)
    return figure(title, china_map(words, areas, text.number, text("none")), table, open_table=text("As a table"))


def _province(text: Texts, code: str) -> str:
    return text.place(code) if code in reference.provinces() else text("Not classified")


def _link(path: str, shown: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(path, shown)


def destinations(text: Texts, rows: Sequence[RankedRow], year: int, province: str | None = None) -> list[Markup]:
    """Flows over the world, and the largest ranked. `province`: theirs alone, whose rows name no figures with events behind them."""
    keys = province is None
    title = text("Dispatches by destination, {year}", year=year)
    areas = {row.code: Area(text.country(row.code), row.value) for row in rows}
    spoken = _largest(text, [(text.country(row.code), row.value) for row in rows])
    cells = [
        [
            _why(text, row.key, text.country(row.code)) if keys else text.country(row.code),
            text.number(row.value),
            sentences.percent(text, row.share, 1),
        ]
        for row in rows
    ]
    table = data_table(title, [text("Destination"), text("Dispatches"), text("Share")], cells)
    ranked = [Ranked(text.country(row.code), row.value, why_link(row.key) if keys else None) for row in rows[:RANKED]]
    if rest := rows[RANKED:]:
        ranked.append(Ranked(text("{count} other destinations", count=text.number(len(rest))), sum(row.value for row in rest)))
    flows = flow_map(Words(key="flows", title=title, description=spoken), areas, text.number, text("Not named on the map: "), province)
    largest = text("The largest destinations, {year}", year=year)
    bars = ranked_chart(Words(key="largest", title=largest, description=spoken), ranked, text.number)
    return [
        figure(title, flows, table, open_table=text("As a table"), class_="figure wide"),
        figure(largest, bars, table, open_table=text("As a table")),
    ]


def counties(text: Texts, province: str, values: Mapping[str, int], year: int) -> list[Markup]:
    """The map of a province; what has no outline on it is named beside it."""
    title = text("{province}: dispatches by county, {year}", province=text.place(province), year=year)
    sums: dict[str, int] = {}
    names: dict[str, list[str]] = {}  # of the counties that an outline shows
    missing = []
    for code, value in values.items():
        outline = shown_as(code)
        if outline is None:
            missing.append(code)
        else:
            sums[outline] = sums.get(outline, 0) + value
            names.setdefault(outline, []).append(code)
    areas = {code: Area(_named(text, names[code]), value, None) for code, value in sums.items()}
    rows = sorted(values.items(), key=lambda one: (-one[1], one[0]))
    spoken = _largest(text, [(_county(text, code), value) for code, value in rows])
    cells = [[_county(text, code), _listed(text, code), text.number(value)] for code, value in rows]
    table = data_table(title, [text("County"), text("List of poverty counties"), text("Dispatches")], cells)
    note = (
        text(
            "Not on the map, whose outlines are of a later year, when the land of these counties had been divided: {counties}",
            counties=_with_values(text, {code: values[code] for code in missing}),
        )
        if missing
        else None
    )
    drawing = province_map(Words(key="counties", title=title, description=spoken), province, areas, text.number, text("none"))
    return [figure(title, drawing, table, open_table=text("As a table"), note=note, class_="figure broad")]


def _named(text: Texts, codes: Sequence[str]) -> str:
    return (", " if text.language == "en" else "、").join(_county(text, code) for code in codes)


def _with_values(text: Texts, values: Mapping[str, int]) -> str:
    return (", " if text.language == "en" else "、").join(f"{_county(text, code)} {text.number(value)}" for code, value in values.items())


def _county(text: Texts, code: str) -> str:
    return text.place(code) if code in reference.counties() else f"{text('Not classified')} {code}"


def _listed(text: Texts, code: str) -> str:
    county = reference.counties().get(code)
    return text.value("designation", county.listed) if county is not None and county.listed else ""


def _largest(text: Texts, rows: Sequence[tuple[str, int]]) -> str:
    return "; ".join(f"{name}: {text.number(value)}" for name, value in rows[:5])
