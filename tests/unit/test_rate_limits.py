"""One caller may not ask as often as it likes, and does not slow others down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.rate_limits import CALLERS, RateLimits, TooManyRequests


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def answered(limits: RateLimits, requests: int, caller: str = "clerk:wang") -> int:
    """How many of these requests, sent at once, are answered."""
    done = 0
    for _ in range(requests):
        try:
            limits.take(caller)
            done += 1
        except TooManyRequests:
            pass
    return done


def test_a_burst_is_answered_and_then_the_steady_rate() -> None:
    clock = Clock()
    limits = RateLimits(10, 20, now=clock)
    assert answered(limits, 100) == 20
    clock.at += 0.5
    assert answered(limits, 100) == 5
    clock.at += 3600
    assert answered(limits, 100) == 20


def test_a_refusal_says_when_to_come_again() -> None:
    clock = Clock()
    limits = RateLimits(0.1, 1, now=clock)
    limits.take("a")
    with pytest.raises(TooManyRequests) as refused:
        limits.take("a")
    assert refused.value.retry_seconds == 10
    clock.at += refused.value.retry_seconds
    limits.take("a")


def test_one_caller_does_not_slow_another_down() -> None:
    limits = RateLimits(1, 5, now=Clock())
    assert answered(limits, 50, "a") == 5
    assert answered(limits, 50, "b") == 5


def test_zero_is_no_limit_and_no_flood_of_callers_fills_the_memory() -> None:
    assert answered(RateLimits(0, 1), 1000) == 1000
    limits = RateLimits(1, 1, now=Clock())
    for number in range(CALLERS + 50):
        limits.take(str(number))
    assert len(limits._full_at) == CALLERS


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    clock = Clock()
    limits, done = RateLimits(2, 3, now=clock), 0
    for pause in pauses:
        clock.at += pause
        done += answered(limits, 2)
    assert done <= 3 + 2 * (clock.at - Clock.at) + 1e-6
