"""Second step, and the way in: every number the service gives, to whomever, is `answer` to a Question. Only this step reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.stats.counting.measures import Measure
from services.stats.domain.errors import NoCut
from services.stats.domain.questions import Question
from services.stats.figures import classifications, month_sums, planning, shaping
from services.stats.figures.planning import PlannedSum
from services.stats.figures.shaping import Point
from services.stats.queries import cells, rates
from services.stats.queries.cells import CellSum
from shared.db import Tx


async def answer(tx: Tx, question: Question) -> list[Point]:
    """The points of a figure, in the order of their names. Raises MeasureNotFound, NoCut, PeriodInvalid."""
    lists = await classifications.in_force(tx, question.known_on) if planning.uses_lists(question) else classifications.shipped()
    plan = planning.plan(question, lists, tx.clock.today())
    sums = [await _read(tx, planned) for planned in plan.sums]
    money = any(planned.measure.money for planned in plan.sums)
    per_unit = await rates.list_in_force(tx, question.known_on) if money else {}
    return shaping.points(plan, sums, per_unit)


async def known_by(tx: Tx, question: Question, days: Sequence[date]) -> list[int]:
    """A count as it was known at the end of each day: what `answer` gives for each, from one reading of the cells.

    Raises MeasureNotFound, NoCut, PeriodInvalid.
    """
    plan = planning.plan(question, classifications.shipped(), tx.clock.today())
    if not isinstance(plan.measure, Measure) or plan.measure.kind != "flow" or plan.measure.money:
        raise NoCut(f"{plan.measure.name} is no count of events: ask for it as known at a day", field="measure")
    recorded = await cells.list_recorded(tx, plan.sums[0].query)
    return [sum(value for recorded_on, value in recorded if recorded_on <= day) for day in days]


async def _read(tx: Tx, planned: PlannedSum) -> list[CellSum]:
    return await (month_sums.sum_months(tx, planned.query) if planned.yearly else cells.list_sums(tx, planned.query))
