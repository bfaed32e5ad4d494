"""Second step, and the way in: every number the service gives, to whomever, is `answer` to a Question. Only this step reads."""

from __future__ import annotations

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


async def _read(tx: Tx, planned: PlannedSum) -> list[CellSum]:
    return await (month_sums.sum_months(tx, planned.query) if planned.yearly else cells.list_sums(tx, planned.query))
