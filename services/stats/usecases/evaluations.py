"""A programme's quotas and targets evaluated, and the report of it all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.stats.domain.questions import Filter, Question
from services.stats.figures.freshness import Freshness, Lag, freshness
from services.stats.figures.query import answer
from services.stats.figures.shaping import Point
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
    programme, fresh = await catalogue.in_force(tx, code, known_on), await freshness(tx, lag)
    evaluated = await evaluate_quotas(tx, programme.plan, _as_of(tx, level, known_on, fresh))
    return quotas_view(programme, evaluated, answer_metadata(known_on, fresh))


async def targets(tx: Tx, code: str, level: Level, known_on: date | None, lag: Lag) -> Targets:
    """Raises ProgrammeNotFound."""
    programme, fresh = await catalogue.in_force(tx, code, known_on), await freshness(tx, lag)
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


# The four efforts that the programme promises (rules.md section 2), and what is counted of each.
EFFORTS: Mapping[str, tuple[str, ...]] = {
    "survey": ("counties", "surveyed_counties", "survey_respondents", "survey_able", "survey_willing"),
    "docking": ("intentions", "intentions_matched", "matched"),
    "platform": (
        "registrations",
        "merges",
        "certified",
        "cases_opened",
        "cases_answered",
        "cases_overdue",
        "settlements",
        "cases_closed",
        "workers_to_account_for",
        "workers_accounted_for",
        "repatriations",
    ),
    "publicity": ("outreach_reached", "outreach_converted"),
}


async def report(tx: Tx, code: str, known_on: date | None, lag: Lag) -> Report:
    """The report a ministry would want: every year of the programme, the totals, the targets, and how fresh it all is."""
    programme = await catalogue.in_force(tx, code, known_on)
    plan = programme.plan

    async def by_year(measure: str, part: Filter) -> list[Point]:
        question = Question(measure=measure, start=plan.starts, end=plan.ends, by=("year",), filter=part, known_on=known_on)
        return await answer(tx, question)

    figures = {name: await by_year(measure, part) for name, measure, part in _REPORTED}
    efforts = {effort: {measure: await by_year(measure, ALL) for measure in measures} for effort, measures in EFFORTS.items()}
    fresh = await freshness(tx, lag)
    as_of = _as_of(tx, "nation", known_on, fresh)
    evaluated = Evaluated(
        programme=programme,
        figures=figures,
        efforts=efforts,
        quotas=await evaluate_quotas(tx, plan, as_of),
        targets=await evaluate_targets(tx, plan, as_of),
    )
    return report_view(evaluated, known_on, fresh)
