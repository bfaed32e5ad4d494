"""A programme's quotas and targets evaluated, and the report of it all."""

from __future__ import annotations

from datetime import date

from services.stats.domain.questions import Filter, Question
from services.stats.figures.freshness import Freshness, Lag, freshness
from services.stats.figures.query import answer
from services.stats.programmes import catalogue
from services.stats.programmes.evaluation import AsOf, Level, evaluate_quotas, evaluate_targets
from services.stats.views.metadata import answer_metadata
from services.stats.views.quotas import Quotas
from services.stats.views.quotas import quotas as quotas_view
from services.stats.views.report import Evaluated, Report
from services.stats.views.report import report as report_view
from services.stats.views.targets import Targets
from services.stats.views.targets import targets as targets_view
from shared.db import Tx
from shared.values import Designation

ALL = Filter()
POVERTY = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))


async def quotas(tx: Tx, code: str, level: Level, known_on: date | None, lag: Lag) -> Quotas:
    """Raises ProgrammeNotFound."""
    programme, fresh = await catalogue.in_force(tx, code), await freshness(tx, lag)
    evaluated = await evaluate_quotas(tx, programme.plan, _as_of(tx, level, known_on, fresh))
    return quotas_view(programme, evaluated, answer_metadata(known_on, fresh))


async def targets(tx: Tx, code: str, level: Level, known_on: date | None, lag: Lag) -> Targets:
    """Raises ProgrammeNotFound."""
    programme, fresh = await catalogue.in_force(tx, code), await freshness(tx, lag)
    evaluated = await evaluate_targets(tx, programme.plan, _as_of(tx, level, known_on, fresh))
    return targets_view(programme, evaluated, answer_metadata(known_on, fresh))


def _as_of(tx: Tx, level: Level, known_on: date | None, fresh: Freshness) -> AsOf:
    return AsOf(on=known_on or tx.clock.today(), known_on=known_on, complete_on=fresh.complete_on, levels=(level,))


_REPORTED = (
    ("dispatches", "dispatches", ALL),
    ("persons", "persons", ALL),
    ("stock", "stock", ALL),
    ("returns", "returns", ALL),
    ("income", "income", ALL),
    ("poverty_dispatches", "dispatches", POVERTY),
)


async def report(tx: Tx, code: str, known_on: date | None, lag: Lag) -> Report:
    """The report a ministry would want: every year of the programme, the totals, the targets, and how fresh it all is."""
    programme = await catalogue.in_force(tx, code)
    plan = programme.plan
    figures = {}
    for name, measure, part in _REPORTED:
        question = Question(measure=measure, start=plan.starts, end=plan.ends, by=("year",), filter=part, known_on=known_on)
        figures[name] = await answer(tx, question)
    fresh = await freshness(tx, lag)
    as_of = _as_of(tx, "nation", known_on, fresh)
    evaluated = Evaluated(
        programme=programme,
        figures=figures,
        quotas=await evaluate_quotas(tx, plan, as_of),
        targets=await evaluate_targets(tx, plan, as_of),
    )
    return report_view(evaluated, known_on, fresh)
