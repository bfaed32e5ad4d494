"""What anybody may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import get_args

from services.stats.domain.questions import PublicBy
from services.stats.figures.freshness import Freshness
from services.stats.figures.measure_catalogue import cuts_with, definition, get_measure
from services.stats.periods.disclosure_control import DisclosedTable
from services.stats.queries.period_closes import Close
from services.stats.views.metadata import AnswerMetadata, View, answer_metadata
from shared.values import PROGRAMME_ZONE


class PublicYear(View):
    """A closed year. `version`: how often it was closed."""

    year: int
    version: int
    closed_on: date


class PublicMeasure(View):
    """`by`: the dimensions it is counted in."""

    name: str
    unit: str
    definition: str
    by: list[str]


class PublicYears(View):
    """What may be asked for: `years`, oldest first, by each of `measures` and one of its dimensions.

    `simulated_day`: the day that the newest counted event was recorded on, where a calendar is played; null: today is today.
    """

    years: list[PublicYear]
    simulated_day: date | None = None
    smallest: int  # cells of 1 up to one less are left out
    measures: list[PublicMeasure]


class PublicRow(View):
    """None: left out, because it is small or because something small could be worked out from it."""

    of: str
    values: list[int | None]
    total: int | None


class PublicFigure(AnswerMetadata):
    """A closed year. `columns` is empty where a month has too few for months to be shown, `rows` where the whole year has."""

    measure: str
    unit: str
    definition: str
    year: int
    version: int  # of the close
    by: PublicBy
    smallest: int  # cells of 1 up to one less are left out
    columns: list[str]
    rows: list[PublicRow]
    column_totals: list[int]
    total: int | None
    left_out: int


@dataclass(frozen=True, slots=True)
class PublicTable:
    """What is shown of a measure in a closed year, by one dimension."""

    measure: str
    by: PublicBy
    close: Close
    shown: DisclosedTable


def public_years(closes: Iterable[Close], measures: Iterable[str], smallest: int, simulated_day: date | None) -> PublicYears:
    return PublicYears(
        simulated_day=simulated_day,
        years=[PublicYear(year=close.starts.year, version=close.version, closed_on=_closed_on(close)) for close in closes],
        smallest=smallest,
        measures=[
            PublicMeasure(name=name, unit=get_measure(name).unit, definition=definition(name), by=_dimensions(name)) for name in measures
        ],
    )


def _dimensions(measure: str) -> list[str]:
    return [by for by in get_args(PublicBy) if any(by in cut.dimensions for cut in cuts_with(get_measure(measure)))]


def _closed_on(close: Close) -> date:
    return close.closed_at.astimezone(PROGRAMME_ZONE).date()


def public_figure(table: PublicTable, smallest: int, fresh: Freshness) -> PublicFigure:
    measure, close, shown = table.measure, table.close, table.shown
    rows = [PublicRow(of=name, values=list(values[:-1]), total=values[-1]) for name, values in shown.rows.items()]
    return PublicFigure(
        measure=measure,
        unit=get_measure(measure).unit,
        definition=definition(measure),
        year=close.starts.year,
        version=close.version,
        by=table.by,
        smallest=smallest,
        columns=list(shown.columns),
        rows=rows,
        column_totals=list(shown.column_totals),
        total=shown.total,
        left_out=sum(value is None for values in shown.rows.values() for value in values),
        **answer_metadata(_closed_on(close), fresh),
    )
