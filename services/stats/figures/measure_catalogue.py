"""Everything that can be asked for by name: stored measures, those derived from two of them, counties of a list, quotients."""

from __future__ import annotations

from services.stats.counting.cuts import CUTS, Cut
from services.stats.counting.derived import DERIVED, LISTED, QUOTIENTS, Derived, Listed, Quotient
from services.stats.counting.measures import MEASURE, Measure, cuts_for
from services.stats.domain.errors import MeasureNotFound

Summed = Measure | Derived | Listed  # what is planned as one sum
AnyMeasure = Summed | Quotient
SUMMED_BY_NAME: dict[str, Summed] = {**MEASURE, **DERIVED, **LISTED}
MEASURE_BY_NAME: dict[str, AnyMeasure] = {**SUMMED_BY_NAME, **QUOTIENTS}


def get_measure(name: str) -> AnyMeasure:
    """Raises MeasureNotFound."""
    if name not in MEASURE_BY_NAME:
        raise MeasureNotFound(f"there is no measure {name!r}", field="measure", state=list(MEASURE_BY_NAME))
    return MEASURE_BY_NAME[name]


def definition(name: str) -> str:
    """What a measure counts. Raises MeasureNotFound."""
    measure = get_measure(name)
    return f"{measure.name} ({measure.unit}, {measure.kind}): {measure.definition}{_method(measure)}"


def _method(measure: AnyMeasure) -> str:
    if isinstance(measure, Measure) and measure.rate is not None:
        return f" Converted with the rate of the month of the {measure.rate}."
    if measure.kind == "durations":
        return " Counted by bands between powers of the square root of 2 days; median and 90th percentile are known to the band."
    return ""


def digits(name: str) -> int:
    """Decimal places of a value as it is shown."""
    measure = get_measure(name)
    return measure.digits if isinstance(measure, Quotient) else 0


def stored_names(measure: Summed) -> tuple[str, ...]:
    """The stored measures that a sum is read from; of two the second is subtracted."""
    if isinstance(measure, Derived):
        return (measure.plus, measure.minus)
    return (measure.counted,) if isinstance(measure, Listed) else (measure.name,)


def cuts_with(measure: AnyMeasure) -> tuple[Cut, ...]:
    """The cuts that answer for a measure, and for what it is computed from."""
    if isinstance(measure, Measure):
        return cuts_for(measure.name)
    parts = (measure.num, measure.den) if isinstance(measure, Quotient) else stored_names(measure)
    found = [cuts_with(get_measure(part)) for part in parts if part is not None]
    return tuple(cut for cut in CUTS if all(cut in cuts for cuts in found))
