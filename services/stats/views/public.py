"""What anybody may see."""

from __future__ import annotations

from services.stats.figures import query
from services.stats.figures.freshness import Freshness
from services.stats.periods.disclosure_control import Shown
from services.stats.queries.frozen import Close
from services.stats.views.answers import Answered, View, standing
from shared.values import PROGRAMME_ZONE


class PublicRow(View):
    """None: left out, because it is small or because something small could be worked out from it."""

    of: str
    values: list[int | None]
    total: int | None


class PublicFigure(Answered):
    """A closed year. `columns` is empty where a month has too few for months to be shown, `rows` where the whole year has."""

    measure: str
    unit: str
    definition: str
    year: int
    version: int  # of the close
    by: str
    smallest: int  # cells of 1 up to one less are left out
    columns: list[str]
    rows: list[PublicRow]
    column_totals: list[int]
    total: int | None
    left_out: int


def public_figure(measure: str, by: str, close: Close, shown: Shown, smallest: int, fresh: Freshness) -> PublicFigure:
    rows = [PublicRow(of=name, values=list(values[:-1]), total=values[-1]) for name, values in shown.rows.items()]
    return PublicFigure(
        measure=measure,
        unit=query.unit(measure),
        definition=query.definition(measure),
        year=close.starts.year,
        version=close.version,
        by=by,
        smallest=smallest,
        columns=list(shown.columns),
        rows=rows,
        column_totals=list(shown.column_totals),
        total=shown.total,
        left_out=sum(value is None for values in shown.rows.values() for value in values),
        **standing(close.closed_at.astimezone(PROGRAMME_ZONE).date(), fresh),
    )
