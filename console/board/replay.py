"""How a year's figures came about: the days at which they are looked at again, and what was known on each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from console.board.figures import MEASURE, FigureReader
from console.board.rows import Close
from shared.values import last_day, next_period, period_of

MONTHS = 24  # of which the ends are looked at, from January on: what is later than a year after its end is seen in the last step


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a year by the end of a day."""

    on: date
    dispatches: int


def days(year: int, today: date, closes: Iterable[Close] = ()) -> tuple[date, ...]:
    """The ends of the year's months and of the next year's, and the days on which the year was closed; none after `today`."""
    found = {one.closed_on for one in closes if one.period.startswith(str(year))}
    period = period_of(date(year, 1, 1))
    for _ in range(MONTHS):
        found.add(last_day(period))
        period = next_period(period)
    return tuple(sorted(day for day in found if day <= today))


def step(days: Sequence[date], known_on: date | None, by: int) -> date | None:
    """The day `by` steps later (earlier where it is negative); None is now, which comes after the last day."""
    every: list[date | None] = [*days, None]
    earlier = [number for number, day in enumerate(every) if known_on is not None and day is not None and day <= known_on]
    place = len(days) if known_on is None else earlier[-1] if earlier else -1
    if by < 0 and known_on is not None and known_on not in days:
        place += 1  # between two days: the one before is one step back
    return every[min(max(place + by, 0), len(days))]


async def read(client: FigureReader, year: int, days: Iterable[date]) -> tuple[Known, ...]:
    """The year's dispatches as they were known on each day."""
    wanted = tuple(days)
    if not wanted:
        return ()
    answer = await client.get("stats", f"/figures/{MEASURE}/known", **{"from": year, "to": year, "on": wanted})
    return tuple(Known(date.fromisoformat(one["as_known_at"]), one["value"]) for one in answer["days"])
