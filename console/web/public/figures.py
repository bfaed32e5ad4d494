"""Charts of the public tables. What is left out of a table is left out of its charts, and named as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from console.web.charts.bar_charts import Layer, Ranked, bar_chart, ranked_chart
from console.web.charts.figures import data_table, figure
from console.web.charts.lines import Series, line_chart
from console.web.charts.maps import Area, china_map, flow_map
from console.web.charts.svg import Words
from console.web.public.names import dimension, name_of
from console.web.public.sources import Offer, Row, Table
from shared.texts import Texts

RANKED = 15
PLACES = frozenset({"province", "destination"})
Tables = Mapping[tuple[str, int, str], Table]


def of_years(text: Texts, tables: Tables, offer: Offer, measure: str) -> list[Markup]:
    """The closed years beside each other, by channel where every channel may be shown."""
    if not offer.years:
        return []
    own = [tables[measure, one.year, "channel"] for one in offer.years]
    labels = [str(one.year) for one in offer.years]
    channels = sorted({code for table in own for code, *_ in table.rows})
    by_channel = {code: [_row_total(table, code) for table in own] for code in channels}
    complete = all(value is not None for values in by_channel.values() for value in values)
    layers = (
        [Layer(name_of(text, "channel", code), by_channel[code]) for code in channels]
        if complete
        else [Layer(text.word("measure", measure), [table.total for table in own])]
    )
    title = text("{measure} by year", measure=text.word("measure", measure))
    spoken = "; ".join(f"{label}: {_shown(text, table.total)}" for label, table in zip(labels, own, strict=True))
    drawing = bar_chart(Words(key="years", title=title, description=spoken), labels, layers, text.number)
    cells = [[*(_at(layer.values, at) for layer in layers), own[at].total] for at in range(len(own))]
    rows = [[label, *(_shown(text, value) for value in row)] for label, row in zip(labels, cells, strict=True)]
    columns = [text("Year"), *(layer.name for layer in layers), text("Together")]
    return [figure(title, drawing, data_table(title, columns, rows), open_table=text("As a table"))]


def _row_total(table: Table, code: str) -> int | None:
    return next((total for row, _, total in table.rows if row == code), 0)


def months(text: Texts, table: Table, before: Table | None) -> Markup:
    """Month by month, beside the year before where that is closed too."""
    year = table.closed.year
    title = text("{measure} by month, {year}", measure=text.word("measure", table.measure.name), year=year)
    if not table.columns:
        return figure(
            title, Markup(""), Markup(""), open_table=text("As a table"), note=text("Months are not shown: one of them has too few.")
        )
    labels = [column[-2:].lstrip("0") for column in table.columns]
    series = [Series(name=str(year), kind="actual", values=table.column_totals)]
    if before and before.columns:
        series.append(Series(name=str(year - 1), kind="before", values=before.column_totals))
    spoken = "; ".join(
        f"{text.period(column)}: {text.number(value)}" for column, value in zip(table.columns, table.column_totals, strict=True)
    )
    drawing = line_chart(Words(key="months", title=title, description=spoken), labels, series, text.number)
    rows = [[text.period(column), *(_shown(text, _at(one.values, at)) for one in series)] for at, column in enumerate(table.columns)]
    return figure(title, drawing, data_table(title, [text("Month"), *(one.name for one in series)], rows), open_table=text("As a table"))


def _at(values: Sequence[float | None], place: int) -> int | None:
    value = values[place]
    return None if value is None else int(value)


def map_of(text: Texts, table: Table) -> Markup:
    title = title_of(text, table)
    areas = {code: Area(name_of(text, "province", code), total) for code, _, total in table.rows}
    words = Words(key="map", title=title, description=_spoken(text, table))
    drawing = china_map(words, areas, text.number, text("0 or left out"))
    return figure(title, drawing, _data(text, table), open_table=text("As a table"), note=_left_out(text, table))


def flows(text: Texts, table: Table) -> Markup:
    title = title_of(text, table)
    areas = {code: Area(name_of(text, "destination", code), total) for code, _, total in table.rows}
    words = Words(key="flows", title=title, description=_spoken(text, table))
    drawing = flow_map(words, areas, text.number, text("Not named on the map: "))
    return figure(title, drawing, _data(text, table), open_table=text("As a table"), note=_left_out(text, table), class_="figure wide")


def of_table(text: Texts, table: Table) -> list[Markup]:
    """Ranked totals of the year; a map or flows where the dimension is one of place, whose rows left out are counted in a line."""
    rows = [row for row in ranked(table) if table.by not in PLACES or row[2] is not None]
    title = title_of(text, table)
    bars = [Ranked(name_of(text, table.by, code), total) for code, _, total in rows[:RANKED]]
    if rest := [total or 0 for *_, total in rows[RANKED:]]:
        bars.append(Ranked(text("{count} others", count=text.number(len(rest))), sum(rest)))
    words = Words(key="ranked", title=title, description=_spoken(text, table))
    drawing = ranked_chart(words, bars, text.number, left_out=text("left out"))
    shown = figure(title, drawing, _data(text, table), open_table=text("As a table"), note=_left_out(text, table))
    found = [shown] if rows else []
    if rows and table.by == "province":
        found.append(map_of(text, table))
    if rows and table.by == "destination":
        found.append(flows(text, table))
    return [months(text, table, None), *found]


def _left_out(text: Texts, table: Table) -> str | None:
    """How many places a drawing does not show, since their figures are left out; None: it shows all."""
    number = sum(total is None for *_, total in table.rows) if table.by in PLACES else 0
    return (
        text("{dimension}: {count} more are left out.", dimension=dimension(text, table.by), count=text.number(number)) if number else None
    )


def ranked(table: Table) -> Sequence[Row]:
    """The largest first, what is left out last; ages from the youngest on, as everybody reads them."""
    return table.rows if table.by == "age_band" else sorted(table.rows, key=lambda row: (row[2] is None, -(row[2] or 0)))


def title_of(text: Texts, table: Table) -> str:
    measure = text.word("measure", table.measure.name)
    return text("{measure} by {dimension}, {year}", measure=measure, dimension=dimension(text, table.by).lower(), year=table.closed.year)


def _data(text: Texts, table: Table) -> Markup:
    return data_table(
        title_of(text, table),
        [dimension(text, table.by), text.word("measure", table.measure.name)],
        [[name_of(text, table.by, code), _shown(text, total)] for code, _, total in ranked(table)],
    )


def _spoken(text: Texts, table: Table) -> str:
    largest = sorted((row for row in table.rows if row[2]), key=lambda row: -(row[2] or 0))[:5]
    return "; ".join(f"{name_of(text, table.by, code)}: {_shown(text, total)}" for code, _, total in largest)


def _shown(text: Texts, value: int | None) -> str:
    return text("left out") if value is None else text.number(value)
