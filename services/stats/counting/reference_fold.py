"""The reference fold: plain, slow, obvious. One recorded event -> the cells it adds to.

Pure and commutative: cells are sums, so any order, batching or partitioning of the same events gives the same cells.
A correction contributes fact - previous. Live counting and rebuilds use it for records that the columnar fold cannot read, an
audit for all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from services.stats.counting.cuts import AGE_BANDS, DAY_BANDS, NOWHERE, Dimension
from services.stats.counting.measures import CUTS_OF, MEASURE, RULES, SOURCES, Rule
from services.stats.domain.errors import AbsurdDay
from shared.events import Event, EventEnvelope, taken_back
from shared.reference import province_of
from shared.values import PROGRAMME_ZONE, Money, Period, first_day

EARLIEST = date(1990, 1, 1)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


class Cell(NamedTuple):
    """The key of a count. `day` is when it happened, `recorded_on` the day its source recorded it; both in the programme's zone."""

    measure: int
    cut: int
    k1: str
    k2: str
    day: date
    recorded_on: date
    currency: str  # ISO 4217 for money, else empty


RULES_OF: Mapping[type[Event], tuple[Rule, ...]] = {
    event: tuple(rule for rule in RULES if rule.event is event) for event in {rule.event for rule in RULES}
}


def fold(event: EventEnvelope[Event]) -> list[tuple[Cell, int]]:
    """What one event adds to which cells; one that takes another back takes away what that one had added.

    Raises AbsurdDay for a day before 1990 or more than a day after it was recorded; Undecodable for what is taken back and is no event.
    """
    if (voided := taken_back(event)) is not None:
        return [(cell, -delta) for cell, delta in fold(voided)]
    recorded_on = _recorded_on(event)
    found: list[tuple[Cell, int]] = []
    for rule in RULES_OF.get(type(event.data), ()):
        if not _applies(rule, event.data):
            continue
        delta, currency = _amount(rule, event.data)
        if delta == 0:
            continue
        day = _day(rule, event.data, recorded_on)
        codes = _value_at(event.data, rule.codes)
        measure, dated = MEASURE[rule.measure].code, (day, recorded_on, currency)
        for cut in CUTS_OF[rule]:
            k1, k2 = (_days_band(rule, event.data, day) if key == "days" else _key(key, codes, day) for key in (cut.k1, cut.k2))
            found.append((Cell(measure, cut.code, k1, k2, *dated), delta))
    return found


def _recorded_on(event: EventEnvelope[Event]) -> date:
    """Raises AbsurdDay where the calendar ends."""
    try:
        day = event.time.astimezone(PROGRAMME_ZONE).date()
    except OverflowError:
        day = date.max
    if day == date.max:
        raise AbsurdDay(f"recorded at {event.time.isoformat()}")
    return day


def fold_all(events: Iterable[EventEnvelope[Event]]) -> dict[Cell, int]:
    """The cells of many events; cells of 0 are left out."""
    total: Counter[Cell] = Counter()
    for event in events:
        for cell, delta in fold(event):
            total[cell] += delta
    return {cell: value for cell, value in total.items() if value}


def _value_at(data: Any, path: str) -> Any:
    """The value at a path of field names; None where an optional part on the way is missing."""
    for name in filter(None, path.split(".")):
        data = None if data is None else getattr(data, name)
    return data


def _applies(rule: Rule, data: Event) -> bool:
    if any(path is not None and _value_at(data, path) is None for path in (rule.needs, rule.since)):
        return False
    return rule.when is None or _value_at(data, rule.when) == rule.flag


def _amount(rule: Rule, data: Event) -> tuple[int, str]:
    if rule.count is not None:
        return rule.sign * _value_at(data, rule.count), ""
    if rule.money is None:
        return rule.sign, ""
    money: Money | None = _value_at(data, rule.money)
    return (0, "") if money is None else (rule.sign * money.minor, money.currency)


def _day(rule: Rule, data: Event, recorded_on: date) -> date:
    value: date | Period = _value_at(data, rule.day)
    if isinstance(value, str) and not _MONTH.fullmatch(value):
        raise AbsurdDay(f"{rule.day}: {value[:20]!r} is no month")
    day = first_day(value) if isinstance(value, str) else value
    if not EARLIEST <= day <= recorded_on + timedelta(days=1):
        raise AbsurdDay(f"{rule.day}: {day.isoformat()} was recorded on {recorded_on.isoformat()}")
    return day


def _days_band(rule: Rule, data: Event, day: date) -> str:
    """The band of the days from `since` to the day."""
    return _band((day - _value_at(data, rule.since or "")).days, DAY_BANDS)


def _key(dimension: Dimension, codes: Any, day: date) -> str:
    value = _value_at(codes, ".".join(SOURCES[dimension]))
    if value is None:
        return NOWHERE
    if dimension == "province":
        return province_of(value)
    if dimension == "person":
        # A return is counted under the codes of its departure, so the age is that of the departure too.
        return f"{value.value} {age_band(getattr(codes, 'departed_on', day).year - codes.birth_year)}"
    return str(value)


def age_band(age: int) -> str:
    """Age in years completed within the year of the day: bands of five years, open at both ends."""
    return _band(age, AGE_BANDS)


def _band(number: int, bands: Sequence[tuple[int, int]]) -> str:
    """NOWHERE for what no band holds: a duration that ends before it begins."""
    return next((f"{low}-{high}" for low, high in bands if low <= number <= high), NOWHERE)
