"""First step of an answer: a question becomes a plan of what to read, and of what becomes of it. Pure.

The scheme of regions and the basis of "listed" are applied here and in shaping, from reference data, never in the cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Literal, get_args

from services.stats.counting.cuts import AGE_BANDS, CUTS, NOWHERE, Cut, Dimension
from services.stats.counting.derived import DERIVED, LISTED, Derived, Listed, Quotient
from services.stats.counting.measures import MEASURE, Measure, cuts_for
from services.stats.counting.reference_fold import EARLIEST
from services.stats.domain.errors import NoCut, PeriodInvalid
from services.stats.domain.questions import By, Question
from services.stats.figures.classifications import Classification
from services.stats.figures.measure_catalogue import SUMMED_BY_NAME, AnyMeasure, Summed, cuts_with, get_measure, stored_names
from services.stats.figures.time_series import Grain
from services.stats.queries.cells import SumQuery
from shared.reference import provinces, region
from shared.values import Designation, Sex

MOST_SPANS = 100  # between changes of the list
GRAINS: tuple[Grain, ...] = ("year", "month", "day")
LISTED_CLASSES = frozenset({Designation.NATIONAL.value, Designation.PROVINCIAL.value})
_DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSum:
    """One sum to read, and by what its rows are named and laid out in time.

    `question`: of this sum alone, with its own span, dimensions and basis. `subtracted`: the code of the measure that is taken away,
    0 where none is. `yearly`: the sums by year and month hold the answer, so no cell has to be read.
    """

    question: Question
    measure: Summed
    cut: Cut
    grain: Grain
    query: SumQuery
    subtracted: int
    lists: Classification
    yearly: bool


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """`form`: how the points of the sums become those of the answer.

    points: as they are; spans: each sum covers some days, and equal names are added; percentiles: counts by band of days are read;
    quotient: the first sum is divided by the second, or by 1.
    """

    question: Question
    measure: AnyMeasure
    sums: tuple[PlannedSum, ...]
    form: Literal["points", "spans", "percentiles", "quotient"]


def uses_lists(question: Question) -> bool:
    """Whether the lists in force affect the answer. Raises MeasureNotFound."""
    measure = get_measure(question.measure)
    if isinstance(measure, Listed) or (isinstance(measure, Quotient) and measure.den in LISTED):
        return True
    return question.basis != "listed_at_departure" and "listed" in {*question.by, *question.filter.chosen()}


def plan(question: Question, lists: Classification, today: date) -> FigurePlan:
    """What to read for a question. Raises MeasureNotFound, NoCut, PeriodInvalid."""
    if question.end < question.start:
        raise PeriodInvalid(field="to")
    measure, due = get_measure(question.measure), question.known_on or today
    if question.basis == "listed_on_day" and uses_lists(question):
        return FigurePlan(question, measure, _by_list_of_the_day(question, measure, lists, due), "spans")
    if isinstance(measure, Quotient):
        asked = _until_due(question, due) if measure.den in DERIVED else question
        parts = [SUMMED_BY_NAME[name] for name in (measure.num, measure.den) if name is not None]
        return FigurePlan(question, measure, tuple(_planned(asked, part, lists, due) for part in parts), "quotient")
    if measure.kind == "durations":
        asked = question.model_copy(update={"by": _with_days(question)})
        return FigurePlan(question, measure, (_planned(asked, measure, lists, due),), "percentiles")
    return FigurePlan(question, measure, (_planned(question, measure, lists, due),), "points")


def selection(question: Question, lists: Classification) -> tuple[SumQuery, int, frozenset[str] | None]:
    """For whoever explains a figure: the rows it is the sum of, the code of the measure that is subtracted (0: none), and what the
    counties must ever have been listed as (None: no matter). Raises MeasureNotFound, NoCut.
    """
    measure = get_measure(question.measure)
    if isinstance(measure, Quotient | Listed) or (isinstance(measure, Derived) and measure.counts != "heads"):
        raise NoCut(f"{measure.name} follows from others: ask for the events behind those", field="measure")
    query = _sum_query(question, measure, _cut(stored_names(measure)[0], question), "none", lists)
    listed = question.filter.chosen().get("listed") if question.basis == "ever_listed" else None
    return query, _subtracted(measure), listed


def by_county(question: Question) -> Question | None:
    """The same figure by county; None where it is not counted by county under its filter. Of a quotient, its numerator's."""
    measure = get_measure(question.measure)
    while isinstance(measure, Quotient):
        measure = get_measure(measure.num)
    if isinstance(measure, Listed):
        measure = get_measure(measure.counted)
    asked = question.model_copy(update={"measure": measure.name, "by": ("county",)})
    return asked if any(_dimensions(asked) <= cut.dimensions for cut in cuts_with(measure)) else None


def _by_list_of_the_day(question: Question, measure: AnyMeasure, lists: Classification, due: date) -> tuple[PlannedSum, ...]:
    """The span in parts between which the list changes, each by what was listed then."""
    if not isinstance(measure, Measure) or measure.kind != "flow":
        raise NoCut(f"{measure.name} is no sum over days: it follows no list of the day", field="basis")
    spans = lists.spans(question.start, question.end)
    if len(spans) > MOST_SPANS:
        raise NoCut(f"the list changes on {len(spans) - 1} days of this span: ask for a shorter one", field="from")
    return tuple(
        _planned(question.model_copy(update={"start": start, "end": end, "basis": "ever_listed"}), measure, of_the_day, due)
        for start, end, of_the_day in spans
    )


def _planned(question: Question, measure: Summed, lists: Classification, due: date) -> PlannedSum:
    cut, grain = _cut(stored_names(measure)[0], question), _grain(question)
    if isinstance(measure, Derived) and measure.counts != "heads" and grain == "day":
        raise NoCut(f"{measure.name} are counted by month or year", field="by")
    if isinstance(measure, Derived) and measure.counts == "months":
        question = _until_due(question, due)
    if isinstance(measure, Listed):
        question = _of_whole_years(question, measure, due)
    query = _sum_query(question, measure, cut, grain, lists)
    return PlannedSum(
        question=question,
        measure=measure,
        cut=cut,
        grain=grain,
        query=query,
        subtracted=_subtracted(measure),
        lists=lists,
        yearly=cut.monthly and query.known_on is None and _whole_months(query.start, query.end) and query.bucket != "day",
    )


def _of_whole_years(question: Question, measure: Listed, due: date) -> Question:
    """Counties are counted by calendar year, up to `due`. Raises NoCut, PeriodInvalid."""
    if {"month", "day"} & set(question.by):
        raise NoCut(f"{measure.name} are counted by year", field="by")
    asked = _dimensions(question)
    if "designation" in asked or ("listed" in asked and question.basis != "ever_listed"):
        raise NoCut(f"{measure.name} are counted by what they were ever listed as", field="basis")
    if (question.start.month, question.start.day) != (1, 1):
        raise PeriodInvalid(f"{measure.name} are counted by calendar year: it begins on 1 January", field="from")
    return question.model_copy(update={"end": min(question.end, due)})


def _subtracted(measure: Summed) -> int:
    return MEASURE[measure.minus].code if isinstance(measure, Derived) else 0


def _until_due(question: Question, on: date) -> Question:
    """The months for which an income is expected by `on`: those that end before the month before it begins."""
    month_before = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return question.model_copy(update={"end": min(question.end, month_before - timedelta(days=1))})


def _with_days(question: Question) -> tuple[By, ...]:
    return question.by if "days" in question.by else (*question.by, "days")


def _grain(question: Question) -> Grain:
    asked = [grain for grain in GRAINS if grain in question.by]
    if len(asked) > 1:
        raise NoCut("one of year, month and day at a time", field="by")
    return asked[0] if asked else "none"


def _dimensions(question: Question) -> set[Dimension]:
    asked = {name for name in question.by if name not in GRAINS} | question.filter.chosen().keys()
    found: set[Dimension] = {name for name in _DIMENSIONS if name in asked}
    return found


def _cut(measure: str, question: Question) -> Cut:
    wanted = _dimensions(question)
    by_stamp = "listed" in wanted and question.basis != "ever_listed"
    for cut in cuts_for(measure):
        if wanted <= cut.dimensions and not (by_stamp and cut.k2 != "designation"):
            return cut
    raise NoCut(f"{measure} is not counted by {', '.join(sorted(wanted))} together", field="by", state=[cut.name for cut in CUTS])


# --- the sum to ask for -------------------------------------------------------------------------------------------------
def _sum_query(question: Question, measure: Summed, cut: Cut, grain: Grain, lists: Classification) -> SumQuery:
    """As few rows as the question allows; what SQL cannot filter is filtered by name afterwards."""
    asked = {*question.by, *question.filter.chosen()}
    ever = "listed" in asked and question.basis == "ever_listed"
    counts = measure.counts if isinstance(measure, Derived) else None
    start = EARLIEST if measure.kind == "level" or counts in ("days", "months") else question.start
    return SumQuery(
        cut=cut.code,
        measures=tuple(MEASURE[name].code for name in stored_names(measure)),
        start=start,
        end=question.end,
        bucket=_bucket(measure, grain),
        level="key" if isinstance(measure, Listed) else _level(question, cut, ever=ever),
        by_k2=cut.k2 in question.by or bool({"sex", "age_band"} & set(question.by)) or ("listed" in question.by and not ever),
        known_on=question.known_on,
        k1=_k1(question, cut, lists if ever else None),
        provinces=_provinces(question),
        k2=_k2(question, cut, ever=ever),
    )


def _bucket(measure: Summed, grain: Grain) -> Grain:
    if isinstance(measure, Listed):  # the list of each year
        return "year"
    if measure.money:  # the month's rate converts it
        return "day" if grain == "day" else "month"
    counts = measure.counts if isinstance(measure, Derived) else None
    return "day" if counts == "days" else "month" if counts == "months" else grain


def _level(question: Question, cut: Cut, *, ever: bool) -> Literal["none", "province", "key"]:
    """How finely the first key is needed; by what was ever listed, county by county unless SQL filters these."""
    classified = ever and ("listed" in question.by or not question.filter.chosen()["listed"] <= LISTED_CLASSES)
    if cut.k1 in question.by or classified:
        return "key"
    return "province" if {"province", "region"} & set(question.by) else "none"


def _k1(question: Question, cut: Cut, ever: Classification | None) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    found = chosen.get(cut.k1)
    if ever and "listed" in chosen and chosen["listed"] <= LISTED_CLASSES:
        codes = frozenset().union(*(ever.listed_codes(Designation(name)) for name in chosen["listed"]))
        found = codes if found is None else found & codes
    return None if found is None else tuple(sorted(found))


def _provinces(question: Question) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    found = chosen.get("province")
    if "region" in chosen:
        of_region = frozenset(code for code in provinces() if region(code, question.scheme) in chosen["region"])
        found = of_region if found is None else found & of_region
    return None if found is None else tuple(sorted(found))


def _k2(question: Question, cut: Cut, *, ever: bool) -> tuple[str, ...] | None:
    chosen = question.filter.chosen()
    if cut.k2 == "person":
        if not {"sex", "age_band"} & chosen.keys():
            return None
        bands = [f"{low}-{high}" for low, high in AGE_BANDS] + [NOWHERE]
        return tuple(f"{sex} {band}" for sex, band in product(chosen.get("sex", [sex.value for sex in Sex]), chosen.get("age_band", bands)))
    found = chosen.get(cut.k2)
    if "listed" in chosen and not ever:
        found = chosen["listed"] if found is None else found & chosen["listed"]
    return None if found is None else tuple(sorted(found))


def _whole_months(start: date, end: date) -> bool:
    return start.day == 1 and (end + timedelta(days=1)).day == 1
