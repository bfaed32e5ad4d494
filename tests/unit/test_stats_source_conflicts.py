"""Sources that tell two stories about one placement or report: named, with what was counted and what they say was."""

from __future__ import annotations

from datetime import date

from services.stats.replay.source_conflicts import Counted, SourceConflict, check
from shared.events import Event, IncomeVoided
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


def told(*events: Event) -> list[SourceConflict]:
    counted = Counted()
    return [one for data in events for one in check(counted, recorded(data))]


def test_a_history_that_hangs_together_is_no_finding() -> None:
    out = dispatched()
    moved = out.model_copy(update={"fact": departure(POOR_WEST)})
    back = date(2019, 3, 4)
    report = income(out, paid(800))
    better = income_corrected(out, paid(800), paid(900)).model_copy(update={"report": report.report})
    gone = IncomeVoided(**{**better.model_dump(), "previous": paid(900)}, reason="of another worker")
    assert told(out, corrected(out, moved.fact), came_back(moved, back), voided(moved, back), dispatched(), report, better, gone) == []


def test_a_correction_of_something_else_is_named_with_the_fields_that_differ() -> None:
    out = dispatched()
    (found,) = told(out, corrected(dispatched(departure(POOR_WEST), out.placement), departure()))
    assert found.business_id == f"placement {out.placement}"
    assert found.expected is not None
    assert found.found is not None
    assert list(found.expected) == ["origin"]
    assert found.found["origin"]["county"] == POOR_WEST


def test_a_correction_counts_what_it_says_from_then_on() -> None:
    out = dispatched()
    wrong = corrected(dispatched(departure(POOR_WEST), out.placement), departure(POOR_WEST))
    right = voided(dispatched(departure(POOR_WEST), out.placement))
    assert len(told(out, wrong, right)) == 1


def test_a_void_of_what_was_never_counted_or_counted_with_a_return_is_named() -> None:
    out = dispatched()
    (never,) = told(voided(out))
    assert (never.expected, never.found is not None) == (None, True)
    (silent,) = told(out, came_back(out, date(2019, 3, 4)), voided(out))
    assert silent.business_id == f"return of placement {out.placement}"
    assert (silent.expected, silent.found) == ({"returned_on": "2019-03-04", "reason": "completed"}, None)


def test_counting_a_business_id_twice_is_named() -> None:
    out, report = dispatched(), income(dispatched(), paid(800))
    assert [one.business_id for one in told(out, out, report, report)] == [
        f"placement {out.placement}",
        f"income of placement {report.placement} in 2018-06",
    ]


def test_a_better_source_takes_back_what_another_report_told_and_costs_follow() -> None:
    out = dispatched()
    said, better = income(out, paid(800)), income_corrected(out, paid(800), paid(900))
    assert said.report != better.report
    before, after = cost(900, 800), cost(900, 900)
    assert told(out, said, better, assessed(out, before), assessed(out, after, before), assessed(out, None, after)) == []
    assert [one.business_id for one in told(assessed(out, after, before))] == [f"recruitment of placement {out.placement}"]


def test_a_wage_taken_away_under_other_codes_than_it_was_counted_by_is_named() -> None:
    out = dispatched()
    moved = out.model_copy(update={"fact": departure(POOR_WEST)})
    (found,) = told(income(out, paid(800)), income_corrected(moved, paid(800), paid(900)))
    assert found.business_id == f"income of placement {out.placement} in 2018-06"
    assert list(found.expected or {}) == ["origin"]
