"""The stored cells themselves, for whoever recounts."""

from __future__ import annotations

from datetime import date

from services.stats.counting.measures import MEASURE
from services.stats.domain.errors import MeasureNotFound
from services.stats.queries import cells as stored
from services.stats.queries.cells import CellKey
from services.stats.views.cells import Cells
from services.stats.views.cells import cells as cells_view
from shared.db import Tx
from shared.paging import CursorInvalid


async def cells(tx: Tx, cut: int, measure: str, after: str | None, limit: int) -> Cells:
    """A page of the cells of one cut and measure. Raises MeasureNotFound, CursorInvalid."""
    if measure not in MEASURE:
        raise MeasureNotFound(field="measure", state=list(MEASURE))
    rows = await stored.list_page(tx, cut, MEASURE[measure].code, _key(after), limit + 1)
    return cells_view(rows, limit)


def _key(after: str | None) -> CellKey:
    """The key that `next` of the page before gave."""
    if after is None:
        return date.min, date.min, "", "", ""
    try:
        day, recorded_on, k1, k2, currency = after.split("|")
        return date.fromisoformat(day), date.fromisoformat(recorded_on), k1, k2, currency
    except ValueError as error:
        raise CursorInvalid(field="after") from error
