"""Everything that can be asked for."""

from __future__ import annotations

from typing import Literal

from services.stats.counting.measures import Measure
from services.stats.figures.measure_catalogue import MEASURE_BY_NAME, cuts_with, definition
from services.stats.views.metadata import View


class MeasureRow(View):
    """`cuts`: what each cut that answers for it has together. `rate`: for money, whose month's rate converts it."""

    name: str
    kind: Literal["flow", "level", "durations", "quotient"]
    unit: str
    definition: str
    rate: Literal["wage period", "day"] | None
    cuts: dict[str, list[str]]


def measure_rows() -> list[MeasureRow]:
    """Everything that can be asked for, out of the one table."""
    return [
        MeasureRow(
            name=name,
            kind=measure.kind,
            unit=measure.unit,
            definition=definition(name),
            rate=measure.rate if isinstance(measure, Measure) else None,
            cuts={cut.name: sorted(cut.dimensions - {"person"}) for cut in cuts_with(measure)},
        )
        for name, measure in MEASURE_BY_NAME.items()
    ]
