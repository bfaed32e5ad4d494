"""A line about each thing that stats tells."""

from __future__ import annotations

from console.commands.watch import describe
from shared.events import EVENTS, STATS, DeadLetterRedriven, FigureRestated
from tests.contracts.samples import sample


def test_there_are_words_for_everything_on_stats_events() -> None:
    for event in EVENTS:
        if event.TOPIC == STATS:
            assert describe(sample(event).data), event


def test_a_restatement_says_from_what_to_what_and_a_redrive_what_and_from_where() -> None:
    assert "12 -> 12 CNY (late, 12 events behind it)" in describe(sample(FigureRestated).data)
    redriven = "redriven: docking.Dispatched.v1 at docking.events/12@12, was parked as absurd_day"
    assert describe(sample(DeadLetterRedriven).data) == redriven
