"""The counties of the list of divisions as rows of a sum, so that they are named, filtered and laid out in time like cells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from services.stats.figures.planning import PlannedSum
from services.stats.queries.cells import CellSum
from shared.reference import province_of


def with_listed(planned: PlannedSum, counted: Iterable[CellSum]) -> Iterator[CellSum]:
    """A row for every county and calendar year in which the list has it, and the rows counted of counties that it does not have then."""
    query, yearly = planned.query, planned.grain == "year"
    years = range(query.start.year, query.end.year + 1) if query.start <= query.end else ()
    listed = {year: planned.lists.counties_between(date(year, 1, 1), min(date(year, 12, 31), query.end)) for year in years}
    for row in counted:
        for bucket, value in row.values:
            if bucket is not None and row.k1 not in listed[bucket.year]:
                yield row._replace(values=((bucket if yearly else None, value),))
    for year, codes in listed.items():
        for code in codes:
            if (query.k1 is None or code in query.k1) and (query.provinces is None or province_of(code) in query.provinces):
                yield CellSum(query.measures[0], code, "", "", ((date(year, 1, 1) if yearly else None, 1),))
