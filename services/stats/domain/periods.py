"""Periods as they are written: a year, a month or a day."""

from __future__ import annotations

from datetime import date

from services.stats.domain.errors import PeriodInvalid
from shared.values import Period, first_day, last_day


def period_start(text: str) -> date:
    """The first day of YYYY, YYYY-MM or YYYY-MM-DD. Raises PeriodInvalid."""
    try:
        if len(text) == 4:
            return date(int(text), 1, 1)
        return first_day(Period(text)) if len(text) == 7 else date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise PeriodInvalid(f"{text!r} is no period", field="from") from error


def period_end(text: str) -> date:
    """The last day of YYYY, YYYY-MM or YYYY-MM-DD. Raises PeriodInvalid."""
    try:
        if len(text) == 4:
            return date(int(text), 12, 31)
        return last_day(Period(text)) if len(text) == 7 else date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise PeriodInvalid(f"{text!r} is no period", field="to") from error


def year_before(day: date) -> date:
    """The same cut-off day of the year before; the last of February where there is none."""
    return date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
