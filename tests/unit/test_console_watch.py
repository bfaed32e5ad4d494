"""The line that `laowu watch` prints for each event of stats."""

from __future__ import annotations

from console.commands.watch import describe
from shared.events import EVENTS, STATS, DeadLetterRedriven, FigureRestated
from shared.events.canary import StatsCanary
from tests.contracts.samples import sample


def test_every_event_of_stats_has_a_line_but_those_that_say_nothing() -> None:
    assert not describe(sample(StatsCanary).data)
    for event in EVENTS:
        if event.TOPIC == STATS and event is not StatsCanary:
            assert describe(sample(event).data), event


def test_the_line_of_a_restatement_has_both_values_and_that_of_a_redrive_the_record() -> None:
    assert "12 -> 12 CNY (late, 12 events behind it)" in describe(sample(FigureRestated).data)
    redriven = "redriven: docking.Dispatched.v1 at docking.events/12@12, was parked as absurd_day"
    assert describe(sample(DeadLetterRedriven).data) == redriven
