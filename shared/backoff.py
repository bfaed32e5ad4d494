"""How long to wait before trying again: exponential back-off with jitter, so that many who wait do not return at once."""

from __future__ import annotations

import random

JITTER = (0.5, 1.0)  # part of the full delay


def backoff(failures: int, *, first: float, longest: float = 5.0) -> float:
    """Seconds to wait after so many failures in a row (the first is 0): `first` doubled each time, at most `longest`, jittered."""
    return min(first * 2.0 ** min(failures, 30), longest) * random.uniform(*JITTER)
