"""A source that contradicts itself about a placement or report is named, with what was counted and what it says was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.stats.replay.source_conflicts import Counted, SourceConflict, check
from shared.events import Event, IncomeVoided
from tests.support.publicity import outreach_corrected, outreach_fact, outreach_voided, reached
from tests.support.stats import (
    POOR_WEST,
    assessed,
    came_back,
    corrected,
    cost,
    departure,
    dispatched,
    income,
    income_corrected,
    paid,
    recorded,
    voided,
)
from tests.support.surveys import survey_corrected, survey_fact, survey_voided, surveyed


def conflicts(events: Sequence[Event]) -> list[SourceConflict]:
    counted = Counted()
    return [one for data in events for one in check(counted, recorded(data))]


def test_a_consistent_history_has_no_conflict() -> None:
    out = dispatched()
    moved = out.model_copy(update={"fact": departure(POOR_WEST)})
    back = date(2019, 3, 4)
    report = income(out, paid(800))
    better = income_corrected(out, paid(800), paid(900)).model_copy(update={"report": report.report})
    gone = IncomeVoided(**{**better.model_dump(), "previous": paid(900), "reason": "of another worker"})
    assert (
        conflicts([out, corrected(out, moved.fact), came_back(moved, back), voided(moved, back), dispatched(), report, better, gone]) == []
    )


def test_a_correction_of_something_else_is_named_with_the_fields_that_differ() -> None:
    out = dispatched()
    (found,) = conflicts([out, corrected(dispatched(departure(POOR_WEST), out.placement), departure())])
    assert found.business_id == f"placement {out.placement}"
    assert found.expected is not None
    assert found.found is not None
    assert list(found.expected) == ["origin"]
    assert found.found["origin"]["county"] == POOR_WEST


def test_a_conflicting_correction_is_the_new_base_for_later_events() -> None:
    out = dispatched()
    wrong = corrected(dispatched(departure(POOR_WEST), out.placement), departure(POOR_WEST))
    right = voided(dispatched(departure(POOR_WEST), out.placement))
    assert len(conflicts([out, wrong, right])) == 1


def test_a_void_of_what_was_never_counted_or_counted_with_a_return_is_named() -> None:
    out = dispatched()
    (never,) = conflicts([voided(out)])
    assert (never.expected, never.found is not None) == (None, True)
    (silent,) = conflicts([out, came_back(out, date(2019, 3, 4)), voided(out)])
    assert silent.business_id == f"return of placement {out.placement}"
    assert (silent.expected, silent.found) == ({"returned_on": "2019-03-04", "reason": "completed"}, None)


def test_counting_a_business_id_twice_is_named() -> None:
    out, report = dispatched(), income(dispatched(), paid(800))
    assert [one.business_id for one in conflicts([out, out, report, report])] == [
        f"placement {out.placement}",
        f"income of placement {report.placement} in 2018-06",
    ]


def test_a_better_source_and_a_new_assessment_replace_what_was_counted() -> None:
    out = dispatched()
    first, better = income(out, paid(800)), income_corrected(out, paid(800), paid(900))
    assert first.report != better.report
    before, after = cost(900, 800), cost(900, 900)
    assert conflicts([out, first, better, assessed(out, before), assessed(out, after, before), assessed(out, None, after)]) == []
    assert [one.business_id for one in conflicts([assessed(out, after, before)])] == [f"recruitment of placement {out.placement}"]


def test_a_wage_taken_away_under_other_codes_than_it_was_counted_by_is_named() -> None:
    out = dispatched()
    moved = out.model_copy(update={"fact": departure(POOR_WEST)})
    (found,) = conflicts([income(out, paid(800)), income_corrected(moved, paid(800), paid(900))])
    assert found.business_id == f"income of placement {out.placement} in 2018-06"
    assert list(found.expected or {}) == ["origin"]


def test_a_survey_that_is_voided_and_recorded_again_is_consistent_and_one_recorded_twice_is_named() -> None:
    survey = surveyed()
    corrected_survey = survey_corrected(survey, survey_fact(respondents=90))
    assert conflicts([survey, corrected_survey, survey_voided(survey, survey_fact(respondents=90)), survey]) == []
    (found,) = conflicts([survey, survey])
    assert (found.business_id, found.found) == (f"survey {survey.survey}", None)


def test_outreach_corrected_from_what_was_not_counted_is_named() -> None:
    first = reached()
    better = outreach_corrected(first, outreach_fact(reached=260))
    assert conflicts([first, better, outreach_voided(first, better.fact)]) == []
    (found,) = conflicts([first, better, outreach_voided(first)])
    assert (found.business_id, found.expected, found.found) == (f"outreach {first.outreach}", {"reached": 260}, {"reached": 200})
